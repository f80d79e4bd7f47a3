// Twenty thousand calls on one client leave the module's memory and the heap as they were, whether they end or are
// aborted: timers, listeners, closures and shared requests are gone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

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

async function batch(client, first, abort) {
  const calls = Array.from({ length: 10 }, async (_, index) => {
    if (!abort) return client.getUser(first + index);
    const controller = new AbortController();
    const call = client.findUsersByName(`term ${first + index}`, { signal: controller.signal }).catch(() => undefined);
    setImmediate(() => controller.abort());
    return call;
  });
  await Promise.all(calls);
}

for (const [what, fetch, abort] of [["succeed", respond, false], ["are aborted", hang, true]]) {
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
    await run(10_000);
    const before = await measure();
    await run(20_000);
    const after = await measure();
    assert.equal(after.wasm, before.wasm);
    assert.ok(after.heap - before.heap < 20_000 * 20, `${(after.heap - before.heap) / 20_000} bytes a call`);
    client.close();
  });
}
