// What surrounds the server package at its worst: stores that hang or return anything, loggers and handlers that throw, OAuth servers that
// fail in every way, responses and requests that no good server or browser would send.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createUsersProxy, isPipedriveError, memoryStore, OAuth, verifySignedToken } from "pipedrive-users/server";
import { authorised, BOND, cookieOf, JWT_SECRET, makeApp, makeEndpoint, REDIRECT, sign } from "./support/app.mjs";

const CREDENTIALS = { clientId: "app", clientSecret: "the-app's-client-secret" };
const API_TOKEN = "0123456789abcdef0123456789abcdef01234567";
const silent = { error() {}, warn() {}, info() {}, debug() {} };

const begin = async (oauth) => {
  const response = await oauth.handleInstall(new Request("https://app.example/install"));
  return { state: new URL(response.headers.get("location")).searchParams.get("state"), cookie: cookieOf(response) };
};
const callback = (oauth, query, cookie, options) => oauth.handleCallback(new Request(`${REDIRECT}?${query}`, { headers: { cookie } }), options);
const install = async (oauth, options) => {
  const { state, cookie } = await begin(oauth);
  return callback(oauth, `code=c&state=${state}`, cookie, options);
};
const uninstall = (oauth, timestamp = 1_500_000_000) => {
  const body = JSON.stringify({ client_id: "app", company_id: 7, user_id: 13, timestamp });
  return oauth.handleUninstall(new Request(REDIRECT, { method: "DELETE", headers: { authorization: `Basic ${btoa(`app:${CREDENTIALS.clientSecret}`)}` }, body }));
};
const ask = (proxy, init = {}, path = "/v1/users/me") => proxy(new Request(`https://app.example${path}`, { ...init, headers: { authorization: `Bearer ${sign(BOND)}`, ...init.headers } }));

/** Makes an OAuth that was authorised a minute ago: a token of 20 s has expired. */
async function authorisedBefore(endpoint, options) {
  const { now } = Date;
  Date.now = () => now() - 60_000;
  return authorised(endpoint, options).finally(() => (Date.now = now));
}

/** A store of which one method does something else while `state.isBad`. */
function makeStore(method, instead) {
  const good = memoryStore();
  const state = { isBad: false };
  const store = Object.fromEntries(["get", "put", "delete", "lease"].map((name) => [name, (...values) => (state.isBad && name === method ? instead(...values) : good[name](...values))]));
  return { state, store };
}

const WRONG = {
  "throws": () => { throw new Error("redis://user:hunter2@10.0.0.1 is down"); },
  "rejects with nothing": () => Promise.reject(undefined),
  "rejects with something that has no text": () => Promise.reject(Object.create(null)),
  "returns nothing": () => undefined, "returns null": () => null, "returns true": () => true, "returns a text": () => "x", "returns a number": () => 1,
  "returns a Buffer": () => Buffer.from("x"), "returns an object": async () => ({}), "returns an object without a prototype": () => Object.create(null),
};

for (const method of ["get", "put", "delete", "lease"]) {
  test(`a store whose ${method} does not do what it should: responses of the package's own, no AuthenticationError for an outage, and no harm afterwards`, { timeout: 60_000 }, async () => {
      for (const [name, instead] of Object.entries(WRONG)) {
      const { state, store } = makeStore(method, instead);
      const endpoint = makeEndpoint({ lifetimes: [20, 3600] });
      const lines = [];
      const logger = { ...silent, error: (line) => lines.push(line) };
      const oauth = await authorisedBefore(endpoint, { store, logger });
      const proxy = createUsersProxy({ oauth, signedTokenSecret: JWT_SECRET, logger, timeoutMs: 300 });
      state.isBad = true;
      const client = oauth.client(BOND, { timeoutMs: 300, maxRetries: 0, logLevel: "off" });
      const [failure] = await Promise.all([client.getCurrentUser().then(() => undefined, (error) => error), ask(proxy)]);
      assert.ok(failure === undefined || isPipedriveError(failure), name);
      if (/throws|rejects/.test(name)) assert.ok(!isPipedriveError(failure, "authentication"), name);
      for (const response of [await install(oauth), await uninstall(oauth), await ask(proxy)]) {
        assert.ok(response.status >= 200 && response.status < 600 && !/redis|10\.0\.0\.1/.test(await response.text()), name);
      }
      assert.ok(!lines.join().includes("hunter2"), name);
      state.isBad = false;
      assert.equal((await install(oauth)).status, 200, name);
      assert.equal((await client.getCurrentUser()).id, 13, name);
      client.close();
    }
  });
}

