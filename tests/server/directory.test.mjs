// A directory that several processes share: one list for all, whatever the store, and none of another company.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { UserDirectory } from "pipedrive-users/directory";
import { createSandbox } from "pipedrive-users/sandbox";
import * as server from "pipedrive-users/server";
import { NOON, stopClock } from "../js/support/clock.mjs";
import { deferred, rejection, settle } from "../js/support/wait.mjs";
import { connectRedis, startRedis } from "./support/stores.mjs";

const MINUTE = 60_000;

await new UserDirectory({ getUsers: async () => [], getUser: async () => ({}), getCurrentUser: async () => ({ company_id: 1 }) }, { store: server.memoryStore() }).all();

const people = (count) => Array.from({ length: count }, (_, index) => ({ id: index + 1, name: `Zoë ${index + 1} Łuk`, email: `p${index + 1}@mi6.example`, active_flag: true, is_you: index === 0, modified: null }));

function standIn(company_id, list = people(3)) {
  const calls = { getUsers: 0, getCurrentUser: 0 };
  const client = {
    calls,
    list,
    wait: undefined,
    getUsers: async () => {
      calls.getUsers++;
      await client.wait;
      return structuredClone(client.list);
    },
    getUser: async () => assert.fail("nobody is unknown"),
    getCurrentUser: async () => (calls.getCurrentUser++, { company_id }),
  };
  return client;
}

/** Deno KV in memory, with its limit. */
function fakeDenoKv() {
  const rows = new Map();
  let version = 0;
  const name = (key) => JSON.stringify(key);
  const kv = {
    rows,
    get: async (key) => rows.get(name(key)) ?? { value: null, versionstamp: null },
    delete: async (key) => void rows.delete(name(key)),
    atomic() {
      const [checks, writes] = [[], []];
      const atomic = {
        check: (check) => (checks.push(check), atomic),
        set: (key, value) => (writes.push([key, value]), atomic),
        delete: (key) => (writes.push([key]), atomic),
        async commit() {
          if (checks.some(({ key, versionstamp }) => (rows.get(name(key))?.versionstamp ?? null) !== versionstamp)) return { ok: false };
          const versionstamp = String(++version);
          for (const [key, value] of writes) {
            if (typeof value === "string") assert.ok(Buffer.byteLength(value, "utf16le") <= 65_536, "Deno KV takes 64 KiB");
            if (value === undefined) rows.delete(name(key));
            else rows.set(name(key), { value, versionstamp });
          }
          return { ok: true, versionstamp };
        },
      };
      return atomic;
    },
  };
  return kv;
}

/** Durable Objects in memory, each with a storage of its own. */
function fakeObjects() {
  const objects = new Map();
  return {
    objects,
    idFromName: (name) => name,
    get(name) {
      if (!objects.has(name)) {
        const rows = new Map();
        let last = Promise.resolve();
        const storage = {
          get: async (key) => rows.get(key),
          put: async (key, value) => void rows.set(key, value),
          delete: async (key) => rows.delete(key),
          list: async () => new Map(rows),
          getAlarm: async () => null,
          setAlarm: async () => {},
          // One after the other, as in an object.
          transaction: (work) => (last = last.then(() => work(storage))),
        };
        objects.set(name, new server.TokenObject({ storage }));
      }
      return objects.get(name);
    },
  };
}

function ownFunctions() {
  const texts = new Map();
  return { texts, get: (key) => texts.get(key), set: async (key, text, ttlMs) => (assert.ok(ttlMs > 0), texts.set(key, text)) };
}

const STORES = {
  memory: async () => server.memoryStore(),
  Redis: async (t) => server.redisStore(await connectRedis(t)),
  "Durable Objects": async () => server.durableObjectStore(fakeObjects()),
  "Deno KV": async () => server.denoKvStore(fakeDenoKv()),
  "two functions": async () => ownFunctions(),
};

