// What tests and old libraries do to a program's globals while a call is under way: in every runtime, calls and waits go on.
import { check, newClient, pause, same } from "./checks.mjs";
import { good, respond } from "../script.mjs";

const { Date: RealDate } = globalThis;
const now = performance.now.bind(performance);
const refuse = () => {
  throw new Error("mock");
};

/** Takes back what was done. */
const undo = [];
const change = (object, name, work) => {
  const before = Object.getOwnPropertyDescriptor(object, name);
  undo.unshift(() => (before ? Object.defineProperty(object, name, before) : delete object[name]));
  work();
};
const set = (object, name, value) => change(object, name, () => Object.defineProperty(object, name, { value, configurable: true, writable: true, enumerable: true }));
const remove = (object, name) => change(object, name, () => delete object[name]);

const CHANGES = {
  "a Date without now()": () => set(globalThis, "Date", function () { return new RealDate(0); }),
  "a Date that always is the same": () => set(globalThis, "Date", class extends RealDate { constructor() { super(0); } static now() { return 0; } }),
  "a Date.now that throws": () => set(Date, "now", refuse),
  "a Date.now that returns nothing": () => set(Date, "now", () => undefined),
  "a Date.now that is not a number": () => set(Date, "now", () => NaN),
  "a Date.now of bigints": () => set(Date, "now", () => 5n),
  "a Date that throws": () => set(globalThis, "Date", class { constructor() { refuse(); } static now() { refuse(); } }),
  "a Date that lies an hour back, then a day on": () => {
    let count = 0;
    set(Date, "now", () => RealDate.UTC(2026, 0, 1) + (++count % 2 ? -3_600_000 : 86_400_000));
  },
  "a monotonic clock that is not a number": () => set(performance, "now", () => NaN),
  "a monotonic clock of bigints": () => set(performance, "now", () => 5n),
  "a monotonic clock of symbols": () => set(performance, "now", () => Symbol()),
  "a monotonic clock that throws": () => set(performance, "now", refuse),
  "a monotonic clock that goes back": () => set(performance, "now", () => -now()),
  "a monotonic clock that stands still": () => set(performance, "now", () => 5),
  "no clock at all": () => {
    set(performance, "now", () => NaN);
    set(Date, "now", () => Symbol());
  },
  ...Object.fromEntries([1, NaN, -1, Infinity, 5n, Symbol()].map((number) => [`randomness that is always ${String(number)}`, () => set(Math, "random", () => number)])),
  "randomness that throws": () => set(Math, "random", refuse),
  "no performance": () => remove(globalThis, "performance"),
  "an Object.prototype with the names of options": () => Object.entries({ signal: 5, maxRetries: 0, headers: { a: "b" }, timeoutMs: 1 }).forEach(([name, value]) => set(Object.prototype, name, value)),
  "no TextDecoder, as in jsdom": () => remove(globalThis, "TextDecoder"),
};

/** The scenarios by their names: calls that wait to be sent again, for the end of a pause, and for nothing. */
export const CLOCKS = Object.fromEntries(Object.entries(CHANGES).map(([what, replace]) => [`calls and waits go on with ${what}`, async (sdk) => {
  await sdk.preload();
  const client = (fetch, more) => newClient(sdk, { accessToken: async () => "secret", fetch, ...more });
  const first = (...responses) => async () => responses.shift() ?? good({ id: 7 });
  const started = now();
  const early = client(first(respond(503, "{}", { "retry-after": "0.5" }))).getUser(7);
  await pause(100);
  try {
    replace();
    const again = client(() => good({ id: 7 }));
    const [took, ...outcomes] = await Promise.all([
      early.then(({ id }) => (same(id, 7), now() - started)),
      client(first(respond(429, "{}", { "x-ratelimit-reset": "0.3" }))).getUser(6).then(({ id }) => id),
      client(() => new Promise(() => {}), { maxRetries: 0 }).getUser(9, { timeoutMs: 200 }).catch((error) => error.kind),
      again.getUser(8).then(() => again.updateUser(7, { active_flag: true })).then(({ id }) => id),
    ]);
    same(outcomes, [7, "timeout", 7]);
    check(took > 450 && took < 3_000, `it took ${took} ms`);
  } finally {
    for (const back of undo.splice(0)) back();
  }
}]));