test("a store that hangs holds nothing up for ever, whichever of its methods it is", { timeout: 60_000 }, async () => {
  await Promise.all(["get", "put", "delete", "lease"].map(async (method) => {
    const { state, store } = makeStore(method, () => new Promise(() => {}));
    const oauth = await authorisedBefore(makeEndpoint({ lifetimes: [20, 3600] }), { store, logger: silent });
    const client = oauth.client(BOND, { timeoutMs: 300, maxRetries: 0, logLevel: "off" });
    state.isBad = true;
    const call = client.getCurrentUser();
    if (method !== "delete") await assert.rejects(call, { kind: "timeout" });
    const statuses = await Promise.all([install(oauth), uninstall(oauth, 4_000_000_000)].map(async (response) => (await response).status));
    assert.ok(statuses.includes(504), `${method}: ${statuses}`);
    state.isBad = false;
    await install(oauth);
    assert.equal((await client.getCurrentUser()).id, 13, `${method}: the user is not held up afterwards`);
    client.close();
  }));
});

test("tokens that the store did not take are stored by the next call, and not requested again", async () => {
  let failures = 0;
  const { state, store } = makeStore("put", () => { failures++; throw new Error("read only"); });
  const endpoint = makeEndpoint({ lifetimes: [20, 3600], rotate: true });
  const oauth = await authorisedBefore(endpoint, { store, logger: silent });
  const client = oauth.client(BOND, { maxRetries: 0, logLevel: "off" });
  state.isBad = true;
  await assert.rejects(client.getCurrentUser(), { kind: "connection" });
  await assert.rejects(client.getCurrentUser(), { kind: "connection" });
  state.isBad = false;
  assert.equal((await client.getCurrentUser()).id, 13);
  assert.deepEqual([endpoint.given.refreshes, failures >= 2], [["1:1:refresh-1"], true], "Pipedrive may accept each refresh token once");
  client.close();
});

test("a store that fails for a moment: a late uninstallation deletes no newer installation", async () => {
  for (const failing of [1, 2, 3]) {
    const good = memoryStore();
    let gets = -Infinity;
    const get = async (key) => {
      if (++gets === failing) throw new Error("reset");
      return good.get(key);
    };
    const oauth = await authorised(makeEndpoint(), { store: { ...good, get }, logger: silent });
    gets = 0;
    await uninstall(oauth);
    gets = -Infinity;
    assert.equal(await oauth.isAuthorized(BOND), true, `get ${failing} failed`);
  }
});

test("a clock that was set back between two installations: the user is not locked out", async () => {
  const oauth = await authorised(makeEndpoint(), { logger: silent });
  const { now } = Date;
  Date.now = () => now() - 3_600_000;
  try {
    assert.equal((await install(oauth)).status, 200);
    assert.equal(await oauth.isAuthorized(BOND), true);
    const client = oauth.client(BOND, { logLevel: "off" });
    assert.equal((await client.getCurrentUser()).id, 13);
    client.close();
  } finally {
    Date.now = now;
  }
});

test("members of the OAuth server's response that are of another type: an error of the package's own, or an hour; never a refresh for each call", async () => {
  const odd = { valueOf: 1, toString: 1 };
  for (const [members, kind] of [
    [{ api_domain: odd }, "validation"], [{ api_domain: ["https://casinoroyale.pipedrive.com"] }, "validation"], [{ api_domain: true }, "validation"],
    [{ expires_in: odd }], [{ expires_in: [3600] }], [{ expires_in: true }], [{ expires_in: null }], [{ expires_in: "3600" }], [{ expires_in: "soon" }], [{ expires_in: -1 }],
  ]) {
    let asked = 0;
    const tokens = () => Response.json({ access_token: "v1u:new", refresh_token: "1:1:new", expires_in: 3600, api_domain: "https://casinoroyale.pipedrive.com", ...members });
    const endpoint = makeEndpoint({ lifetimes: [20], respond: (_, form) => (form.get("refresh_token") ? (asked++, tokens()) : undefined) });
    const client = (await authorisedBefore(endpoint, { logger: silent })).client(BOND, { maxRetries: 0, logLevel: "off" });
    const call = client.getCurrentUser();
    await (kind ? assert.rejects(call, { kind }, JSON.stringify(members)) : call);
    for (let id = 1; id <= 10; id++) await client.getUser(id).catch(() => undefined);
    assert.equal(asked, 1, JSON.stringify(members));
    client.close();
  }
});

