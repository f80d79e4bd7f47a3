// Each store on a real backend: its contract, and what becomes of tokens when processes race, crash, or have another key.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import * as server from "pipedrive-users/server";
import { startSandbox } from "../js/support/sandbox.mjs";
import { consent, installWith } from "./support/app.mjs";
import { connectRedis, folder, run, startRedis, startWorkers } from "./support/stores.mjs";
import { carryOut } from "./support/work.mjs";

const KEY = "0123456789abcdef".repeat(4);
const OTHER_KEY = "fedcba9876543210".repeat(4);

/** Opens each store, and returns functions that carry out work in one process and in another. */
const STORES = {
  memory: async () => {
    const store = server.memoryStore();
    const work = (work) => new Promise((resolve, reject) => carryOut(server, store, work, () => (resolve({ died: true }), new Promise(() => {}))).then(resolve, reject));
    return { one: work, two: work, stop() {} };
  },
  "Redis (node-redis, ioredis)": async () => {
    const redis = await startRedis();
    return { one: (work) => run({ ...work, store: { redis: redis.url } }), two: (work) => run({ ...work, store: { redis: redis.url, client: "ioredis" } }), stop: redis.stop };
  },
  "Durable Objects (workerd)": async () => {
    const workers = await startWorkers();
    return { one: (work) => workers.ask("one", work), two: (work) => workers.ask("two", work), stop: workers.stop };
  },
  "Deno KV (Deno)": async () => {
    const file = await folder();
    const work = (work) => run({ ...work, store: { kv: file.path } }, "deno");
    return { one: work, two: work, stop: file.remove };
  },
};

/** The results, for the table of the guide: a row for each store, a column for each case. */
const results = {};

// After a crash a lease lasts fifteen seconds more: the stores are tested concurrently.
describe("stores", { concurrency: 4 }, () => {
  for (const [name, open] of Object.entries(STORES)) {
    describe(`${name}:`, { concurrency: 1 }, () => {
      let store;
      let usual;
      let rotating;
      const report = (column, text) => ((results[name] ??= {})[column] = text);
      before(async () => {
        store = await open();
        usual = await startSandbox("--burst", 5_000);
        rotating = await startSandbox("--burst", 5_000, "--rotate");
      });
      after(async () => {
        await Promise.all([usual?.stop(), rotating?.stop(), store?.stop()]);
      });

      const at = (sandbox) => ({ url: sandbox.url, app: { clientId: sandbox.clientId, clientSecret: sandbox.clientSecret }, key: KEY });
      const counters = async (sandbox) => (await fetch(`${sandbox.url}/sandbox/oauth`)).json();
      const expire = (sandbox) => fetch(`${sandbox.url}/sandbox/oauth/expire`, { method: "POST" });

      /** A user of the sandbox authorises the app: begun in one process, completed in the other. */
      const install = async (sandbox, user) => {
        const { url, cookie } = await store.one({ ...at(sandbox), begin: true });
        return { identity: await store.two({ ...at(sandbox), callback: await consent(url, fetch, { user }), cookie }), ...at(sandbox) };
      };

      test("the contract of TokenStore", async () => {
        assert.deepEqual((await store.one({ contract: true })).wrong, []);
        assert.deepEqual((await store.two({ contract: true })).wrong, []);
      });

      test("concurrent refresh: two processes with 100 calls each send one refresh", async () => {
        const work = { ...(await install(usual, 1)), calls: 100 };
        await expire(usual);
        const before = await counters(usual);
        const both = await Promise.all([store.one(work), store.two(work)]);
        assert.deepEqual(both.map(({ good }) => good), [100, 100], JSON.stringify(both));
        const refreshes = (await counters(usual)).refreshes - before.refreshes;
        assert.equal(refreshes, 1);
        report("concurrent refresh", `${both[0].good} + ${both[1].good} calls, ${refreshes} refresh`);
      });

      test("crash between refresh and store: the next process recovers, or reports that the user must authorise again", async () => {
        const recovers = async () => {
          const work = await install(usual, 2);
          await expire(usual);
          assert.deepEqual(await store.one({ ...work, crash: true }), { died: true });
          const next = await store.two(work);
          assert.equal(next.good, 1, JSON.stringify(next));
          return "recovers";
        };
        // The lost refresh token was the only valid one.
        const rotated = async () => {
          const work = await install(rotating, 6);
          await expire(rotating);
          assert.deepEqual(await store.one({ ...work, crash: true }), { died: true });
          const next = await store.two(work);
          assert.deepEqual([next.good, next.kinds], [0, ["authentication"]]);
          assert.match(next.texts[0], /must authorise the app again/);
          assert.equal((await store.one(await install(rotating, 6))).good, 1);
          return "the user must authorise again";
        };
        const [usually, whereRotated] = await Promise.all([recovers(), rotated()]);
        report("crash", `${usually}; where tokens rotate, ${whereRotated}`);
      });

      test("rotation: one refresh after the other, in two processes", async () => {
        const work = await install(rotating, 1);
        for (const process of [store.one, store.two, store.one]) {
          await expire(rotating);
          const { good, texts } = await process({ ...work, calls: 5 });
          assert.equal(good, 5, String(texts));
        }
        report("rotation", "three in a row, none lost");
      });

      test("expired record: if Pipedrive no longer accepts the refresh token, the user must authorise again", async () => {
        const work = await install(usual, 3);
        // Another authorization elsewhere invalidates the first refresh token, as sixty days do.
        const { url } = await store.one({ ...at(usual), begin: true });
        await consent(url, fetch, { user: 3 }).then((back) => fetch(`${usual.url}/oauth/token`, { method: "POST", headers: { authorization: `Basic ${btoa(`${usual.clientId}:${usual.clientSecret}`)}` }, body: new URLSearchParams({ grant_type: "authorization_code", code: new URL(back).searchParams.get("code"), redirect_uri: "http://127.0.0.1/callback" }) }));
        await expire(usual);
        const before = await counters(usual);
        const [first, second] = [await store.one(work), await store.two(work)];
        assert.deepEqual([first.kinds, second.kinds], [["authentication"], ["authentication"]]);
        assert.equal((await counters(usual)).refreshes - before.refreshes, 1, "no process tries again");
        report("expired record", "the user must authorise again; asked once");
      });

      test("wrong encryption key: an error, and the record is left as it is", async () => {
        const work = await install(usual, 1);
        const before = await counters(usual);
        for (const key of [OTHER_KEY, "none"]) {
          const wrong = await store.two({ ...work, key });
          assert.match(wrong.texts[0], /cannot be read.*left as it is/, JSON.stringify(wrong));
        }
        assert.equal((await counters(usual)).tokenRequests, before.tokenRequests);
        assert.equal((await store.two(work)).good, 1);
        report("wrong encryption key", "an error, nothing sent, the record left as it is");
      });
    });
  }
});

