import { type ErrorKind, makeError, operationError } from "./errors.js";
import type { OperationId } from "./generated/operations.js";

/** Describes a value in a few words, which never quote a string: it may be a secret. */
export function describeType(value: unknown): string {
  if (value === null || ["number", "boolean", "undefined"].includes(typeof value)) return String(value);
  if (isList(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Whether a value is a list. A proxy that was revoked cannot even be asked. */
function isList(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** A short text that cannot be a secret, quoted. */
export const quoted = (text: string) => (/^[\w.:/-]{0,24}$/.test(text) && !text.includes("v1u:") ? JSON.stringify(text) : `a string of ${[...text].length} characters`);

/** Names and values of an object, a `Headers` or a `Map`. */
export const entriesOf = (object: object): [string, unknown][] =>
  isFunction((object as Partial<Map<string, unknown>>).entries) ? [...(object as Map<string, unknown>).entries()] : Object.entries(object);

export const isFunction = (value: unknown): boolean => typeof value === "function";

/** Whether a value is an object with members: no list. */
export const isObject = (value: unknown): value is object => typeof value === "object" && value !== null && !isList(value);

/** The members of objects alone: what another script adds to `Object.prototype` is no option. */
export const own = <Own = Record<string, unknown>>(...objects: (object | undefined)[]): Own => Object.assign(Object.create(null), ...objects);

/** Whether a value is a whole number in a range. */
export const isInteger = (value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): value is number =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max;

/** What a value has to be: whether it is, and in words. */
export type Accepted = readonly [accepts: (value: unknown) => boolean, description: string];

export const integer = ([min, max]: readonly [number, number]): Accepted => [(value) => isInteger(value, min, max), `an integer from ${min} to ${max}`];

/** Refuses a setting that is given, and is not what it has to be. */
export function checkSetting(name: string, value: unknown, [accepts, description]: Accepted): void {
  if (value !== undefined && !accepts(value)) throw makeError(`${name} must be ${description}, got ${describeType(value)}`, { kind: "config" });
}

/** How many letters have to be changed, added or left out. */
function editDistance(a: string, b: string): number {
  let row = [...Array(b.length + 1).keys()];
  for (const letter of a) {
    const next = [row[0]! + 1];
    row.slice(1).forEach((above, index) => next.push(Math.min(next[index]! + 1, above + 1, row[index]! + Number(letter !== b[index]))));
    row = next;
  }
  return row.at(-1)!;
}

/** Refuses an object with an unknown member, and names the nearest known one. */
export function checkKeys(kind: ErrorKind, operation: OperationId | undefined, what: string, object: unknown, known: readonly string[]): void {
  const refused = (text: string) => operationError(operation, kind, `${what} ${text}`);
  if (!isObject(object)) throw refused(`must be an object; got ${describeType(object)}`);
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue;
    const [nearest] = known
      .map((name) => [editDistance(key.toLowerCase(), name.toLowerCase()), name] as const)
      .sort(([a], [b]) => a - b)
      .filter(([changes, name]) => changes <= Math.max(2, name.length / 3));
    throw refused(`has no ${quoted(key)}${nearest ? `; did you mean "${nearest[1]}"?` : `; it takes ${known.join(", ")}`}`);
  }
}
