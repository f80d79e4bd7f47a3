// Whatever a server, a `fetch`, a hook or the program around the client does, a call ends with its data or with an error
// of this package, and no other client's call ends with it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { createContext, runInContext } from "node:vm";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { createServer } from "node:net";
import * as sdk from "pipedrive-users";
import { runScript } from "./support/child.mjs";
import { beside as besideAnother, checkError as checkErrorOf, HOSTILE } from "./support/everywhere/hostile.mjs";
import { REALMS } from "./support/everywhere/realms.mjs";
import { testEach, WORLD } from "./support/node-world.mjs";
import { good, scripted } from "./support/script.mjs";
import { always, serve } from "./support/server.mjs";
import { settle } from "./support/wait.mjs";

const { isPipedriveError, UsersClient } = sdk;
const { unhandled } = WORLD;
const beside = (fetch, config) => besideAnother(sdk, fetch, config);
const checkError = (error, kind) => checkErrorOf(sdk, error, kind, WORLD);

testEach(HOSTILE);
testEach(REALMS);

test("a connection that is refused at each of a name's addresses was never made: a POST goes again too", async () => {
  const refused = (address) => Object.assign(new Error(`connect ECONNREFUSED ${address}:80`), { code: "ECONNREFUSED" });
  const cause = Object.assign(new AggregateError([refused("127.0.0.1"), refused("::1")], ""), { code: "ECONNREFUSED" });
  let count = 0;
  const fetch = async () => (++count === 1 ? Promise.reject(new TypeError("fetch failed", { cause })) : good({ id: 7 }));
  assert.deepEqual(await beside(fetch, { maxRetries: 1, call: (client) => client.addUser({ email: "q@mi6.example" }) }), { id: 7 });
  const error = checkError(await beside(() => Promise.reject(new TypeError("fetch failed", { cause }))), "connection");
  assert.match(error.message, /not made.*ECONNREFUSED 127\.0\.0\.1:80; connect ECONNREFUSED ::1:80/);
});

// Bodies as they come over a network: [what, content-encoding or type, the bytes, the kind of the error or nothing]
const TEXT = JSON.stringify({ success: true, data: { id: 7, name: "🧑‍🚀 O’Brien" } });
const WIRE = [
  ["gzip that is cut off", { "content-encoding": "gzip" }, gzipSync(TEXT).subarray(0, 30), /connection|decode/],
  ["gzip that is none", { "content-encoding": "gzip" }, Buffer.from("this is not gzip"), "connection"],
  ["brotli", { "content-encoding": "br" }, brotliCompressSync(TEXT)],
  ["deflate", { "content-encoding": "deflate" }, deflateSync(TEXT)],
  ["a byte order mark", {}, Buffer.from(`\ufeff${TEXT}`)],
  ["UTF-16", { "content-type": "application/json; charset=utf-16le" }, Buffer.from(TEXT, "utf16le"), "decode"],
  ["a notice before the JSON", { "content-type": "text/html" }, Buffer.from(`<b>Warning</b>\n${TEXT}`), "decode"],
  ["a NUL after the JSON", {}, Buffer.from(`${TEXT}\0`), "decode"],
  ["the JSON twice", {}, Buffer.from(TEXT + TEXT), "decode"],
];

for (const [what, headers, bytes, kind] of WIRE) {
  test(`a body with ${what}`, async (t) => {
    const server = await serve(always(200, bytes, headers));
    t.after(() => server.close());
    const result = await beside(undefined, { baseUrl: server.url });
    // Some runtimes deliver what could be unpacked, and call that the end.
    if (kind instanceof RegExp) assert.match(checkError(result).kind, kind);
    else if (kind) checkError(result, kind);
    else assert.deepEqual(result, JSON.parse(TEXT).data);
  });
}

