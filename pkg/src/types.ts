export type { CallOptions, Logger, LogLevel, UsersClientConfig, UsersClientOptions } from "./generated/settings.js";
export type * from "./generated/types.js";

/** What a credential function is called with. */
export interface TokenRequest {
  /** The token that was refused with a 401, where the call is made once more. */
  readonly refused?: string | undefined;
  /** Aborts when the call that asks is over. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Returns the token of one call. It is called for every call, in that call's own async context, and once more after a 401;
 * its result is used for no other call. See {@link cachedToken} for a token that is the same for all.
 */
export type TokenFunction = (request: TokenRequest) => string | Promise<string>;

/** A token, or a function that returns one. */
export type Token = string | TokenFunction;

/** Limits that several clients share. `pipedrive-users/server` makes them. */
export interface SharedLimits {
  /** Connects a client. @internal */
  attach(config: object): object;
  /** Returns the limits of one user of a company, whose tokens change. @internal */
  for(identity: { readonly companyId: number; readonly userId: number }): SharedLimits;
}
