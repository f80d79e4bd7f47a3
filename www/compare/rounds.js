/** How often: enough for a median that holds still, and not so long that nobody waits. */
const CALLS = { small: 1_000, list: 5 };

/** A script's address as the page's policy wants to have it: of this page, and of nowhere else. */
const rules = { createScriptURL: (path) => new URL(path, import.meta.url).href };
const address = (globalThis.trustedTypes?.createPolicy("rounds", rules) ?? rules).createScriptURL("worker.js");

/** Measures one client in a thread of its own. */
function measure(peer, { token, answers }) {
  const worker = new Worker(address, { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error === undefined ? resolve(data) : reject(new Error(`${peer}: ${data.error}`)));
    worker.onerror = (event) => reject(new Error(`${peer}: ${event.message ?? "its script could not be loaded"}`));
    worker.postMessage({ peer, token, answers, calls: CALLS });
  }).finally(() => worker.terminate());
}

/** Measures all clients in turn, again and again: what disturbs a round disturbs all of them. Each begins a round once. */
export async function* rounds(peers, answers, count) {
  for (let round = 0; round < count; round++) {
    for (let place = 0; place < peers.length; place++) {
      const peer = peers[(place + round) % peers.length];
      yield { peer, round, ...(await measure(peer, answers)) };
    }
  }
}

/** The value in the middle, and where the quarters begin and end. */
export function middle(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) => {
    const place = part * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return low + (high - low) * (place % 1);
  };
  return { value: at(0.5), low: at(0.25), high: at(0.75) };
}