test("failures of the OAuth server, in every form: none is the user's fault unless it says so, and it is asked once", async () => {
  const json = (body, status = 200) => () => Response.json(body, { status });
  const of = (status, body = null, headers = {}) => () => new Response(body, { status, headers });
  const table = [
    ["408", of(408), "server"], ["500", of(500), "server"], ["503 with a date", of(503, "", { "retry-after": new Date(Date.now() + 5_000).toUTCString() }), "server"],
    ["503 with a negative wait", of(503, "", { "retry-after": "-5" }), "server"], ["530 with HTML", of(530, "<html>"), "server"],
    ["500 with invalid_grant", json({ error: "invalid_grant" }, 500), "server"], ["503 with invalid_client", json({ error: "invalid_client" }, 503), "server"],
    ["400 temporarily_unavailable", json({ error: "temporarily_unavailable" }, 400), "server"], ["429", of(429), "server"],
    ["400 with HTML", of(400, "<html>"), "unexpected_status"], ["302", of(302, null, { location: "https://elsewhere.example" }), "unexpected_status"], ["204", of(204), "unexpected_status"], ["304", of(304), "unexpected_status"],
    ["HTML", of(200, "<html>"), "decode"], ["null", json(null), "decode"], ["a list", json([]), "decode"], ["half a body", of(200, '{"access_token":"v1u:'), "decode"], ["200 with invalid_grant", json({ error: "invalid_grant" }), "decode"],
    ["a body without an end", () => new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) })), "decode"],
    ["a body of 50 000 brackets", of(400, "[".repeat(50_000) + "]".repeat(50_000)), "unexpected_status"],
    ["a body that breaks off", () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) })), "connection"],
    ["nothing", () => undefined, "connection"], ["a rejection with null", () => Promise.reject(null), "connection"], ["a rejection without a text", () => Promise.reject(Object.create(null)), "connection"],
  ];
  for (const [name, respond, kind] of table) {
    const endpoint = makeEndpoint({ lifetimes: [20, 3600] });
    let asked = 0;
    let isDown = false;
    const fetch = (url, init) => (isDown && new URL(url).pathname === "/oauth/token" ? (asked++, respond()) : endpoint.fetch(url, init));
    const oauth = await authorisedBefore({ ...endpoint, fetch }, { logger: silent });
    isDown = true;
    const client = oauth.client(BOND, { maxRetries: 0, logLevel: "off" });
    await assert.rejects(client.getCurrentUser(), { kind }, name);
    await Promise.all(Array.from({ length: 50 }, () => client.getUser(1).catch(() => undefined)));
    assert.ok(asked <= 2, `${name}: asked ${asked} times`);
    assert.equal(await oauth.isAuthorized(BOND), true, name);
    client.close();
  }
});

test("the OAuth server's Retry-After is heeded, as seconds and as a date by its own clock", async () => {
  const ahead = 3_600_000;
  for (const headers of [{ "retry-after": "2" }, { "retry-after": new Date(Date.now() + ahead + 3_000).toUTCString(), date: new Date(Date.now() + ahead).toUTCString() }]) {
    const endpoint = makeEndpoint({ lifetimes: [20, 3600] });
    let asked = 0;
    let isDown = false;
    const fetch = (url, init) => (isDown && new URL(url).pathname === "/oauth/token" ? (asked++, new Response("", { status: 503, headers })) : endpoint.fetch(url, init));
    const oauth = await authorisedBefore({ ...endpoint, fetch }, { logger: silent });
    isDown = true;
    const client = oauth.client(BOND, { maxRetries: 0, logLevel: "off" });
    await assert.rejects(client.getCurrentUser(), { kind: "server" });
    // A pause of the package's own would be over.
    await new Promise((resolve) => setTimeout(resolve, 700));
    await assert.rejects(client.getCurrentUser(), { kind: "server" });
    assert.equal(asked, 1);
    client.close();
  }
});

