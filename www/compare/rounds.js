import { inThread } from "./threads.js";

/** Calls in a measurement: enough for a stable median, few enough to keep a round short. */
const CALLS = { small: 1_000, list: 5 };

/** Measures one client in a new thread. */
const measure = (peer, { token, responses }) => inThread("worker.js", peer, { peer, token, responses, calls: CALLS });

/**
 * Measures every client once in each round and yields each measurement. The clients alternate, so that a disturbance
 * affects all of them, and each round starts with a different one.
 */
export async function* rounds(peers, recording, count) {
  for (let round = 0; round < count; round++) {
    for (let index = 0; index < peers.length; index++) {
      const peer = peers[(index + round) % peers.length];
      yield { peer, round, ...(await measure(peer, recording)) };
    }
  }
}

/** Returns the median (`value`) and the first and third quartiles (`low`, `high`). */
export function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const quantile = (fraction) => {
    const position = fraction * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
    return low + (high - low) * (position % 1);
  };
  return { value: quantile(0.5), low: quantile(0.25), high: quantile(0.75) };
}
