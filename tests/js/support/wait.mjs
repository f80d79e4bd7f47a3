// Waiting for what happens, and no longer.
import assert from "node:assert/strict";

// The real ones, also where a test stops the clocks.
const { setTimeout } = globalThis;
const now = performance.now.bind(performance);

/** What a promise rejects with. */
export const rejection = (promise) =>
  Promise.resolve(promise).then((value) => assert.fail(`did not reject, but returned ${JSON.stringify(value)}`), (reason) => reason);

/** Resolves as soon as the condition holds. */
export async function until(condition, what = condition.toString(), milliseconds = 5_000) {
  for (const started = now(); !condition(); await new Promise((resolve) => setTimeout(resolve, 1))) {
    if (now() - started > milliseconds) assert.fail(`waited in vain for ${what}`);
  }
}

/** Waits until everything has happened that needs no time. */
export async function settle(turns = 20) {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A promise with its `resolve` and `reject` beside it. */
export function deferred() {
  let resolve, reject;
  const promise = new Promise((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}