test("a record that is put back after the user has uninstalled the app is noticed", async () => {
  const store = memoryStore();
  const oauth = await authorised(makeEndpoint(), { store, logger: silent });
  const { record } = await store.get("7:13");
  await uninstall(oauth, Date.now() + 60_000);
  assert.equal(await oauth.isAuthorized(BOND), false);
  await store.put("7:13", record, undefined);
  await assert.rejects(oauth.isAuthorized(BOND), { kind: "config" });
  assert.equal((await install(oauth)).status, 200);
  assert.equal(await oauth.isAuthorized(BOND), true);
});

test("somebody who can write the store cannot make a record: not in plain text, not from another user's, not with another key", async () => {
  const [key, other] = [1, 2].map(() => crypto.getRandomValues(new Uint8Array(32)));
  const endpoint = makeEndpoint();
  const [plain, encrypted, foreign] = [memoryStore(), memoryStore(), memoryStore()];
  await authorised(endpoint, { store: plain, encryptionKey: "none" });
  await authorised(endpoint, { store: foreign, encryptionKey: other });
  const oauth = await authorised(endpoint, { store: encrypted, encryptionKey: key });
  const own = await encrypted.get("7:13");
  await encrypted.put("7:14", own.record, undefined);
  await encrypted.put("7:15", (await plain.get("7:13")).record, undefined);
  await encrypted.put("7:16", (await foreign.get("7:13")).record, undefined);
  await encrypted.put("7:17", own.record.slice(0, -4) + "AAAA", undefined);
  for (const userId of [14, 15, 16, 17]) await assert.rejects(oauth.isAuthorized({ companyId: 7, userId }), { kind: "config" }, String(userId));
  assert.equal(await oauth.isAuthorized(BOND), true);
});

test("the cookie of another app, or of another address of this one, counts for nothing", async () => {
  const make = (more) => new OAuth({ ...CREDENTIALS, redirectUri: REDIRECT, encryptionKey: "none", fetch: makeEndpoint().fetch, logger: silent, ...more });
  for (const other of [{ clientId: "other" }, { redirectUri: "https://app.example/elsewhere" }, { clientSecret: "another" }]) {
    const { state, cookie } = await begin(make(other));
    assert.equal((await callback(make(), `code=c&state=${state}`, cookie)).status, 400, JSON.stringify(other));
  }
});

test("a fetch that heeds no signal holds a callback up for ten seconds, and not for ever", { timeout: 30_000 }, async () => {
  const oauth = new OAuth({ ...CREDENTIALS, redirectUri: REDIRECT, encryptionKey: "none", fetch: () => new Promise(() => {}), logger: silent });
  assert.equal((await install(oauth)).status, 504);
});

test("callbacks that no browser of Pipedrive's sends: a page, and nothing is used up", async () => {
  const endpoint = makeEndpoint();
  const oauth = new OAuth({ ...CREDENTIALS, redirectUri: REDIRECT, encryptionKey: "none", fetch: endpoint.fetch, logger: silent });
  const { state, cookie } = await begin(oauth);
  const other = await begin(oauth);
  const name = cookie.split("=")[0];
  const junk = Array.from({ length: 8 }, () => `${name}=junk`).join("; ");
  for (const [query, sent] of [
    [`code=c&state=${state}&state=${state}`, cookie], [`code=c&state=x&state=${state}`, cookie], [`code=c&code=d&state=${state}`, cookie], [`error=access_denied&error=x&state=${state}`, cookie],
    [`code=c&state=${state.toUpperCase()}`, cookie], [`code=c&state=${state.slice(1)}`, cookie], [`code=c&state=${state}%20`, cookie], [`code=c&state=${state}`, other.cookie],
    [`code=c&state=${state}`, cookie.slice(0, -3)], [`code=c&state=${state}`, `${name}="${cookie.split("=")[1]}"`], [`code=c&state=${state}`, junk], [`code=c&state=${state}`, ""],
  ]) {
    assert.equal((await callback(oauth, query, sent)).status, 400, query);
  }
  assert.equal((await callback(oauth, `code=c&state=${state}`, `${junk}; ${other.cookie}; ${cookie}`)).status, 200, "the right one of many");
});

