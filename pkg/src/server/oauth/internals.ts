import type { Identity, Tenant } from "./tenant.js";

/** What the proxy uses of an OAuth, and no other code can reach. */
export interface Internals {
  /** Returns the tokens of a user. */
  tenant(identity: Identity): Tenant;
  /** The origin of the app's callback URL. */
  readonly origin: string;
  /** Used instead of the runtime's `fetch`. */
  readonly fetch: typeof globalThis.fetch | undefined;
}

const internals = new WeakMap<object, Internals>();

export const setInternals = (oauth: object, value: Internals): void => void internals.set(oauth, value);

/** Returns undefined if the value is not an OAuth of this package. */
export const internalsOf = (oauth: unknown): Internals | undefined => (typeof oauth === "object" && oauth ? internals.get(oauth) : undefined);
