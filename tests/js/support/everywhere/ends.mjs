// How calls end, in every runtime.
import { newClient, same } from "./checks.mjs";
import { good as found, scripted } from "../script.mjs";
import { rejection } from "../wait.mjs";

/** Ends calls at moments when something is about to be sent, with a fetch that hears of no abort. Returns what was sent after that, which has to be nothing. */
async function sentAfterTheEnd(UsersClient) {
  const good = () => new Response('{"success":true,"data":{"id":1}}', { status: 200, headers: { "content-type": "application/json" } });
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const ends = { abort: ({ controller }) => controller.abort("enough"), close: ({ client }) => client.close() };
  const runs = [];
  for (const [how, end] of Object.entries(ends)) {
    const run = (name, settings) =>
      runs.push((async () => {
        const context = { controller: new AbortController(), sent: 0 };
        const count = (send) => (...args) => (context.sent++, send(context, ...args));
        const { fetch = async () => good(), ...more } = settings(context);
        context.client = new UsersClient({ apiToken: async () => "secret", baseUrl: "https://pipedrive.invalid", logLevel: "off", fetch: count((_, ...args) => fetch(...args)), ...more });
        const reason = await context.client.updateUser(1, { active_flag: true }, { signal: context.controller.signal }).then(() => "succeeded", (reason) => reason);
        await pause(700);
        return [`${how}, ${name}`, [reason?.kind ?? reason, context.sent]];
      })());
    run("in a hook before the request", (context) => ({ onEvent: ({ type }) => type === "request" && end(context) }));
    run("in the credential function", (context) => ({ apiToken: async () => (end(context), "secret") }));
    run("before the retry", (context) => ({ fetch: async () => new Response("{}", { status: 503 }), onEvent: ({ type }) => type === "retry" && end(context) }));
    // The fetch settles after the end.
    run("in flight", (context) => ({ fetch: async () => (setTimeout(() => end(context), 20), await pause(120), good()) }));
    run("in flight, and it fails late", (context) => ({
      fetch: async () => {
        setTimeout(() => end(context), 20);
        await pause(120);
        throw new TypeError("fetch failed");
      },
    }));
    run("after a timed-out attempt", (context) => ({ timeoutMs: 60, fetch: async () => (setTimeout(() => end(context), 150), await pause(300), good()) }));
  }
  return Object.fromEntries(await Promise.all(runs));
}

/** What it has to return: how each call ends, and how many requests were sent in all. */
const EXPECTED_ENDS = Object.fromEntries(
  [["abort", "enough"], ["close", "config"]].flatMap(([how, reason]) => [
    [`${how}, in a hook before the request`, [reason, 0]],
    [`${how}, in the credential function`, [reason, 0]],
    [`${how}, before the retry`, [reason, 1]],
    [`${how}, in flight`, [reason, 1]],
    [`${how}, in flight, and it fails late`, [reason, 1]],
    [`${how}, after a timed-out attempt`, [reason, 1]],
  ]),
);

/** The scenarios by their names. */
export const ENDS = {
  "nothing is sent after the end, also where fetch hears of no abort and settles later": async ({ preload, UsersClient }) => {
    await preload();
    same(await sentAfterTheEnd(UsersClient), EXPECTED_ENDS);
  },

  "the platform's own signals end a call with their own reasons, and one that has aborted sends nothing": async (sdk) => {
    const { fetch, requests } = scripted((_, number) => (number > 1 ? new Promise(() => {}) : found({ id: 7 })));
    const client = newClient(sdk, { apiToken: "secret", fetch });
    await client.getUser(7);
    same((await rejection(client.getUser(7, { signal: AbortSignal.timeout(50) }))).name, "TimeoutError");
    same((await rejection(client.getUser(7, { signal: AbortSignal.any([new AbortController().signal, AbortSignal.timeout(50)]) }))).name, "TimeoutError");
    const controller = new AbortController();
    const call = rejection(client.getUser(7, { signal: AbortSignal.any([controller.signal]) }));
    controller.abort();
    same((await call).name, "AbortError");
    const { length } = requests;
    same((await rejection(client.updateUser(7, { active_flag: true }, { signal: AbortSignal.abort() }))).name, "AbortError");
    same(requests.length, length);
  },
};
