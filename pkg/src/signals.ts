type GiveUp = (reason: unknown) => void;

/**
 * The calls that each signal cancels, of all clients: what a signal may have too much of are listeners of this package. It
 * gets one however many calls it has, and none when the last one has ended: Node warns of a leak at the eleventh.
 */
const signals = /* @__PURE__ */ new Map<AbortSignal, Set<GiveUp>>();

function aborted({ target }: Event): void {
  const signal = target as AbortSignal;
  for (const giveUp of [...(signals.get(signal) ?? [])]) giveUp(signal.reason);
}

/** Lets a signal give a call up. */
export function heed(signal: AbortSignal, giveUp: GiveUp): void {
  const calls = signals.get(signal) ?? new Set();
  if (!calls.size) {
    signals.set(signal, calls);
    signal.addEventListener("abort", aborted);
  }
  calls.add(giveUp);
}

/** Takes a call that has ended off its signal. */
export function ignore(signal: AbortSignal, giveUp: GiveUp): void {
  const calls = signals.get(signal);
  if (calls?.delete(giveUp) && !calls.size) {
    signals.delete(signal);
    signal.removeEventListener("abort", aborted);
  }
}
