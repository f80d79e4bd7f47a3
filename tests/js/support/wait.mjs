// Waiting for what happens, and no longer, in every runtime.

// The real ones, also where a test stops the clocks.
const { setTimeout, setImmediate = setTimeout } = globalThis;
const now = performance.now.bind(performance);

/** What a promise rejects with. */
export async function rejection(promise) {
  let value;
  try {
    value = await promise;
  } catch (reason) {
    return reason;
  }
  throw new Error(`did not reject, but returned ${JSON.stringify(value)}`);
}

/** Resolves as soon as the condition holds. */
export async function until(condition, what = condition.toString(), milliseconds = 5_000) {
  for (const started = now(); !condition(); await new Promise((resolve) => setTimeout(resolve, 1))) {
    if (now() - started > milliseconds) throw new Error(`waited in vain for ${what}`);
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