for (const [name, make] of Object.entries(STORES)) {
  test(`${name}: one list for all processes, never two at once, none of another company`, async (t) => {
    const store = await make(t);
    // A list that no value of a store can hold in one piece.
    const list = people(2_000);
    const clients = [standIn(7, list), standIn(7, list), standIn(8, people(1))];
    const directories = clients.map((client) => new UserDirectory(client, { store, maxAgeMs: 1_000_000 }));
    const count = () => clients[0].calls.getUsers + clients[1].calls.getUsers;
    const lists = await Promise.all(directories.map((directory) => directory.all()));
    assert.deepEqual(lists.map(({ length }) => length), [2_000, 2_000, 1]);
    assert.deepEqual([count(), clients[2].calls.getUsers], [1, 1]);
    assert.deepEqual(lists[1].map(({ name }) => name), lists[0].map(({ name }) => name));
    assert.ok(lists.flat().every((entry) => !("is_you" in entry)), "nothing of the caller");
    const late = standIn(7);
    assert.equal((await new UserDirectory(late, { store }).all()).length, 2_000);
    assert.deepEqual(late.calls, { getUsers: 0, getCurrentUser: 1 });
    // What one declares invalid it asks for again, and the others get that.
    await new Promise((resolve) => setTimeout(resolve, 2));
    clients[0].list = clients[1].list = people(5);
    directories[0].invalidate();
    directories[1].invalidate();
    await new Promise((resolve) => setTimeout(resolve, 2));
    assert.deepEqual((await Promise.all([directories[0].all(), directories[1].all()])).map(({ length }) => length), [5, 5]);
    assert.equal(count(), 2);
  });
}

test("two processes, one Redis, ten minutes: no list more than the ages need", { timeout: 120_000 }, async (t) => {
  const redis = await startRedis();
  const sandbox = createSandbox();
  const requests = [];
  const listener = server.toNodeListener(async (request) => {
    requests.push(new URL(request.url).pathname);
    return sandbox.fetch(request);
  });
  const http = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => http.once("listening", resolve));
  const work = { redis: redis.url, url: `http://127.0.0.1:${http.address().port}`, apiToken: sandbox.apiToken };
  const processes = [1, 2].map(() => {
    const child = spawn(process.execPath, [fileURLToPath(new URL("support/directory-process.mjs", import.meta.url)), JSON.stringify(work)], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
      child,
      step: async (step) => {
        child.stdin.write(`${JSON.stringify(step)}\n`);
        const { value = "{}" } = await lines.next();
        return JSON.parse(value);
      },
    };
  });
  t.after(() => {
    for (const { child } of processes) child.kill();
    http.close();
    redis.stop();
  });
  for (let second = 0; second <= 600; second += 10) {
    const results = await Promise.all(processes.map(({ step }) => step({ now: NOON + second * 1_000, id: 1 + (second % 25), isStale: second > 0 && second % 300 === 0 })));
    for (const { name, later, error } of results) assert.ok(name && later && !error, JSON.stringify(results));
  }
  const count = (path) => requests.filter((one) => one === path).length;
  // At the beginning, after five minutes, and after ten.
  assert.equal(count("/v1/users"), 3);
  assert.equal(count("/v1/users/me"), 2, "each process asks once whose company it is");
  assert.equal(requests.length, 5);
});

test("a process that was stopped in the middle delays the others, and no longer than its lease", async (t) => {
  const pass = stopClock(t);
  const store = server.memoryStore();
  await store.lease("directory:7", 100_000);
  const directory = new UserDirectory(standIn(7), { store });
  let all;
  directory.all().then((list) => (all = list));
  await pass(99_000);
  assert.equal(all, undefined);
  await pass(1_500);
  assert.equal(all.length, 3);
});

