// A fault of the module is survivable: all calls get an error, and the next one runs on a fresh instance.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { runScript } from "./support/child.mjs";
import { check, FAULTS } from "./support/trap.mjs";
import { settle } from "./support/wait.mjs";

const dist = process.env.PIPEDRIVE_USERS_FAULTY_DIST;
if (!dist) throw new Error("set PIPEDRIVE_USERS_FAULTY_DIST to a build that can fault on purpose (xtask)");
const index = pathToFileURL(join(dist, "index.js")).href;

/** Runs something in a process of its own, with what was unhandled there. */
const run = (expression) =>
  runScript(`
    const unhandled = [];
    for (const name of ["uncaughtException", "unhandledRejection"]) process.on(name, (error) => unhandled.push(name + ": " + error?.message));
    const { UsersClient } = await import(${JSON.stringify(index)});
    const trap = await import("./trap.mjs");
    const result = await (${expression});
    await new Promise((resolve) => setTimeout(resolve, 10));
    console.log(JSON.stringify({ result, unhandled }));
    process.exit();
  `);

const reported = run("trap.report(UsersClient)");

for (const [index, fault] of FAULTS.entries()) {
  test(`${fault}: all calls of all clients get a LoadError, and later calls work`, { timeout: 60_000 }, async () => {
    const { result, unhandled } = await reported;
    assert.deepEqual(unhandled, []);
    assert.equal(result[index].fault, fault);
    check(assert, result[index]);
  });
}

test("20 faults in a row", { timeout: 60_000 }, async () => {
  const { result, unhandled } = await run("trap.inARow(UsersClient, 20)");
  assert.deepEqual(unhandled, []);
  assert.deepEqual(result, Array(20).fill(["load", 1]).flat());
});

test("usage and rateLimit can be read after a fault", { timeout: 60_000 }, async () => {
  const { result } = await run(`(async () => {
    const fetch = async () => Response.json({ success: true, data: { id: 1 } }, { headers: { "x-ratelimit-limit": "20", "x-ratelimit-remaining": "5", "x-ratelimit-reset": "2" } });
    const client = new UsersClient({ apiToken: "one", fetch, logLevel: "off" });
    await client.getUser(1);
    const before = [client.usage.callsSent, client.rateLimit.limit];
    await client.getUser(1, { headers: { "x-trap": "after-panic" } }).catch(() => undefined);
    const stopped = [Number.isInteger(client.usage.callsSent), "limit" in client.rateLimit];
    await client.getUser(1);
    const after = [client.usage.callsSent >= 1, client.rateLimit.limit];
    client.close();
    return { before, stopped, after };
  })()`);
  assert.deepEqual(result, { before: [1, 20], stopped: [true, true], after: [true, 20] });
});

test("close() and abort() after a fault do nothing and fail nothing", { timeout: 60_000 }, async () => {
  const { result, unhandled } = await run(`(async () => {
    const fetch = () => new Promise(() => {});
    const client = new UsersClient({ apiToken: "one", fetch, logLevel: "off" });
    const controller = new AbortController();
    const calls = Promise.allSettled([client.getUser(1, { signal: controller.signal }), client.getUser(2, { headers: { "x-trap": "before-panic" } })].map((call) => Promise.resolve(call)));
    const kinds = (await calls).map(({ reason }) => reason.kind);
    controller.abort();
    client.close();
    client.close();
    return [...kinds, (await client.getUser(1).catch((error) => error)).kind];
  })()`);
  assert.deepEqual(unhandled, []);
  assert.deepEqual(result, ["load", "load", "config"]);
});

test("what a stopped instance had under way is aborted, and its timers keep no process alive", { timeout: 60_000 }, async () => {
  const { result } = await run(`(async () => {
    const signals = [];
    const fetch = (_, { signal }) => (signals.push(signal), new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
    const client = new UsersClient({ apiToken: "one", fetch, logLevel: "off" });
    const call = client.getUser(1).catch(() => undefined);
    while (signals.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
    await client.getUser(2, { headers: { "x-trap": "before-panic" } }).catch(() => undefined);
    await call;
    await new Promise((resolve) => setImmediate(resolve));
    return { aborted: signals[0].aborted, timers: process.getActiveResourcesInfo().filter((name) => name === "Timeout").length };
  })()`);
  assert.deepEqual(result, { aborted: true, timers: 0 });
});

test("a good build heeds no x-trap", async () => {
  const { UsersClient } = await import("pipedrive-users");
  const sent = [];
  const client = new UsersClient({ apiToken: "one", fetch: async (_, { headers }) => (sent.push(headers.get("x-trap")), Response.json({ success: true, data: {} })) });
  for (const fault of FAULTS) await client.getUser(1, { headers: { "x-trap": fault } });
  await settle();
  assert.deepEqual(sent, FAULTS);
});
