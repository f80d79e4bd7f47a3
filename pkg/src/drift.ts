import { CHECKS } from "./generated/drift.js";
import type { OperationId } from "./generated/operations.js";
import { callHook, type EventListener } from "./events.js";
import type { Drift } from "./types.js";

/** Called for a difference. */
export type Report = (path: string, kind: Drift["kind"], expected: string, found: string) => void;

/** Describes the type of a value, which is never shown. */
export function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return Number.isInteger(value) ? "an integer" : "a number";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Describes a value of an enumeration. A long string is none, and may be anything. */
export const describeValue = (value: string): string => ([...value].length > 32 ? "a long string" : JSON.stringify(value));

/** Makes a function that validates data against the models, and reports each difference once per path and kind. */
export function inspector(onDrift: (drift: Drift) => void, listener: EventListener): (operation: OperationId, data: unknown, callId: number) => void {
  const reported = new Set<string>();
  return (operation, data, callId) =>
    CHECKS[operation](data, (path, kind, expected, found) => {
      const key = `${operation} ${path} ${kind}`;
      if (reported.has(key)) return;
      reported.add(key);
      listener.emit("drift", operation, { callId, attempt: 0, text: `${path}: expected ${expected}, found ${found}` });
      callHook(() => onDrift({ operation, path, kind, expected, found }));
    });
}