test("what is in the store and cannot be read is asked for again", async (t) => {
  const pass = stopClock(t);
  for (const text of ["", "null", "[", "[1]", `[${NOON},0,1]`, `[${NOON},0,1e9]`, `[${NOON},0,-1]`, `[${NOON + 3_600_000},0,0]`, '{"a":1}', "\u0000"]) {
    const store = ownFunctions();
    store.texts.set("directory:7", text);
    store.texts.set("directory:7:0:0", `${NOON} {"no":"list"}`);
    const client = standIn(7);
    const all = new UserDirectory(client, { store }).all();
    await pass(1_000);
    assert.deepEqual([(await all).length, client.calls.getUsers], [3, 1], text);
  }
});

test("a store that fails is a failed refresh; one that only cannot be written does no harm", async (t) => {
  const pass = stopClock(t);
  const failing = async () => {
    throw new Error("ECONNREFUSED");
  };
  const client = standIn(7);
  const directory = new UserDirectory(client, { store: { get: failing, set: failing } });
  const error = await rejection(directory.all());
  assert.match(error.message, /ECONNREFUSED/);
  assert.equal(directory.error, error);
  const texts = new Map();
  const full = { get: async (key) => texts.get(key), set: async (key, text) => (key.includes("lease") ? texts.set(key, text) : failing()) };
  const all = new UserDirectory(client, { store: full }).all();
  await pass(500);
  assert.equal((await all).length, 3);
});

test("a store that hangs, wherever it does, is a failed refresh after ten seconds; one that hangs only when it is written does no harm", async (t) => {
  const pass = stopClock(t);
  const never = () => new Promise(() => undefined);
  const texts = new Map();
  const good = { get: async (key) => texts.get(key), set: async (key, text) => void texts.set(key, text) };
  const memory = server.memoryStore();
  const record = { get: (key) => memory.get(key), put: (...args) => memory.put(...args), delete: (...args) => memory.delete(...args), lease: (...args) => memory.lease(...args) };
  for (const store of [{ ...good, get: never }, { ...good, set: never }, { ...record, get: never }, { ...record, lease: never }]) {
    const client = standIn(8);
    const directory = new UserDirectory(client, { store });
    const refused = rejection(directory.all());
    await pass(10_500);
    assert.match((await refused).message, /the directory's store did not respond/);
    assert.equal(directory.error, await refused);
    assert.equal(client.calls.getUsers, 0);
    // It is asked anew, and may be back.
    Object.assign(store, "put" in store ? record : good);
    await pass(60_000);
    const all = directory.all();
    await pass(500);
    assert.equal((await all).length, 3);
    assert.equal(directory.error, undefined);
    texts.clear();
    for (const key of ["directory:8", "directory:8:lease"]) {
      const found = await memory.get(key);
      if (found) await memory.delete(key, found.version);
    }
  }
  for (const store of [{ ...good, set: async (key, text) => (key.endsWith("lease") ? void texts.set(key, text) : never()) }, { ...record, put: never }, { ...record, lease: async () => never }]) {
    const client = standIn(9);
    const all = new UserDirectory(client, { store }).all();
    await pass(25_000);
    assert.equal((await all).length, 3);
    assert.equal(client.calls.getUsers, 1);
  }
});

test("a list that another process asked for before the news does not undo them", async (t) => {
  const pass = stopClock(t);
  const store = server.memoryStore();
  const clients = [standIn(7), standIn(7)];
  const [one, other] = clients.map((client) => new UserDirectory(client, { store }));
  await one.all();
  await pass.jump(4 * MINUTE);
  const { promise, resolve } = deferred();
  clients[1].wait = promise;
  other.invalidate();
  const waiting = other.all();
  await settle();
  await pass.jump(MINUTE);
  assert.equal(await one.merge({ id: 2, companyId: 7, at: Date.now(), members: { name: "Vesper" } }), true);
  resolve();
  await waiting;
  await pass.jump(2 * MINUTE);
  await one.all();
  await pass(1_000);
  assert.deepEqual([one.peek(1).name, one.peek(2).name], ["Zoë 1 Łuk", "Vesper"]);
  assert.deepEqual(clients.map(({ calls }) => calls.getUsers), [1, 1]);
});