test("a process whose clock is a little behind takes the callback of an authorization that another began", async () => {
  const endpoint = makeEndpoint();
  const [first, second] = [0, 1].map(() => new OAuth({ ...CREDENTIALS, redirectUri: REDIRECT, encryptionKey: "none", fetch: endpoint.fetch, logger: silent }));
  const { now } = Date;
  Date.now = () => now() + 5_000;
  const { state, cookie } = await begin(first).finally(() => (Date.now = now));
  assert.equal((await callback(second, `code=c&state=${state}`, cookie)).status, 200);
});

test("whatever installed, denied and the logger do, there is a response", async () => {
  const endpoint = makeEndpoint();
  for (const [result, status] of [
    [() => null, 200], [() => "/fertig-für-heute", 302], [() => Promise.reject(Object.create(null)), 500], [() => { throw Symbol("x"); }, 500], [() => 0, 500], [() => Object.create(null), 500], [() => ({ get status() { throw 1; } }), 500],
    [async () => { const response = new Response("x"); await response.text(); return response; }, 500], [() => Response.error(), 500], [null, 200],
  ]) {
    for (const logger of [silent, { error() { throw new Error("disk full"); } }]) {
      const oauth = new OAuth({ ...CREDENTIALS, redirectUri: REDIRECT, encryptionKey: "none", fetch: endpoint.fetch, logger });
      const response = await install(oauth, { installed: result });
      assert.equal(response.status, status, String(result));
      if (status === 302) assert.equal(response.headers.get("location"), "/fertig-f%C3%BCr-heute");
      const { state, cookie } = await begin(oauth);
      assert.equal((await callback(oauth, `error=access_denied&state=${state}`, cookie, { denied: result })).status, status === 200 ? 403 : status, String(result));
    }
  }
});

