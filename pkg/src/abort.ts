/**
 * The calls that each signal aborts, of all clients. Node.js warns of a leak at the eleventh listener of a signal, so each
 * signal gets a single one, and none when its last call has ended.
 */
const listeners = /* @__PURE__ */ new Map<AbortSignal, Set<(reason: unknown) => void>>();

function onAbort(this: AbortSignal): void {
  for (const listener of listeners.get(this) ?? []) listener(this.reason);
}

/** Calls a listener when a signal aborts, or now if it has. */
export function addAbortListener(signal: AbortSignal | undefined, listener: (reason: unknown) => void): void {
  if (!signal) return;
  if (signal.aborted) return listener(signal.reason);
  const calls = listeners.get(signal) ?? new Set();
  if (!calls.size) {
    signal.addEventListener("abort", onAbort);
    listeners.set(signal, calls);
  }
  calls.add(listener);
}

/** Removes a listener. */
export function removeAbortListener(signal: AbortSignal | undefined, listener: (reason: unknown) => void): void {
  const calls = listeners.get(signal!);
  if (calls?.delete(listener) && !calls.size) {
    listeners.delete(signal!);
    signal!.removeEventListener("abort", onAbort);
  }
}
