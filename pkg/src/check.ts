import { type ErrorKind, makeError } from "./errors.js";
import type { OperationId } from "./generated/operations.js";

/** Describes a value in a few words, which never quote a string: it may be a secret. */
export function describeType(value: unknown): string {
  if (value === null || ["number", "boolean", "undefined"].includes(typeof value)) return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Whether a value is a whole number in a range. */
export const isInteger = (value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): value is number =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max;

/** How many letters have to be changed, added or left out. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Refuses an object with an unknown member, and names the nearest known one. */
export function checkKeys(kind: ErrorKind, operation: OperationId | undefined, what: string, object: unknown, known: readonly string[]): void {
  const refuse = (text: string) => {
    throw makeError(`${operation ? operation + ": " : ""}${what} ${text}`, { kind, operation });
  };
  if (typeof object !== "object" || object === null || Array.isArray(object)) refuse(`must be an object, got ${describeType(object)}`);
  for (const key of Object.keys(object as object)) {
    if (known.includes(key)) continue;
    const [nearest] = known
      .map((name) => [editDistance(key.toLowerCase(), name.toLowerCase()), name] as const)
      .sort(([a], [b]) => a - b)
      .filter(([changes, name]) => changes <= Math.max(2, name.length / 3));
    refuse(`has no "${key.slice(0, 40)}"${nearest ? `; did you mean "${nearest[1]}"?` : `; it takes ${known.join(", ")}`}`);
  }
}