test("a server that does not speak HTTP, with and without TLS", async (t) => {
  const server = createServer((socket) => socket.on("error", () => undefined).end("SSH-2.0-OpenSSH\r\n"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  for (const scheme of ["http", "https"]) checkError(await beside(undefined, { baseUrl: `${scheme}://127.0.0.1:${server.address().port}` }), "connection");
});

test("members that programs add to Object.prototype and Array.prototype change nothing", async () => {
  const result = await runScript(`
    const { UsersClient } = await import("pipedrive-users");
    const { createSandbox } = await import("pipedrive-users/sandbox");
    Object.prototype.forOwn = function () {};
    Array.prototype.last = function () {};
    Object.prototype.success = true;
    Object.prototype.data = { id: 666 };
    const { apiToken, fetch } = createSandbox();
    const drifts = [];
    const client = new UsersClient({ apiToken, fetch, onDrift: ({ path }) => drifts.push(path) });
    const outcome = (call) => Promise.resolve(call).then((value) => (Array.isArray(value) ? value.length > 0 : value.id !== undefined || value), ({ name, message }) => name + ": " + message);
    const outcomes = [
      await outcome(client.getUser(1)), await outcome(client.findUsersByName("a", { searchByEmail: true })), await outcome(client.addUser({ email: "q@example.com", access: [{ app: "sales" }] })),
      await outcome(client.updateUser(2, { active_flag: true })), await outcome(client.getUserRoleAssignments(1).toArray({ limit: 10 })), await outcome(client.getUserPermissions(1).then((all) => Object.keys(all).length > 5)),
      await new UsersClient({ apiToken, fetch: async () => new Response("{}"), logLevel: "off" }).getUser(1).catch(({ kind }) => kind),
    ];
    console.log(JSON.stringify({ outcomes, drifts }));
  `);
  assert.deepEqual(result, { outcomes: [true, true, true, true, true, true, "decode"], drifts: [] });
});

test("settings that another script adds to Object.prototype do not configure a client", async (t) => {
  const { fetch: other, requests: stolen } = scripted(() => good({ id: 666 }));
  const { fetch, requests } = scripted(() => good({ id: 7 }));
  for (const [name, value] of Object.entries({ baseUrl: "https://evil.example", headers: { "x-evil": "1" }, fetch: other, timeoutMs: 1, maxRetries: 0, accessToken: "other", companyDomain: "evil", onEvent() {}, refused: "x" })) {
    Object.prototype[name] = value;
    try {
      const client = new UsersClient({ apiToken: "secret", logLevel: "off", ...(name !== "fetch" && { fetch }) });
      if (name === "fetch") t.mock.method(globalThis, "fetch", fetch);
      await client.getUser(7);
    } finally {
      delete Object.prototype[name];
    }
  }
  assert.equal(stolen.length, 0);
  for (const { url, headers } of requests) {
    assert.equal(new URL(url).host, "api.pipedrive.com");
    assert.deepEqual(Object.keys(headers).sort(), ["accept", "x-api-token"]);
  }
});

test("an error of another realm is known here, and shows its cause", async () => {
  const require = createRequire(import.meta.url);
  const file = require.resolve("pipedrive-users");
  const context = createContext({ console, setTimeout, clearTimeout, queueMicrotask, URL, URLSearchParams, Headers, AbortController, AbortSignal, Response, TextDecoder, TextEncoder, performance, WebAssembly });
  const module = { exports: {} };
  runInContext(`(function (module, exports, require) {${readFileSync(file, "utf8")}\n})`, context)(module, module.exports, require);
  const foreign = new module.exports.UsersClient({ apiToken: "secret", maxRetries: 0, fetch: () => Promise.reject(new TypeError("fetch failed")) });
  const error = await foreign.getUser(7).catch((error) => error);
  assert.equal(error.kind, "connection", inspect(error));
  assert.deepEqual([isPipedriveError(error), isPipedriveError(error, "connection"), isPipedriveError(error, "api")], [true, true, false]);
  assert.deepEqual(JSON.parse(JSON.stringify(error)).cause, { name: "TypeError", message: "fetch failed" });
});

test("no rejection of all these calls is unhandled", async () => {
  await settle();
  assert.deepEqual(unhandled.map(String), []);
});
