import { describeType } from "../check.js";
import { makeError } from "../errors.js";
import { configError, Refusal, serverCore } from "./core.js";
import type { Identity } from "./oauth/tenant.js";

/** The user that a signed app token names. */
export interface SignedToken extends Identity {
  /** When the token expires. */
  readonly expiresAt: Date;
}

/**
 * Verifies the token with which an app extension's page proves who its user is: `token` in the query of its first page, or the result of
 * `sdk.execute(Command.GET_SIGNED_TOKEN)`. Only HS256 is accepted. `secret` is the app's JWT secret, or its client secret if none was
 * set; anything but a string with content is a {@link ConfigError}. Rejects with an {@link AuthenticationError} that says what is wrong
 * and never shows the token.
 */
export async function verifySignedToken(jwt: string | null | undefined, secret: string): Promise<SignedToken> {
  // As a text, undefined would be a secret that everybody knows.
  if (typeof secret !== "string" || !secret) throw configError(`the secret of signed tokens must be a string with content, got ${secret === "" ? "an empty one" : describeType(secret)}`);
  if (typeof jwt !== "string") throw makeError(`the signed token must be a string, got ${describeType(jwt)}`, { kind: "authentication", status: 401 });
  const core = await serverCore();
  try {
    const [companyId, userId, expiresAt] = core.verify(jwt, secret, Date.now());
    return { companyId, userId, expiresAt: new Date(expiresAt) };
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    throw makeError(refusal.info, { kind: "authentication", status: refusal.status });
  }
}
