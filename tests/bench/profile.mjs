// Where the processor time of a call goes: the shares of a CPU profile, by whose code ran.
import { Session } from "node:inspector/promises";

/** Begins a profile of this process. The function that it returns ends it, and gives the part that each script had. */
export async function startProfile() {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 200 });
  await session.post("Profiler.start");
  return async () => {
    const { profile } = await session.post("Profiler.stop");
    session.disconnect();
    return scriptsOf(profile);
  };
}

/** The part of the time that each script had: `(native)` for what has none, without the time in which nothing ran. */
export function scriptsOf({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = {};
  let total = 0;
  samples.forEach((id, index) => {
    const { functionName, url } = frames.get(id);
    if (functionName === "(idle)") return;
    total += timeDeltas[index];
    times[url || "(native)"] = (times[url || "(native)"] ?? 0) + timeDeltas[index];
  });
  return Object.fromEntries(Object.entries(times).map(([url, time]) => [url, time / total]));
}

/** What the parts are called, in their order. */
export const PARTS = ["Node.js and its `fetch`", "the engine", "the client's JavaScript", "its WebAssembly"];

/**
 * Sums the scripts up by whose they are. Node.js's own `fetch` has WebAssembly too: the module that a profile without this
 * package also has.
 */
export function partsOf(scripts, without) {
  const sums = [0, 0, 0, 0];
  for (const [url, part] of Object.entries(scripts)) {
    const isNode = url.startsWith("node:") || (url.startsWith("wasm:") && url in without);
    sums[isNode ? 0 : url === "(native)" ? 1 : url.startsWith("wasm:") ? 3 : 2] += part;
  }
  return sums;
}
