import { CHECKS } from "./generated/drift.js";
import { ENDPOINTS, type OperationId } from "./generated/operations.js";
import { type Listener, safely } from "./observe.js";
import type { Drift } from "./types.js";

/** Told of a difference. */
export type Report = (path: string, kind: Drift["kind"], expected: string, found: string) => void;

/** Whether a value is an object, neither null nor a list. */
export const object = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

/** The type of a value in the words of a report, which never shows the value. */
export function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return Number.isInteger(value) ? "an integer" : "a number";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** A value of an enumeration. What is long is none, and nobody knows what it is. */
export const shown = (value: string): string => ([...value].length > 32 ? "a long string" : JSON.stringify(value));

/** Makes what holds the data of answers against the models: each difference is told once per path and kind. */
export function inspector(onDrift: (drift: Drift) => void, listener: Listener): (operation: OperationId, data: unknown) => void {
  const told = new Set<string>();
  return (operation, data) =>
    CHECKS[operation](data, (path, kind, expected, found) => {
      const key = `${operation} ${path} ${kind}`;
      if (told.has(key)) return;
      told.add(key);
      listener.event("drift", operation, 0, ENDPOINTS[operation].cost, undefined, undefined, `${path}: expected ${expected}, found ${found}`);
      safely(() => onDrift({ operation, path, kind, expected, found }));
    });
}