test("the guide has the table of these results", async () => {
  const columns = ["concurrent refresh", "crash", "rotation", "expired record", "wrong encryption key"];
  const line = (cells) => `| ${cells.join(" | ")} |\n`;
  const rows = Object.keys(STORES).map((name) => line([name, ...columns.map((column) => results[name]?.[column] ?? "failed")]));
  const table = [line(["store", ...columns]), `${"|---".repeat(columns.length + 1)}|\n`, ...rows].join("");
  const guide = await readFile(new URL("../../BACKEND.md", import.meta.url), "utf8");
  assert.ok(guide.includes(table), `the guide's table should be\n${table}`);
});

test("an encrypted record reveals nothing, and can be read only at its own key", async () => {
  const store = server.memoryStore();
  const seen = [];
  const watched = { ...store, put: (key, record, ...more) => (seen.push([key, record]), store.put(key, record, ...more)) };
  const sandbox = (await import("pipedrive-users/sandbox")).createSandbox();
  const oauth = new server.OAuth({ ...sandbox.app, redirectUri: "https://app.example/callback", fetch: sandbox.fetch, store: watched, encryptionKey: KEY });
  const { user: me } = await installWith(oauth, sandbox.fetch);
  const [key, record] = seen.at(-1);
  assert.equal(key, `${me.company_id}:${me.id}`);
  for (const [, text] of seen) assert.ok(!/v1u|1:1:|access|refresh|state/.test(Buffer.from(text, "base64").toString("latin1")), "encrypted");
  await store.put(`${me.company_id}:2`, record, undefined);
  await assert.rejects(oauth.client({ companyId: me.company_id, userId: 2 }).getUsers(), /another encryptionKey, or changed/);
});

