// Values of another realm, as of a frame or of Jest: what they are counts, and not of which class. `evaluate` makes them.
import { check, newClient, same } from "./checks.mjs";
import { good, scripted } from "../script.mjs";
import { rejection } from "../wait.mjs";

/** The scenarios by their names. */
export const REALMS = {
  "options, headers, lists and users of another realm": async (sdk, { evaluate }) => {
    const { fetch, requests } = scripted(() => good({ id: 7 }));
    const client = newClient(sdk, { apiToken: "secret", fetch, headers: evaluate('({ "x-client": "1" })') });
    await client.getUser(7, evaluate('({ headers: { "x-mine": "yes" }, maxRetries: 0 })'));
    await client.addUser(evaluate('({ email: "q@mi6.example", access: [{ app: "sales", admin: true }] })'));
    same([requests[0].headers["x-client"], requests[0].headers["x-mine"], requests[1].body], ["1", "yes", '{"email":"q@mi6.example","access":[{"app":"sales","admin":true}]}']);
  },

  "promises of another realm, from a credential function and from fetch": async (sdk, { evaluate }) => {
    const later = evaluate("(value) => Promise.resolve(value)");
    const client = newClient(sdk, { accessToken: () => later("secret"), fetch: () => later(good({ id: 7 })) });
    same((await client.getUser(7)).id, 7);
  },

  "errors of another realm, thrown by fetch and by a credential function": async (sdk, { evaluate }) => {
    const thrown = evaluate('Object.assign(new TypeError("fetch failed"), { cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }) })');
    const refused = await rejection(newClient(sdk, { accessToken: "secret", maxRetries: 0, fetch: () => Promise.reject(thrown) }).getUser(7));
    same([refused.kind, refused.cause.name, refused.cause.message, refused.cause.cause.code], ["connection", "TypeError", "fetch failed", "ECONNREFUSED"]);
    check(refused.message.includes("not made"), refused.message);
    const { kind, message } = await rejection(newClient(sdk, { accessToken: () => { throw thrown; } }).getUser(7));
    check(kind === "authentication" && message.includes("fetch failed"), message);
  },

  "a response that is no Response of this realm": async (sdk, { evaluate }) => {
    const make = evaluate('(body) => ({ status: 200, headers: { get: () => null, entries: () => new Map([["x-correlation-id", "abc"]]).entries() }, text: async () => body })');
    const { data, response } = await newClient(sdk, { apiToken: "secret", fetch: async () => make('{"success":true,"data":{"id":7}}') }).getUser(7).withResponse();
    same([data.id, response.requestId], [7, "abc"]);
  },

  "a signal of another realm, where it has any": async (sdk, { evaluate }) => {
    const controller = evaluate('typeof AbortController === "function" ? new AbortController() : undefined');
    if (!controller) return;
    const call = newClient(sdk, { apiToken: "secret", fetch: () => new Promise(() => {}) }).getUser(7, { signal: controller.signal });
    controller.abort("enough");
    same(await rejection(call), "enough");
  },

  "a fetch, headers and a Response of another realm, where it has any": async (sdk, { evaluate }) => {
    if (!evaluate('typeof Response === "function"')) return;
    const fetch = evaluate(`async (url, { headers }) => new Response(JSON.stringify({ success: true, data: { id: 7, name: new Headers(headers).get("x-api-token") } }))`);
    const client = newClient(sdk, { apiToken: "secret", fetch, headers: evaluate('new Headers({ "x-mine": "yes" })') });
    same(await client.getUser(7), { id: 7, name: "secret" });
  },
};
