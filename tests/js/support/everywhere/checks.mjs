// What the scenarios need that run in every runtime: nothing here comes from outside of the language.

/** A scenario's client may have a credential in a page too: it is worth nothing. */
export const newClient = ({ UsersClient }, config) => new UsersClient({ dangerouslyAllowBrowser: true, logLevel: "off", ...config });

// The real ones, also where a scenario replaces them.
const { setTimeout, clearTimeout } = globalThis;

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Fails if some work takes too long. */
export async function within(milliseconds, work) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`it has not ended after ${milliseconds} ms`)), milliseconds)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A text of any plain value. */
const show = (value) =>
  JSON.stringify(value, (_, part) => (part === undefined || (typeof part === "number" && !Number.isFinite(part)) || ["bigint", "symbol", "function"].includes(typeof part) ? `<${String(part)}>` : part));

/** Fails unless a condition holds. */
export function check(condition, what) {
  if (!condition) throw new Error(what);
}

/** Fails unless two plain values are alike. */
export function same(actual, expected, what = "it") {
  check(show(actual) === show(expected), `${what} is ${show(actual)}, not ${show(expected)}`);
}

/** The texts that hang on a value, also at symbols, at members that do not show, and in maps. */
function* textsOf(value, depth, seen = new Set()) {
  if (typeof value === "string") yield value;
  if (!["object", "function"].includes(typeof value) || value === null || seen.has(value) || depth === 0) return;
  seen.add(value);
  for (const key of Reflect.ownKeys(value)) {
    yield String(key);
    yield* textsOf(value[key], depth - 1, seen);
  }
  if (Symbol.iterator in value && typeof value !== "function") for (const part of value) yield* textsOf(part, depth - 1, seen);
}

/** Fails if a mark of a credential is anywhere in an error. */
export function showsNo(mark, error, { inspect = String } = {}, what = "") {
  const texts = [error.message, error.stack, String(error), JSON.stringify(error), inspect(error, { depth: 9, showHidden: true, maxStringLength: Infinity }), ...textsOf(error, 9)];
  const text = texts.map(String).find((text) => text.includes(mark));
  check(text === undefined, `${what} shows a credential: ${text?.slice(0, 1_000)}`);
}