test("every key in Redis has an end, and requests to /install leave none", async (t) => {
  const client = await connectRedis(t);
  const sandbox = (await import("pipedrive-users/sandbox")).createSandbox();
  const oauth = new server.OAuth({ ...sandbox.app, redirectUri: "https://app.example/callback", fetch: sandbox.fetch, store: server.redisStore(client), encryptionKey: KEY });
  for (let time = 0; time < 2_000; time++) await oauth.handleInstall(new Request("https://app.example/install"));
  assert.deepEqual(await client.keys("*"), []);
  for (const user of [1, 2]) await installWith(oauth, sandbox.fetch, { user });
  await sandbox.fetch("https://sandbox.example/sandbox/oauth/expire", { method: "POST" });
  const { user } = await installWith(oauth, sandbox.fetch, { user: 3 });
  await oauth.client({ companyId: user.company_id, userId: 1 }).getUsers();
  const keys = await client.keys("*");
  assert.ok(keys.length >= 3, String(keys));
  for (const key of keys) assert.ok((await client.pTTL(key)) > 0, key);
  await oauth.handleUninstall(await sandbox.uninstallRequest({ userId: 1 }));
  assert.ok(!(await client.keys("*")).some((key) => key.includes(`{${user.company_id}:1}:record`)));
});

test("a Redis client that parses JSON or returns buffers, as Upstash's and some settings do", async (t) => {
  const client = await connectRedis(t);
  const parse = (value) => {
    if (Array.isArray(value)) return value.map(parse);
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  };
  const buffers = (value) => (Array.isArray(value) ? value.map(buffers) : typeof value === "string" ? Buffer.from(value) : value);
  for (const convert of [parse, buffers]) {
    const store = server.redisStore({ eval: async (script, keys, args) => convert(await client.eval(script, { keys, arguments: args })) }, { prefix: `${convert.name}:` });
    for (const encryptionKey of ["none", KEY]) {
      const sandbox = (await import("pipedrive-users/sandbox")).createSandbox();
      const make = () => new server.OAuth({ ...sandbox.app, redirectUri: "https://app.example/callback", fetch: sandbox.fetch, store, encryptionKey });
      const { user } = await installWith(make(), sandbox.fetch);
      const oauth = make();
      await sandbox.fetch("https://sandbox.example/sandbox/oauth/expire", { method: "POST" });
      assert.equal((await oauth.client({ companyId: user.company_id, userId: user.id }).getUsers()).length, 25);
      assert.equal(await make().isAuthorized({ companyId: user.company_id, userId: user.id }), true);
      await oauth.handleUninstall(await sandbox.uninstallRequest({ userId: user.id }));
    }
  }
});

test("the alarm of a Durable Object deletes what has expired, and nothing else", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const rows = new Map();
  let alarm = null;
  const storage = {
    get: async (key) => rows.get(key),
    put: async (key, value) => void rows.set(key, value),
    delete: async (key) => rows.delete(key),
    list: async () => new Map(rows),
    getAlarm: async () => alarm,
    setAlarm: async (time) => void (alarm = time),
    transaction: (work) => work(storage),
  };
  const object = new server.TokenObject({ storage });
  rows.set("the app's own", { until: 1 });
  await object.store.put("7:13", "one", undefined, 60_000);
  await object.store.put("7:14", "two", undefined, 10_000);
  await object.store.lease("7:13", 15_000);
  assert.equal(alarm, 1_010_000);
  const ring = async (seconds) => {
    t.mock.timers.setTime(1_000_000 + seconds * 1_000);
    alarm = null;
    await object.alarm();
    return [...rows.keys()].sort();
  };
  assert.deepEqual(await ring(11), ["lease:7:13", "record:7:13", "the app's own"]);
  assert.equal(alarm, 1_015_000);
  assert.deepEqual(await ring(16), ["record:7:13", "the app's own"]);
  assert.deepEqual(await ring(61), ["the app's own"]);
  assert.equal(alarm, null);
});

test("a client that is none, or not there yet, is a ConfigError where the store is made", () => {
  for (const name of ["redisStore", "redisLimits", "denoKvStore", "denoKvLimits", "durableObjectStore", "durableObjectLimits", "objectStorageStore"]) {
    for (const client of [undefined, null, 5, "redis://127.0.0.1", {}, [], Promise.resolve({}), { eval: 5, get: 5, idFromName: 5 }]) {
      assert.throws(() => server[name](client), (error) => error.kind === "config" && / must have a method \w+, got /.test(error.message), `${name}: ${String(client)}`);
    }
  }
});

test("options of Redis that are none are a ConfigError where the store is made", () => {
  for (const make of [server.redisStore, server.redisLimits]) {
    for (const options of [null, 7, "app:", { prefix: 7 }, { prefix: null }, { keyPrefix: "app:" }]) assert.throws(() => make({ eval() {} }, options), { kind: "config" }, JSON.stringify(options));
  }
});

test("Deno KV: a record that is too large is an error that says so", async () => {
  const store = server.denoKvStore({ get: async () => ({ value: null, versionstamp: null }), atomic() {}, delete: async () => {} });
  await assert.rejects(store.put("7:13", "x".repeat(66_000), undefined), /66000 bytes, and Deno KV takes at most 65000/);
});
