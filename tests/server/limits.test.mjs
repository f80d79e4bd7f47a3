// Limits that clients and processes share: no call is refused, the budget is exact, and a store that is away is named.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { createClient } from "redis";
import { createUsersProxy, durableObjectLimits, LimitsObject, memoryLimits, redisLimits, UsersClient } from "pipedrive-users/server";
import { UsersClient as PageClient } from "pipedrive-users";
import { freePort } from "../../www/app-extension/demo.mjs";
import { collect, gc } from "../js/support/gc.mjs";
import { good, respond, scripted } from "../js/support/script.mjs";
import { JWT_SECRET, makeApp, sign } from "./support/app.mjs";
import { openStore, runScenario, startProcess } from "./support/limits.mjs";

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The most requests within two seconds. */
function most(requests) {
  const times = requests.map(({ at }) => at).sort((one, other) => one - other);
  return Math.max(0, ...times.map((time, index) => times.filter((other, later) => later >= index && other < time + 2_000).length));
}

const limited = (limit) => scripted(async () => (await sleep(20), good({ id: 1 }, { "x-ratelimit-limit": String(limit) })));

const client = (config) => new UsersClient({ apiToken: "a-token", logLevel: "off", ...config });

describe("shared limits", { concurrency: 12 }, () => {
  test("clients of one process share the limit of their token, whichever entry they are from", async () => {
    const limits = memoryLimits();
    const [own, other] = [limited(12), limited(12)];
    const clients = [client({ limits, fetch: own.fetch }), new PageClient({ apiToken: "a-token", limits, fetch: own.fetch })];
    const stranger = client({ limits, apiToken: "another", fetch: other.fetch });
    const began = Date.now();
    await Promise.all([
      ...Array.from({ length: 30 }, (_, index) => clients[index % 2].getUser(index + 1)),
      stranger.getUser(1).then(() => assert.ok(Date.now() - began < 1_000, "another token has a limit of its own")),
    ]);
    assert.equal(own.requests.length, 30);
    assert.equal(most(own.requests), 12);
    assert.ok(Date.now() - began < 6_500, `30 calls, 12 in two seconds, took ${Date.now() - began} ms`);
    clients[0].close();
    assert.deepEqual(await clients[1].getUser(99), { id: 1 });
    clients[1].close();
    stranger.close();
  });

  test("a daily budget holds for all clients together, and fails at once", async () => {
    const limits = memoryLimits();
    const { fetch, requests } = limited(100);
    const clients = [0, 1, 2].map(() => client({ limits, fetch, dailyTokenBudget: 50 }));
    const results = await Promise.allSettled(Array.from({ length: 60 }, (_, index) => clients[index % 3].getUser(index + 1)));
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 25);
    assert.equal(requests.length, 25);
    for (const { reason } of results.filter(({ status }) => status === "rejected")) assert.deepEqual([reason.kind, reason.scope], ["rate_limit", "daily"]);
    assert.ok(results.find(({ reason }) => reason).reason.resetAt > new Date());
    for (const one of clients) one.close();
  });

  test("a burst 429 of one client pauses the others", async () => {
    const limits = memoryLimits();
    const { fetch, requests } = scripted(async (_, number) => (number === 1 ? respond(429, { success: false, error: "Request over limit" }, { "x-ratelimit-reset": "1" }) : good({ id: 1 })));
    const [one, other] = [client({ limits, fetch }), client({ limits, fetch })];
    const first = one.getUser(1);
    while (requests.length === 0) await sleep(1);
    await sleep(50);
    await Promise.all([first, other.getUser(2)]);
    assert.ok(requests.slice(1).every(({ at }) => at - requests[0].at >= 990), JSON.stringify(requests.map(({ at }) => at - requests[0].at)));
    one.close();
    other.close();
  });

  test("unclosed clients are garbage-collected, and their limiter ends with them", async () => {
    const limits = memoryLimits();
    const { fetch } = limited(1_000);
    const call = () => client({ limits, fetch }).getUser(1);
    for (let time = 0; time < 20; time++) await call();
    assert.equal(limits.drivers.size, 1);
    for (const end = Date.now() + 15_000; limits.drivers.size && Date.now() < end; await sleep(50)) gc();
    assert.equal(limits.drivers.size, 0);
    // A later one begins anew.
    assert.deepEqual(await call(), { id: 1 });
  });

  test("a call under way outlives its client", async () => {
    const limits = memoryLimits();
    const { fetch } = scripted(async () => (await sleep(200), good({ id: 1 }, { "x-ratelimit-limit": "1", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" })));
    const calls = [1, 2].map((id) => client({ limits, fetch }).getUser(id));
    await collect();
    assert.deepEqual(await Promise.all(calls), [{ id: 1 }, { id: 1 }]);
  });

  test("an aborted call gives its slot and its budget back", async () => {
    const limits = memoryLimits();
    const { fetch, requests } = limited(100);
    const clients = [client({ limits, fetch, dailyTokenBudget: 4 }), client({ limits, fetch, dailyTokenBudget: 4 })];
    await clients[0].getUser(1);
    const controller = new AbortController();
    const waiting = clients[1].getUser(2, { signal: controller.signal });
    controller.abort(new Error("not wanted"));
    await assert.rejects(waiting, /not wanted/);
    assert.deepEqual(await clients[0].getUser(3), { id: 1 });
    await assert.rejects(clients[0].getUser(4), { scope: "daily" });
    assert.equal(requests.length, 2);
    for (const one of clients) one.close();
  });

  test("what cannot be counted is refused", () => {
    const limits = memoryLimits();
    assert.throws(() => client({ limits, apiToken: () => "a-token" }), { kind: "config", message: /limits need a token that is a string/ });
    assert.throws(() => new UsersClient({ limits, baseUrl: "https://backend.example" }), { kind: "config", message: /limits need a token/ });
    for (const wrong of [{}, "redis", () => {}, 1]) assert.throws(() => client({ limits: wrong }), { kind: "config", message: /limits must be what redisLimits\(\)/ });
    const { oauth } = makeApp();
    assert.throws(() => createUsersProxy({ oauth, signedTokenSecret: JWT_SECRET, limits: {} }), { kind: "config", message: /limits must be/ });
  });

  test("the proxy and oauth.client() share the limit of a user and the budget of a company", async () => {
    const app = makeApp({ sandbox: { burst: 10 } });
    const [bond, other] = [await app.install(1), await app.install(2)];
    const limits = memoryLimits();
    const proxy = createUsersProxy({ oauth: app.oauth, signedTokenSecret: JWT_SECRET, limits, dailyTokenBudget: 60 });
    const ask = (who, path) => proxy(new Request(`https://app.example/pipedrive${path}`, { headers: { authorization: `Bearer ${sign(who)}` } }));
    await sleep(2_100);
    const direct = app.oauth.client(bond, { limits, dailyTokenBudget: 60, logLevel: "off" });
    const both = await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 ? ask(bond, `/v1/users/${index}`).then(({ status }) => status) : direct.getUser(index + 1).then(() => 200))));
    assert.deepEqual(new Set(both), new Set([200]), "none is refused");
    const began = Date.now();
    assert.equal((await ask(other, "/v1/users")).status, 200);
    assert.ok(Date.now() - began < 1_500, "another user has a limit of their own");
    assert.equal((await ask(bond, "/v1/users/1")).status, 429, "the company's budget is spent");
    direct.close();
  });

  test("the object of a company grants nothing until the leases of before its restart have ended", async () => {
    const stored = new Map();
    const storage = { get: async (key) => stored.get(key), put: async (key, value) => void stored.set(key, structuredClone(value)), setAlarm: async (time) => void stored.set("alarm", time), deleteAll: async () => stored.clear() };
    let object = new LimitsObject({ storage });
    const namespace = { idFromName: (name) => name, get: (name) => ({ reserveSlots: (...values) => (assert.match(name, /^token:[0-9a-f]{64}$/), object.reserveSlots(...values)) }) };
    const { fetch, requests } = limited(20);
    const one = client({ limits: durableObjectLimits(namespace), fetch, dailyTokenBudget: 100 });
    await one.getUser(1);
    assert.ok(stored.has("grantedAt") && stored.get("alarm") > Date.now() + 86_400_000);
    assert.equal(stored.get("company")[2] >= 2, true);
    object = new LimitsObject({ storage });
    const later = client({ limits: durableObjectLimits(namespace), fetch, dailyTokenBudget: 100 });
    const began = Date.now();
    await later.getUser(2);
    assert.ok(Date.now() - began > 5_000, "another process may hold slots that this object does not know");
    assert.equal(requests.length, 2);
    assert.equal(object.fetch, undefined, "no request from outside reaches it");
    await object.alarm();
    assert.equal(stored.size, 0);
    one.close();
    later.close();
  });

  describe("Redis", { concurrency: 1 }, () => {
    let store;
    let processes;
    let redis;
    before(async () => {
      store = await openStore("redis");
      processes = Array.from({ length: 4 }, () => startProcess());
      redis = await createClient({ url: store.url }).connect();
    });
    after(async () => {
      processes?.forEach((process) => process.stop());
      await redis?.close();
      await store?.stop();
    });

    test("processes share a limit: none is refused, and it costs little time", async () => {
      for (const count of [1, 4]) {
        const row = await runScenario(store, processes.slice(0, count), { limit: 20, calls: 50, isWarm: true });
        assert.deepEqual([row.refused, row.failed, row.requests - Number(count > 0)], [0, 0, 49], JSON.stringify(row));
        assert.ok(row.factor < 1.4, `${row.factor} of the least time`);
        assert.ok(row.tripsPerCall < 2.2, `${row.tripsPerCall} trips a call`);
      }
    });

    test("a daily budget is spent exactly", async () => {
      const row = await runScenario(store, processes, { limit: 80, calls: 120, roundTripMs: 5, cost: 20, dailyTokenBudget: 1_000 });
      assert.equal(row.requests, 50, JSON.stringify(row));
      assert.deepEqual(Object.keys(row.failures), ["rate_limit/daily"]);
    });

    test("its keys hold no token, and all of them expire", async () => {
      const { fetch } = limited(20);
      const one = client({ apiToken: "a-secret-token", limits: redisLimits(redis), fetch, dailyTokenBudget: 100, companyDomain: "acme" });
      await Promise.all([1, 2, 3].map((id) => one.getUser(id)));
      const keys = await redis.keys("pipedrive-users:limits:*");
      assert.ok(keys.length >= 3, String(keys));
      for (const key of keys) {
        assert.match(key, /^pipedrive-users:limits:\{host:acme\.pipedrive\.com\}:(day|token:[0-9a-f]{64}:(slots|waiting|state))$/);
        assert.ok((await redis.pTTL(key)) > 0, key);
      }
      one.close();
    });

    test("a server that does not know the script is sent it", async () => {
      await redis.scriptFlush();
      const { fetch } = limited(20);
      const one = client({ apiToken: "b", limits: redisLimits(redis), fetch });
      assert.deepEqual(await one.getUser(1), { id: 1 });
      const other = client({ apiToken: "b", limits: redisLimits((script, keys, args) => redis.eval(script, { keys, arguments: args })), fetch });
      assert.deepEqual(await other.getUser(1), { id: 1 });
      one.close();
      other.close();
    });

    test("its script decides as Rust does", async () => {
      const [script, rust] = [redisLimits(redis, { prefix: "compared:" }).store, memoryLimits().store];
      const keys = { token: "t", company: "c" };
      let seed = 7;
      const pick = (...from) => from[Math.floor(((seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32) * from.length)];
      const names = new Map([[1, 0], [2, 0], [2 ** 53 - 1, 2 ** 32 - 5]]);
      const today = Math.floor(Date.now() / 86_400_000);
      let granted = 0;
      for (let step = 0; step < 150; step++) {
        const owner = pick(...names.keys());
        const wanted = pick(0, 1, 2, 5);
        const first = names.get(owner);
        names.set(owner, (first + wanted) % 2 ** 32);
        const slots = Array.from({ length: pick(0, 2, 6) }, (_, index) => [(2 ** 32 + first - 1 - index) % 2 ** 32, pick(0, 0, 1_500), pick(0, 0, 0, 1)]);
        const request = [owner, 8, step === 40 ? 12 : 0, wanted, first, 30_000, pick(0, 1, 3), 2, pick(0, 2, 10), pick(0, 0, 4), pick(-1, 300), pick(today, today - 1), step === 100 ? 60_000 : 0, step === 120 ? 90_000 : 0, ...slots.flat()];
        const [one, other] = [await script.reserve(keys, request), await rust.reserve(keys, request)];
        granted += one.length - 9;
        // What is returned is free a millisecond later.
        await sleep(3);
        // Two clocks and a millisecond between them: times are about the same, counts exactly.
        const isTime = (index) => [2, 3, 7, 8].includes(index) || index > 8;
        const differs = one.length !== other.length || one.some((number, index) => Math.abs(number - other[index]) > (isTime(index) ? 1_000 : 0));
        assert.ok(!differs, `step ${step}: ${request}\nRedis ${one}\nRust  ${other}`);
      }
      assert.ok(granted > 20, `${granted} slots were granted`);
    });
  });

  test("Redis: a server that is away is named after the call's own timeout, and found again", async () => {
    const port = await freePort();
    const start = async () => {
      const child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], { stdio: ["ignore", "pipe", "inherit"] });
      for await (const text of child.stdout) if (/Ready to accept/.test(text)) break;
      return child;
    };
    let child = await start();
    const connection = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: 50 }, disableOfflineQueue: true });
    connection.on("error", () => {});
    await connection.connect();
    await sleep(7_500);
    const { fetch, requests } = limited(20);
    const one = client({ limits: redisLimits(connection), fetch, timeoutMs: 6_000 });
    await one.getUser(1);
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.deepEqual(await one.getUser(2), { id: 1 }, "what it holds serves while its lease lasts");
    await sleep(4_500);
    const began = Date.now();
    await assert.rejects(one.getUser(3), { kind: "timeout", message: /the store of the shared limits \(Redis\) did not respond within 6000 ms/ });
    assert.ok(Math.abs(Date.now() - began - 6_000) < 1_000, `${Date.now() - began} ms`);
    assert.equal(requests.length, 2);
    child = await start();
    try {
      assert.deepEqual(await one.getUser(4), { id: 1 }, "a server that has restarted waits for leases to end");
    } finally {
      one.close();
      await sleep(3_000);
      await connection.destroy();
      child.kill();
    }
  });

  for (const [kind, name, count] of [["object", "Durable Objects (workerd)", 4], ["kv", "Deno KV (Deno)", 2]]) {
    test(`${name}: processes share a limit, and none is refused`, async () => {
      const store = await openStore(kind);
      const processes = Array.from({ length: count }, () => startProcess(store.runtime));
      try {
        const row = await runScenario(store, processes, { limit: 20, calls: 50, isWarm: true });
        assert.deepEqual([row.refused, row.failed], [0, 0], JSON.stringify(row));
        assert.ok(row.factor < 1.4, `${row.factor} of the least time`);
      } finally {
        processes.forEach((process) => process.stop());
        await store.stop();
      }
    });
  }
});
