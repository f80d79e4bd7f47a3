// When a token is refreshed, how often, and what is stored.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isPipedriveError, memoryStore, OAuth } from "pipedrive-users/server";
import { authorised, BOND, makeEndpoint, REDIRECT, skipConsent } from "./support/app.mjs";

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const calls = (oauth, many) => Promise.all(Array.from({ length: many }, (_, index) => oauth.client(BOND).getUser(13, { headers: { "x-call": String(index) } })));

test("with more than two minutes left a token is not refreshed", async () => {
  const endpoint = makeEndpoint({ lifetimes: [125] });
  await calls(await authorised(endpoint), 10);
  assert.deepEqual(endpoint.given.refreshes, []);
});

test("from two minutes to thirty seconds a token is used while one refresh runs in the background", async () => {
  const endpoint = makeEndpoint({ lifetimes: [100, 3600] });
  const oauth = await authorised(endpoint);
  await calls(oauth, 100);
  assert.equal(endpoint.given.used[0], "v1u:access-1", "the first did not wait");
  await pause(20);
  assert.equal(endpoint.given.refreshes.length, 1);
  await calls(oauth, 1);
  assert.equal(endpoint.given.used.at(-1), "v1u:access-2");
});

test("with less than thirty seconds left calls wait for one refresh", async () => {
  const endpoint = makeEndpoint({ lifetimes: [20, 3600] });
  const oauth = await authorised(endpoint);
  await calls(oauth, 100);
  assert.equal(endpoint.given.refreshes.length, 1);
  assert.deepEqual([...new Set(endpoint.given.used)], ["v1u:access-2"]);
});

test("a refresh in the background that fails is tried again later, and fails no call", async () => {
  let isDown = false;
  const endpoint = makeEndpoint({ lifetimes: [100], respond: () => (isDown ? new Response("", { status: 503 }) : undefined) });
  const oauth = await authorised(endpoint);
  isDown = true;
  await calls(oauth, 10);
  await pause(20);
  await calls(oauth, 10);
  assert.equal(endpoint.given.refreshes.length, 1, "not again within five seconds");
});

test("a token with a few seconds left is used if the refresh fails", async () => {
  let isDown = false;
  const endpoint = makeEndpoint({ lifetimes: [20], respond: () => (isDown ? new Response("", { status: 503 }) : undefined) });
  const oauth = await authorised(endpoint);
  isDown = true;
  await calls(oauth, 1);
  assert.deepEqual(endpoint.given.used, ["v1u:access-1"]);
});

test("a 401 on the current token refreshes once, for all who were refused", async () => {
  const endpoint = makeEndpoint();
  const oauth = await authorised(endpoint);
  endpoint.given.refused = ["v1u:access-1"];
  await calls(oauth, 30);
  assert.equal(endpoint.given.refreshes.length, 1);
  await calls(oauth, 5);
  assert.equal(endpoint.given.refreshes.length, 1);
  // If the new token is refused too, the call fails.
  endpoint.given.refused = ["v1u:access-2", "v1u:access-3"];
  await assert.rejects(oauth.client(BOND).getUsers(), (error) => isPipedriveError(error, "authentication") && error.attempts === 2);
});

test("a rotated refresh token is stored before the new access token is used", async () => {
  const order = [];
  const store = memoryStore();
  const spied = { ...store, put: async (key, record, ...more) => (order.push(`stored ${/refresh-\d/.exec(record)?.[0]}`), store.put(key, record, ...more)) };
  const endpoint = makeEndpoint({ lifetimes: [10, 10, 3600], rotate: true });
  const { fetch } = endpoint;
  endpoint.fetch = (url, init) => (url.includes("/users") && order.push(`used ${new Headers(init.headers).get("authorization").slice(-8)}`), fetch(url, init));
  const oauth = await authorised(endpoint, { store: spied });
  order.length = 0;
  await calls(oauth, 1);
  await calls(oauth, 1);
  assert.deepEqual(order, ["stored refresh-2", "used access-2", "stored refresh-3", "used access-3"]);
  assert.deepEqual(endpoint.given.refreshes, ["1:1:refresh-1", "1:1:refresh-2"]);
});

