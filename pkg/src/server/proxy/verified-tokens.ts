import type { ServerCore } from "../core.js";
import type { Identity } from "../oauth/tenant.js";

/** Number of tokens that are remembered. */
const MAX_TOKENS = 1_000;

/** The signed tokens that were verified and have not expired: a page sends the same one with many requests. */
export class VerifiedTokens {
  readonly #known = new Map<string, Identity & { readonly expiresAt: number }>();

  constructor(private readonly secret: string) {}

  /** Returns the user that a token names. Throws a refusal if it is not valid. */
  verify(token: string, core: ServerCore): Identity {
    const now = Date.now();
    const known = this.#known.get(token);
    if (known && now < known.expiresAt) return known;
    const [companyId, userId, expiresAt] = core.verify(token, this.secret, now);
    const identity = { companyId, userId, expiresAt };
    this.#known.set(token, identity);
    if (this.#known.size > MAX_TOKENS) this.#known.delete(this.#known.keys().next().value!);
    return identity;
  }
}
