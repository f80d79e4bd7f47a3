// Many calls on one client, with responses made in the process: bytes that each leaves behind, in the heap and in the module, by a
// line through the samples after the first 10 000.
import { slope } from "../stats.mjs";

export default async function growth(client, { calls = 1_000_000 } = {}) {
  const samples = [];
  const batch = 20_000;
  for (let done = 0; done < calls; ) {
    for (const end = done + batch; done < end; done += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, index) => client.getUser(done + index + 1)));
    }
    for (let turn = 0; turn < 3; turn++) {
      globalThis.gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
    samples.push([done, process.memoryUsage().heapUsed, globalThis.memories.at(-1).buffer.byteLength]);
  }
  return { heap: slope(samples.map(([x, y]) => [x, y])), wasm: slope(samples.map(([x, , y]) => [x, y])), calls };
}