test("after invalid_grant the user must authorise the app again, and no refresh is tried", async () => {
  let isRevoked = false;
  const invalidGrant = () => Response.json({ success: false, message: "Invalid grant: refresh_token is invalid", error: "invalid_grant" }, { status: 400 });
  const endpoint = makeEndpoint({ lifetimes: [10], respond: () => (isRevoked ? invalidGrant() : undefined) });
  const store = memoryStore();
  const oauth = await authorised(endpoint, { store });
  isRevoked = true;
  for (let time = 0; time < 3; time++) {
    await assert.rejects(oauth.client(BOND).getUsers(), (error) => isPipedriveError(error, "authentication") && /must authorise the app again/.test(error.message));
  }
  assert.equal(endpoint.given.refreshes.length, 1);
  // Another process knows it too.
  const other = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey: "none", store, fetch: endpoint.fetch });
  await assert.rejects(other.client(BOND).getUsers(), (error) => isPipedriveError(error, "authentication"));
  assert.equal(endpoint.given.refreshes.length, 1);
  isRevoked = false;
  await skipConsent(oauth);
  await calls(oauth, 1);
});

test("a refresh that completes late never overwrites a newer token", async () => {
  const store = memoryStore();
  // Leases that are lost at once, the worst case.
  const withoutLeases = { ...store, lease: async () => async () => {} };
  let release;
  const held = new Promise((resolve) => (release = resolve));
  let refreshes = 0;
  const endpoint = makeEndpoint({ lifetimes: [10, 3600], rotate: true, respond: async (_, form) => (form.get("refresh_token") && ++refreshes === 1 ? (await held, Response.json({ access_token: "v1u:late", refresh_token: "1:1:late", expires_in: 3600, api_domain: "https://casinoroyale.pipedrive.com" })) : undefined) });
  const first = await authorised(endpoint, { store: withoutLeases });
  const second = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey: "none", store: withoutLeases, fetch: endpoint.fetch });
  const slow = first.client(BOND).getCurrentUser();
  await pause(20);
  await second.client(BOND).getCurrentUser();
  release();
  await slow;
  const { record } = await store.get("7:13");
  assert.equal(JSON.parse(record).accessToken, "v1u:access-2");
  assert.equal(endpoint.given.used.at(-1), "v1u:access-2", "the late one uses the stored token");
});

test("an invalid_grant that comes late never replaces a newer token", async () => {
  const store = memoryStore();
  const withoutLeases = { ...store, lease: async () => async () => {} };
  let refuse;
  const held = new Promise((resolve) => (refuse = resolve));
  let refreshes = 0;
  const endpoint = makeEndpoint({ lifetimes: [10, 3600], rotate: true, respond: async (_, form) => (form.get("refresh_token") && ++refreshes === 1 ? (await held, Response.json({ success: false, message: "Invalid grant", error: "invalid_grant" }, { status: 400 })) : undefined) });
  const first = await authorised(endpoint, { store: withoutLeases });
  const second = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey: "none", store: withoutLeases, fetch: endpoint.fetch });
  const slow = first.client(BOND).getCurrentUser();
  await pause(20);
  await second.client(BOND).getCurrentUser();
  refuse();
  assert.equal((await slow).id, 13);
  assert.equal(JSON.parse((await store.get("7:13")).record).isRevoked, false);
});

test("a record with isSpent instead of isRevoked is read, and rewritten with isRevoked", async () => {
  const endpoint = makeEndpoint({ lifetimes: [10, 3600] });
  const store = memoryStore();
  const makeOld = async (isSpent) => {
    const { record, version } = await store.get("7:13");
    const { isRevoked, ...old } = JSON.parse(record);
    await store.put("7:13", JSON.stringify({ ...old, isSpent }), version);
    return new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey: "none", store, fetch: endpoint.fetch });
  };
  await authorised(endpoint, { store });
  await calls(await makeOld(false), 1);
  const { isSpent, isRevoked, accessToken } = JSON.parse((await store.get("7:13")).record);
  assert.deepEqual([isSpent, isRevoked, accessToken], [undefined, false, "v1u:access-2"]);
  await assert.rejects(calls(await makeOld(true), 1), (error) => isPipedriveError(error, "authentication") && /must authorise the app again/.test(error.message));
  assert.equal(endpoint.given.refreshes.length, 1, "a revoked refresh token is not sent again");
});