test("times of an uninstallation in further formats, whatever the time zone of the process", async () => {
  const before = process.env.TZ;
  try {
    for (const zone of ["UTC", "America/Los_Angeles", "Asia/Tokyo"]) {
      process.env.TZ = zone;
      const oauth = await authorised(makeEndpoint(), { logger: silent });
      const at = (time) => new Date(time).toISOString();
      const formats = (time) => [
        at(time).replace(/[-:]|\.\d+/g, ""), at(time).replace(/[-:TZ]|\.\d+/g, ""), at(time).replace(".", ","), at(time).replace("Z", "+00"), at(time).replaceAll("-", "/").replace("T", " ").replace(/\.\d+Z/, ""),
        new Date(time).toUTCString().replace(" GMT", ""), `${at(time).slice(0, 19).replace("T", " ")} GMT`,
      ];
      for (const timestamp of formats(Date.now() - 120_000)) {
        await uninstall(oauth, timestamp);
        assert.equal(await oauth.isAuthorized(BOND), true, `${timestamp}, ${zone}`);
      }
      for (const timestamp of formats(Date.now() + 120_000)) {
        await uninstall(oauth, timestamp);
        assert.equal(await oauth.isAuthorized(BOND), false, `${timestamp}, ${zone}`);
        await install(oauth);
      }
    }
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});

test("a list of keys with a hole is no way to plain text", () => {
  const key = crypto.getRandomValues(new Uint8Array(32));
  for (const encryptionKey of [new Array(1), [, key], [key, , key], [key, undefined], [key, null], [key, "none"], ["none"], [[key]], [new Uint16Array(16)], new DataView(key.buffer), key.buffer, Promise.resolve(key), {}, 7, "", " ", new String("none")]) {
    assert.throws(() => new OAuth({ ...CREDENTIALS, redirectUri: REDIRECT, encryptionKey }), { kind: "config" }, String(encryptionKey));
  }
});

test("a signed token that is no string is refused, whatever text it would make", async () => {
  const token = sign({ ...BOND, exp: Math.floor(Date.now() / 1000) + 60 });
  await verifySignedToken(token, JWT_SECRET);
  for (const value of [undefined, null, 7, [token], new String(token), { toString: () => token }, Object.create(null), Symbol("x"), Buffer.from(token), Promise.resolve(token)]) {
    await assert.rejects(verifySignedToken(value, JWT_SECRET), { kind: "authentication", status: 401 });
  }
});

test("arguments and options of another kind than they should be: an error of the package's own that names them, and handleCallback responds to anything", async () => {
  const lines = [];
  const oauth = await authorised(makeEndpoint(), { logger: { error: (line) => lines.push(line) } });
  const incoming = { method: "GET", url: "/callback?code=c", headers: { host: "app.example" } };
  for (const request of [undefined, null, 7, {}, incoming, new URL(REDIRECT)]) {
    await assert.rejects(oauth.handleInstall(request), { kind: "argument", message: /must be a Request/ });
    await assert.rejects(makeProxy(async () => Response.json({}))(request), { kind: "argument", message: /must be a Request/ });
    for (const response of [await oauth.handleCallback(request), await oauth.handleUninstall(request)]) assert.equal(response.status, 400);
    assert.match(lines.at(-1), /ArgumentError: .*must be a Request/);
  }
  for (const options of [null, 7, "x", [], { limits: 7 }, { limits: null }, { limits: {} }, { logger: {} }, { timeoutMs: "1" }]) assert.throws(() => oauth.client(BOND, options), { kind: "config" }, JSON.stringify(options));
  for (const name of ["apiToken", "accessToken", "companyDomain", "baseUrl", "fetch", "dangerouslyAllowBrowser", "timeout"]) {
    assert.throws(() => oauth.client(BOND, { [name]: "x" }), { kind: "config", message: new RegExp(`has no "${name}"`) });
  }
});

test("the log says with what the consent page sent a user back", async () => {
  const lines = [];
  const oauth = new OAuth({ ...CREDENTIALS, redirectUri: REDIRECT, encryptionKey: "none", logger: { error: (line) => lines.push(line) } });
  assert.equal((await callback(oauth, "error=invalid_scope%0a", "")).status, 401);
  assert.match(lines[0], /did not authorise the app: invalid_scope$/);
});

test("no password of a store is in the log, also one with characters that a URL cannot have", async () => {
  for (const url of ["redis://user:hunter2@10.0.0.1", "rediss://:hunter2@x@10.0.0.1:6379", "redis://user:a/hunter2@10.0.0.1/0", "redis://user@hunter2:hunter2@10.0.0.1"]) {
    const lines = [];
    const { state, store } = makeStore("get", () => Promise.reject(new Error(`connect ECONNREFUSED ${url} at 12:00`)));
    const oauth = await authorised(makeEndpoint(), { store, logger: { error: (line) => lines.push(line) } });
    state.isBad = true;
    await install(oauth);
    assert.match(lines[0], /rediss?:\/\/10\.0\.0\.1[\w:/]* at 12:00/);
    assert.ok(!lines.join().includes("hunter2"), lines[0]);
  }
});

/** A proxy of one API token over a `fetch`. */
const makeProxy = (fetch, options = {}) => createUsersProxy({ apiToken: API_TOKEN, authenticate: () => BOND, fetch, logger: silent, ...options });

test("statuses, types and headers that no response can have or that are not JSON: a 502, and no rejection", async () => {
  const body = '{"success":true,"data":{"id":1}}';
  const like = (status, type = "application/json", more = {}) => async () => ({ status, ok: status < 300, headers: new Headers({ "content-type": type, ...more }), text: async () => body, body: null });
  for (const status of [0, 100, 199, 600, 777, 999]) assert.equal((await makeProxy(like(status))(new Request("https://app.example/v1/users/me"))).status, 502, String(status));
  for (const type of ["text/html", "application/json-seq", "application/jsonp", "image/svg+xml"]) assert.equal((await makeProxy(like(200, type))(new Request("https://app.example/v1/users/me"))).status, 502, type);
  const response = await makeProxy(like(200, "application/json", { "x-correlation-id": "a\u0001b", "x-ratelimit-limit": "7" }))(new Request("https://app.example/v1/users/me"));
  assert.deepEqual([response.status, response.headers.get("x-correlation-id"), response.headers.get("x-ratelimit-limit")], [200, null, "7"], "Node.js could not send it");
});

test("bodies of a page that are not UTF-8, break off or are of something else: a 400", async () => {
  let sent = 0;
  const proxy = makeProxy(async () => (sent++, Response.json({ success: true, data: { id: 7 } })), { allow: ["updateUser"] });
  const put = (body) => proxy(new Request("https://app.example/v1/users/7", { method: "PUT", body, duplex: "half", headers: { "content-type": "application/json" } }));
  for (const body of [Buffer.from([0x7b, 0xff, 0x7d]), Buffer.concat([Buffer.from('{"active_flag":true}'), Buffer.from([0xe2, 0x82])]), new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) }), new ReadableStream({ pull: (controller) => controller.enqueue("{}") })]) {
    assert.equal((await put(body)).status, 400);
  }
  assert.deepEqual([sent, (await put('{"active_flag":true}')).status], [0, 200]);
});

