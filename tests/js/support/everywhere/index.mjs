// The scenarios of every runtime: Node.js runs each as a test, Chromium and workerd run them by their kinds.
import { BODIES } from "./bodies.mjs";
import { pause, same, within } from "./checks.mjs";
import { CLOCKS } from "./clocks.mjs";
import { ENDS } from "./ends.mjs";
import { HOSTILE } from "./hostile.mjs";
import { NATIVE, UNHANDLED } from "./native.mjs";
import { REALMS } from "./realms.mjs";
import { SECRETS } from "./secrets.mjs";
import { TIMERS } from "./timers.mjs";
import { VALUES_ANYWHERE } from "./values.mjs";

export const KINDS = { hostile: HOSTILE, values: VALUES_ANYWHERE, timers: TIMERS, clocks: CLOCKS, secrets: SECRETS, native: { ...NATIVE, ...UNHANDLED }, bodies: BODIES, realms: REALMS, ends: ENDS };

/**
 * Runs a scenario in a world: what is `unhandled` in it, and how it may `inspect` a value, or `evaluate` a text in another realm. Fails if it
 * has no end, or if something is unhandled after it.
 */
export async function run(scenario, sdk, world) {
  await within(20_000, scenario(sdk, world));
  await pause(0);
  same(world.unhandled.splice(0).map((reason) => String(reason?.stack ?? reason)), [], "what is unhandled");
}

/** Those that replace globals run one after another, in several realms where there are many. */
const AT_ONCE = { values: 16, bodies: 4 };
const PARTS = { clocks: 6, timers: 4 };

/** Runs a kind with a function that runs one part of it, and gives how many scenarios there were, and what failed by its name. */
export async function inParts(kind, runPart) {
  const parts = PARTS[kind] ?? 1;
  const results = await Promise.all(Array.from({ length: parts }, (_, part) => runPart({ kind, part, parts })));
  return { count: results.reduce((sum, { count }) => sum + count, 0), failed: Object.assign({}, ...results.map(({ failed }) => failed)) };
}

/** Runs a part of a kind. */
export async function runAll({ kind, part, parts }, sdk, world) {
  const failed = {};
  const left = Object.entries(KINDS[kind]).filter((_, index) => index % parts === part);
  const count = left.length;
  const some = async () => {
    for (let next; (next = left.shift()); ) await run(next[1], sdk, world).catch((error) => (failed[next[0]] = String(error?.stack ?? error)));
  };
  await Promise.all(Array.from({ length: AT_ONCE[kind] ?? 1 }, some));
  return { count, failed };
}
