import type { ErrorDetails, ErrorFields, ErrorKind } from "./generated/errors.js";

/** Marks the errors of all copies of the package. */
const BRAND: unique symbol = /* @__PURE__ */ Symbol.for("pipedrive-users.error") as never;

/** Whether a value is an error of the package, and of a kind where one is given: `filter` and `find` give an index. */
export function isBranded(error: unknown, kind: ErrorKind | undefined): boolean {
  try {
    // Not by its prototype: it may come from another realm, or from another copy.
    return typeof error === "object" && error !== null && BRAND in error && (typeof kind !== "string" || (error as { readonly kind?: unknown }).kind === kind);
  } catch {
    // A proxy may refuse.
    return false;
  }
}

/** A failed call, or a configuration that cannot be used. It never holds a token. */
export class PipedriveError extends (Error as unknown as new (message: string) => Error & ErrorDetails) {
  /** Makes an error, for tests and for servers of your own. Its kind is that of its class. */
  constructor(message: string, fields: Partial<ErrorFields> = {}) {
    super(message);
    const { cause, kind: given, ...rest } = fields;
    const { kind = given } = new.target as { readonly kind?: ErrorKind };
    // Unknown fields are not there.
    Object.assign(this, Object.fromEntries(Object.entries({ kind, attempts: 0, headers: {}, ...rest }).filter(([, value]) => value !== undefined)));
    if (cause !== undefined) Object.defineProperty(this, "cause", { value: cause, configurable: true, writable: true });
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** @internal An error of another copy of the package, or of another realm, is an instance too; not of a class that a program derives. */
  static override [Symbol.hasInstance](this: { readonly kind?: ErrorKind }, value: unknown): boolean {
    return Function.prototype[Symbol.hasInstance].call(this as never, value) || (Object.hasOwn(this, "kind") && isBranded(value, this.kind));
  }

  /** Returns all fields, for logs. */
  toJSON(): Record<string, unknown> {
    const { name, message, cause } = this;
    return { ...(this as object), name, message, ...(cause !== undefined && { cause: describe(cause) }) };
  }
}

/** What a log shows of a cause: not by instanceof, since it may come from another realm. */
function describe(cause: unknown): { name: string; message: string } {
  try {
    const { name, message } = Object(cause) as { name?: unknown; message?: unknown };
    return typeof message === "string" ? { name: String(name), message } : { name: typeof cause, message: String(cause) };
  } catch {
    // A getter may throw.
    return { name: typeof cause, message: "" };
  }
}
