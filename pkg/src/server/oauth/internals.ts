import type { Identity, Tenant } from "./tenant.js";

/** What the proxy uses of an OAuth. A later version may add to it, and takes nothing away: see {@link BRAND}. */
export interface Internals {
  /** Returns the tokens of a user. */
  tenant(identity: Identity): Tenant;
  /** The origin of the app's callback URL. */
  readonly origin: string;
  /** Used instead of the runtime's `fetch`. */
  readonly fetch: typeof globalThis.fetch | undefined;
}

/** Marks the OAuth of all copies of the package, so that the proxy of one copy takes that of another: the ESM and the CommonJS build, or two versions. */
const BRAND = /* @__PURE__ */ Symbol.for("pipedrive-users.oauth");

export const setInternals = (oauth: object, value: Internals): void => void Object.defineProperty(oauth, BRAND, { value });

/** Returns undefined if the value is not an OAuth of this package. */
export function internalsOf(oauth: unknown): Internals | undefined {
  try {
    return (oauth as { readonly [BRAND]?: Internals } | undefined | null)?.[BRAND];
  } catch {
    // A proxy may refuse.
    return undefined;
  }
}
