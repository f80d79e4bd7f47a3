// Time that passes at once: timers fire in their order, and everything that needs no time happens between them.

const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout, now: Date.now };

/** More than any program of the tests needs. */
const MOST_TIMERS = 20_000;

/** Replaces the clocks and timers until `restore()`. */
export function virtualTime(start) {
  const state = { now: 0 };
  let timers = [];
  let [count, fired] = [0, 0];
  const setTimeout = (callback, milliseconds = 0, ...args) => {
    const timer = { id: ++count, at: state.now + Math.max(Number(milliseconds) || 0, 1), fire: () => callback(...args) };
    timers.push(timer);
    return timer;
  };
  // As fake timers do, it shows its clock to those who look for it.
  globalThis.setTimeout = Object.assign(setTimeout, { clock: state });
  globalThis.clearTimeout = (timer) => void (timers = timers.filter((other) => other !== timer));
  Date.now = () => start + state.now;
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    get now() {
      return state.now;
    },
    /** Fires timers until there are none, or until this time. */
    async run(until = Infinity) {
      for (await settled(); timers.length; await settled()) {
        const next = timers.reduce((first, timer) => (timer.at < first.at || (timer.at === first.at && timer.id < first.id) ? timer : first));
        if (next.at > until) break;
        timers = timers.filter((timer) => timer !== next);
        state.now = Math.max(state.now, next.at);
        next.fire();
        if (++fired > MOST_TIMERS) throw new Error(`${MOST_TIMERS} timers have fired, and it goes on at ${state.now} ms`);
      }
    },
    restore: () => Object.assign(Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout }).Date, { now: real.now }),
  };
}
