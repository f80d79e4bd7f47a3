// Calls on one client, ten thousand at a time, leave the module's memory and the heap as they were, whether they end or are
// aborted: timers, listeners, closures and shared requests are gone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gc } from "./support/gc.mjs";


// A call without a response occupies its slot for four seconds. With a clock that goes on by ten milliseconds a batch, that is no more than 4,000 calls.
let passed = 0;
const now = performance.now.bind(performance);
performance.now = () => now() + passed;

const memories = [];
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...args) => {
  const instance = await instantiate(...args);
  // Node.js has a module of its own behind fetch.
  if (!instance.exports.llhttp_alloc) memories.push(Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory));
  return instance;
};
const { UsersClient } = await import("pipedrive-users");

const respond = async () => new Response('{"success":true,"data":{"id":1}}');
const hang = (_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
// With a limit that is never reached, every call is in flight when it is aborted; without, all but twenty wait.
const limits = { "x-ratelimit-limit": "1000000000", "x-ratelimit-remaining": "1000000000", "x-ratelimit-reset": "2" };
let inFlight = 0;
const unlimited = async (url, init) => (url.endsWith("/users/1") ? new Response('{"success":true,"data":{"id":1}}', { headers: limits }) : (inFlight++, hang(url, init)));

async function batch(client, first, abort) {
  const calls = Array.from({ length: 10 }, async (_, index) => {
    if (!abort) return client.getUser(first + index);
    const controller = new AbortController();
    const call = client.findUsersByName(`term ${first + index}`, { signal: controller.signal }).catch(() => undefined);
    setImmediate(() => controller.abort());
    return call;
  });
  await Promise.all(calls);
  passed += 10;
}

for (const [what, fetch, abort] of [["succeed", respond, false], ["are aborted while they wait", hang, true], ["are aborted in flight", unlimited, true]]) {
  test(`calls that ${what} leave nothing behind`, async () => {
    const client = new UsersClient({ apiToken: "0123456789abcdef", fetch });
    const measure = async () => {
      for (let turn = 0; turn < 2; turn++) {
        gc();
        await new Promise((resolve) => setImmediate(resolve));
      }
      return { wasm: memories.at(-1).buffer.byteLength, heap: process.memoryUsage().heapUsed };
    };
    let calls = 1;
    const run = async (count) => {
      for (const end = calls + count; calls < end; calls += 10) await batch(client, calls, abort);
    };
    await client.getUser(1, { timeoutMs: 50 }).catch(() => undefined);
    await run(10_000);
    const grown = [];
    for (let before = await measure(); grown.length < 5; ) {
      await run(10_000);
      const after = await measure();
      assert.equal(after.wasm, before.wasm);
      grown.push((after.heap - before.heap) / 10_000);
      before = after;
    }
    // What calls leave behind grows each time; what the engine compiles or forgets meanwhile, up to 50 bytes a call, does not.
    const median = grown.toSorted((a, b) => a - b)[2];
    assert.ok(median < 16, `${grown.map(Math.round)} bytes a call`);
    if (fetch === unlimited) assert.ok(inFlight >= 60_000, `${inFlight} were in flight`);
    client.close();
  });
}