test("a process that gets the lease after another has refreshed the tokens takes those, and refreshes none", async () => {
  const endpoint = makeEndpoint({ lifetimes: [10, 3600], rotate: true });
  const memory = memoryStore();
  const first = await authorised(endpoint, { store: memory });
  // The other process reads the record, and asks for the lease only when the first has released it.
  let release;
  const released = new Promise((resolve) => (release = resolve));
  let asked;
  const isWaiting = new Promise((resolve) => (asked = resolve));
  const late = { ...memory, lease: async (...values) => (asked(), await released, memory.lease(...values)) };
  const second = new OAuth({ clientId: "app", clientSecret: "the-app's-client-secret", redirectUri: REDIRECT, encryptionKey: "none", fetch: endpoint.fetch, store: late });
  const [one, other] = [first, second].map((oauth) => oauth.client(BOND));
  const call = other.getCurrentUser();
  await isWaiting;
  await one.getCurrentUser();
  release();
  await call;
  assert.deepEqual([endpoint.given.refreshes, endpoint.given.used], [["1:1:refresh-1"], ["v1u:access-2", "v1u:access-2"]]);
  for (const client of [one, other]) client.close();
});

test("a refusal of an earlier token that is noticed late causes no refresh", async () => {
  const endpoint = makeEndpoint();
  const { fetch } = endpoint;
  let release;
  const released = new Promise((resolve) => (release = resolve));
  endpoint.fetch = async (url, init) => {
    const response = await fetch(url, init);
    if (response.status === 401 && new Headers(init.headers).get("x-call") === "late") await released;
    return response;
  };
  const oauth = await authorised(endpoint);
  endpoint.given.refused = ["v1u:access-1"];
  const waiting = oauth.client(BOND).getUser(13, { headers: { "x-call": "late" } });
  await pause(20);
  await calls(oauth, 5);
  assert.equal(endpoint.given.refreshes.length, 1);
  release();
  assert.equal((await waiting).id, 13);
  await calls(oauth, 5);
  assert.equal(endpoint.given.refreshes.length, 1);
});

test("a token without a valid expires_in is used for an hour", async () => {
  for (const lifetime of [0, undefined, "x", -5]) {
    const endpoint = makeEndpoint({ lifetimes: [lifetime] });
    await calls(await authorised(endpoint), 3);
    assert.deepEqual(endpoint.given.refreshes, [], String(lifetime));
  }
});

test("users beyond the thousand kept in memory are read from the store again", async () => {
  const endpoint = makeEndpoint();
  const oauth = await authorised(endpoint);
  for (let userId = 1; userId <= 1_100; userId++) oauth.client({ companyId: 9, userId });
  await calls(oauth, 1);
  assert.deepEqual(endpoint.given.refreshes, []);
});

test("an outage of the token endpoint is no AuthenticationError: it is retried, and not asked without end", async () => {
  const outages = [
    [() => new Response("", { status: 503, headers: { "retry-after": "1" } }), "server", 503],
    [() => new Response("<html>", { status: 500 }), "server", 503],
    [() => Promise.reject(new TypeError("fetch failed")), "connection"],
    [() => Promise.reject(new DOMException("too late", "TimeoutError")), "connection"],
    [() => new Response("{}", { status: 429, headers: { "retry-after": "1" } }), "server", 503],
  ];
  for (const [respond, kind, status] of outages) {
    let isDown = false;
    let asked = 0;
    const endpoint = makeEndpoint({ lifetimes: [0.001, 3600], respond: () => (isDown ? (asked++, respond()) : undefined) });
    const oauth = await authorised(endpoint);
    isDown = true;
    const once = await oauth.client(BOND, { maxRetries: 0, logLevel: "off", timeoutMs: 1_500 }).getUser(1).catch((error) => error);
    assert.ok(isPipedriveError(once, kind), `${once.kind}: ${once.message}`);
    assert.equal(once.status, status);
    assert.equal(asked, 1);
    // While it is paused, callers get the same error, and no request is sent.
    for (let time = 0; time < 50; time++) await assert.rejects(oauth.client(BOND, { maxRetries: 0, logLevel: "off", timeoutMs: 1_500 }).getUser(time + 1), (error) => isPipedriveError(error, kind));
    assert.ok(asked <= 2, `${asked} requests`);
    assert.deepEqual(endpoint.given.used, [], "nothing was sent to the API");
    // A call with retries outlasts it.
    setTimeout(() => (isDown = false), 300);
    assert.equal((await oauth.client(BOND, { logLevel: "off" }).getUser(1)).id, 13);
    assert.deepEqual([...new Set(endpoint.given.used)], ["v1u:access-2"]);
  }
});

