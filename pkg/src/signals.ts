/**
 * The calls that each signal cancels. A signal gets one listener however many calls it has, and none when the last
 * one has ended: Node warns of a leak at the eleventh.
 */
class Signals {
  readonly #signals = new Map<AbortSignal, { readonly calls: Set<(reason: unknown) => void>; readonly abort: () => void }>();

  /** Lets a signal give a call up. */
  add(signal: AbortSignal, giveUp: (reason: unknown) => void): void {
    let entry = this.#signals.get(signal);
    if (!entry) {
      const calls = new Set<(reason: unknown) => void>();
      entry = { calls, abort: () => [...calls].forEach((call) => call(signal.reason)) };
      this.#signals.set(signal, entry);
      signal.addEventListener("abort", entry.abort);
    }
    entry.calls.add(giveUp);
  }

  /** Takes a call that has ended off its signal. */
  remove(signal: AbortSignal, giveUp: (reason: unknown) => void): void {
    const entry = this.#signals.get(signal);
    if (entry?.calls.delete(giveUp) && entry.calls.size === 0) {
      this.#signals.delete(signal);
      signal.removeEventListener("abort", entry.abort);
    }
  }
}

/** One for all clients: what a signal may have too much of are listeners of this package. */
export const signals = /* @__PURE__ */ new Signals();