test("what authenticate returns is a user of a company or nothing; anything else is a 500, and nothing is sent", async () => {
  let sent = 0;
  const status = async (identity) => (await makeProxy(async () => (sent++, Response.json({ success: true, data: {} })), { authenticate: () => identity })(new Request("https://app.example/v1/users/me"))).status;
  for (const wrong of ["7:13", true, 13, [7, 13], {}, { companyId: "7", userId: "13" }, { companyId: 7 }, { companyId: 0, userId: 13 }, { companyId: 7, userId: -13 }, { companyId: 7.5, userId: 13 }, { companyId: 2 ** 53, userId: 13 }, { companyId: NaN, userId: 13 }, { companyId: 7n, userId: 13n }]) {
    assert.equal(await status(wrong), 500);
  }
  for (const nobody of [undefined, null, false, 0, ""]) assert.equal(await status(nobody), 401);
  assert.equal(sent, 0);
});

test("users of one API token take turns: one with hundreds of requests delays a colleague by few, and who leaves makes room", async () => {
  const sent = [];
  const respond = async (url) => {
    sent.push(Number(/\d+$/.exec(url)[0]));
    await new Promise((resolve) => setTimeout(resolve, 2));
    return Response.json({ success: true, data: { id: 1 } }, { headers: { "x-ratelimit-limit": "100000", "x-ratelimit-remaining": "99999" } });
  };
  const proxy = makeProxy(respond, { authenticate: (request) => ({ companyId: 7, userId: Number(request.headers.get("x-user")) }), maxConcurrency: 4 });
  const request = (id, user, signal) => proxy(new Request(`https://app.example/v1/users/${id}`, { headers: { "x-user": String(user) }, signal }));
  const gone = new AbortController();
  const many = Array.from({ length: 400 }, (_, index) => request(index + 1, 1, index % 2 ? gone.signal : undefined));
  await new Promise((resolve) => setTimeout(resolve, 5));
  const colleagues = await Promise.all([2, 3].map(async (user) => ((await request(1000 + user, user)).status)));
  assert.deepEqual(colleagues, [200, 200]);
  assert.ok(sent.length < 100, `${sent.length} requests were sent before the colleagues' responses`);
  gone.abort();
  const statuses = (await Promise.all(many)).map(({ status }) => status);
  assert.ok(statuses.filter((status) => status === 200).length >= 200 && statuses.every((status) => status === 200 || status === 499));
  assert.ok(sent.filter((id) => id < 1000).length < 300, "what was given up while it waited was not sent");
});

test("a process that stood still for a while drops no request that waits for a place", { timeout: 20_000 }, async (t) => {
  let respond;
  const first = new Promise((resolve) => (respond = resolve));
  const proxy = makeProxy(async (url) => (url.endsWith("/1") && (await first), Response.json({ success: true, data: { id: 1 } })), { maxConcurrency: 1 });
  const ask = (id) => proxy(new Request(`https://app.example/v1/users/${id}`));
  await ask(4);
  const asked = [1, 2, 3].map(ask);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { now } = performance;
  t.mock.method(performance, "now", () => now.call(performance) + 10_000);
  respond();
  assert.deepEqual((await Promise.all(asked)).map(({ status }) => status), [200, 200, 200]);
});