test("a 429 of the token endpoint is none of the API: its retries count, and no call waits for the end of a burst", async () => {
  let isDown = false;
  let asked = 0;
  const endpoint = makeEndpoint({ lifetimes: [0.001, 3600], respond: () => (isDown ? (asked++, new Response("{}", { status: 429, headers: { "retry-after": "1" } })) : undefined) });
  const oauth = await authorised(endpoint);
  isDown = true;
  const events = [];
  const client = oauth.client(BOND, { maxRetries: 1, logLevel: "off", onEvent: ({ type }) => events.push(type) });
  const error = await client.getUser(1).catch((error) => error);
  assert.ok(isPipedriveError(error, "server"), String(error));
  assert.deepEqual([error.attempts, asked], [2, 2]);
  assert.ok(!events.includes("limited"), events.join());
  assert.deepEqual(endpoint.given.used, [], "nothing was sent to the API");
});

test("a new token that is refused at once pauses refreshes", async () => {
  const endpoint = makeEndpoint();
  const oauth = await authorised(endpoint);
  endpoint.given.refused = Array.from({ length: 100 }, (_, index) => `v1u:access-${index}`);
  const client = oauth.client(BOND, { logLevel: "off" });
  for (let time = 0; time < 20; time++) await assert.rejects(client.getUser(time + 1), (error) => isPipedriveError(error, "authentication") && error.status === 401);
  assert.ok(endpoint.given.refreshes.length <= 2, `${endpoint.given.refreshes.length} refreshes`);
  // Once Pipedrive accepts the token, it is used.
  endpoint.given.refused = [];
  assert.equal((await client.getUser(1)).id, 13);
  // Refreshes are not paused any more.
  const [last] = endpoint.given.used.slice(-1);
  endpoint.given.refused = [last];
  const before = endpoint.given.refreshes.length;
  assert.equal((await client.getUser(2)).id, 13);
  assert.equal(endpoint.given.refreshes.length, before + 1);
});

test("a record that was read before a newer one was stored, and arrives after it, is no record that was put back", async () => {
  const inner = memoryStore();
  let isSlow = false;
  const store = {
    ...inner,
    get: async (key) => {
      const stored = await inner.get(key);
      if (isSlow) {
        isSlow = false;
        await pause(100);
      }
      return stored;
    },
  };
  const oauth = await authorised(makeEndpoint({ lifetimes: [20, 3600] }), { store });
  isSlow = true;
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, async (_, index) => {
    await pause(index * 3);
    return oauth.client(BOND).getUser(13, { headers: { "x-call": String(index) } });
  }));
  assert.deepEqual(outcomes.filter(({ reason }) => reason).map(({ reason }) => reason.message), []);
});

test("a refresh that never ends, as in a Worker whose client has gone, holds up no later call for longer than its lease", async (t) => {
  const good = memoryStore();
  let isHanging = true;
  // Its request and all that it waits for are gone: so is the result of its lease.
  const lease = (...values) => (isHanging ? new Promise(() => {}) : good.lease(...values));
  const endpoint = makeEndpoint({ lifetimes: [5, 3600] });
  const oauth = await authorised(endpoint, { store: { ...good, lease: (key, ...rest) => (key.startsWith("state:") ? good.lease(key, ...rest) : lease(key, ...rest)) } });
  t.mock.timers.enable({ apis: ["setTimeout"] });
  void oauth.client(BOND, { logLevel: "off" }).getUser(1).catch(() => undefined);
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.reset();
  isHanging = false;
  const { now } = performance;
  t.mock.method(performance, "now", () => now.call(performance) + 15_000);
  assert.equal((await oauth.client(BOND, { timeoutMs: 2_000, maxRetries: 0, logLevel: "off" }).getUser(2)).id, 13);
});
