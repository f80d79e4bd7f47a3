// A world in which time passes only when a test lets it: timers, the time of day and the monotonic clock.
import { settle } from "./wait.mjs";

export const NOON = Date.UTC(2026, 10, 22, 12);
export const HOUR = 3_600_000;

/** How far time goes at once while calls may be waiting: timers that follow one another get their turn. */
const STEP = 500;

/**
 * Stops all clocks at a time of day until the test has ended or `restart()` is called, and makes every random number
 * `random`, from 0 to 1. Returns a function that lets so many milliseconds pass.
 */
export function stopClock(t, { now = NOON, random = 0 } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now });
  const clock = Date.now.bind(Date);
  let offset = 0;
  const mocks = [
    t.mock.method(performance, "now", () => clock() - now),
    t.mock.method(Date, "now", () => clock() + offset),
    t.mock.method(Math, "random", () => random),
  ];
  const pass = async (milliseconds) => {
    await settle();
    for (let left = milliseconds; left > 0; left -= STEP) {
      t.mock.timers.tick(Math.min(left, STEP));
      await settle();
    }
  };
  /** Lets any time pass at once, where nothing waits. */
  const jump = (milliseconds) => t.mock.timers.tick(milliseconds);
  /** Sets the time of day, as people and time servers do, so many milliseconds on. */
  const adjust = (milliseconds) => (offset += milliseconds);
  const restart = () => {
    t.mock.timers.reset();
    for (const { mock } of mocks) mock.restore();
  };
  return Object.assign(pass, { jump, adjust, restart });
}