test("authenticate that hangs is a 504, and what it throws is in the log, whatever it is", async () => {
  const lines = [];
  const proxy = (authenticate) => makeProxy(async () => Response.json({ success: true, data: {} }), { authenticate, timeoutMs: 100, logger: { ...silent, error: (line) => lines.push(line) } });
  assert.equal((await proxy(() => new Promise(() => {}))(new Request("https://app.example/v1/users/me"))).status, 504);
  for (const thrown of [Object.create(null), undefined, Symbol("x"), { toString() { throw 1; } }]) assert.equal((await proxy(() => { throw thrown; })(new Request("https://app.example/v1/users/me"))).status, 500);
  assert.equal(lines.length, 4);
  const broken = makeProxy(async () => Response.json({}), { authenticate: () => { throw new Error("x"); }, logger: { ...silent, error() { throw new Error("disk full"); } } });
  assert.equal((await broken(new Request("https://app.example/v1/users/me"))).status, 500);
});

test("Origin and Sec-Fetch-Site in every combination: only the own origin, and an allowed one, get a response", async () => {
  const proxy = makeProxy(async () => Response.json({ success: true, data: { id: 1 } }), { allowedOrigins: ["https://panel.example"] });
  const sites = [undefined, "same-origin", "none", "same-site", "cross-site", "CROSS-SITE", "cross-site, same-origin", "anything"];
  const origins = [undefined, "https://app.example", "https://panel.example", "http://app.example", "https://app.example.evil.example", "https://app.example:444", "HTTPS://APP.EXAMPLE", "https://app.example/", "null", ""];
  for (const site of sites) {
    for (const origin of origins) {
      const headers = { ...(site !== undefined && { "sec-fetch-site": site }), ...(origin !== undefined && { origin }) };
      const isGood = origin === "https://panel.example" || ((origin === undefined || origin === "https://app.example") && [undefined, "same-origin", "none"].includes(site));
      assert.equal((await proxy(new Request("https://app.example/v1/users/me", { headers }))).status, isGood ? 200 : 403, JSON.stringify(headers));
    }
  }
});

test("an origin that the configuration names is the only own one, whatever a reverse proxy makes of the host and the scheme", async () => {
  const proxy = makeProxy(async () => Response.json({ success: true, data: { id: 1 } }), { origin: "https://app.example" });
  const status = async (url, origin) => (await proxy(new Request(`${url}/v1/users/me`, { headers: { origin } }))).status;
  assert.deepEqual(await Promise.all(["http://app.example", "http://10.0.0.5:3000", "https://app.example"].map((url) => status(url, "https://app.example"))), [200, 200, 200]);
  assert.deepEqual(await Promise.all([status("http://app.example", "http://app.example"), status("http://rebound.example", "http://rebound.example")]), [403, 403]);
});

test("settings of another kind than they should be are a ConfigError", () => {
  const good = { apiToken: API_TOKEN, authenticate: () => BOND };
  for (const wrong of [{ allow: "updateUser" }, { allow: ["constructor"] }, { allow: ["toString"] }, { allow: [null] }, { allow: { 0: "updateUser" } }, { allowedOrigins: "https://app.example" }, { allowedOrigins: ["*"] }, { allowedOrigins: ["null"] }, { logger: {} }, { logger: null }]) {
    assert.throws(() => createUsersProxy({ ...good, ...wrong }), { kind: "config" }, JSON.stringify(wrong));
  }
  const { oauth } = makeApp();
  for (const good of [{ apiToken: API_TOKEN, authenticate: () => BOND }, { oauth, authenticate: () => BOND }]) {
    for (const [name, values] of Object.entries({ allowCookies: ["no", 0, null, {}], logLevel: ["verbose", 5, null], onEvent: ["x", 5, null, {}], basePath: [["/a"], 5, "a", null] })) {
      for (const value of values) assert.throws(() => createUsersProxy({ ...good, [name]: value }), { kind: "config", message: new RegExp(`^${name} must be `) }, `${name}: ${String(value)}`);
    }
    // Both write errors, and nothing else, without it.
    createUsersProxy({ ...good, logger: { error() {} } });
  }
});
