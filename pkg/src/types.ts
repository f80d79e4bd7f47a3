import type { RateLimit } from "./generated/types.js";

export type { CallOptions, LogLevel, UsersClientConfig, UsersClientOptions } from "./generated/settings.js";
export type * from "./generated/types.js";

/** What is known of a response besides its data. */
export interface ResponseInfo {
  /** The HTTP status. */
  readonly status: number;
  /** The headers, names in lower case. A page on another origin sees only those that CORS exposes. */
  readonly headers: Readonly<Record<string, string>>;
  /** Pipedrive's `x-correlation-id`, to quote to its support. */
  readonly requestId: string | undefined;
  /** Number of requests sent for this call. */
  readonly attempts: number;
  /** What the operation costs, in cost units of the company's daily budget (Pipedrive calls them tokens). */
  readonly cost: number;
  /** The rate limits as this response told them. */
  readonly rateLimit: RateLimit;
}

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

/** Where log lines go: `console` is one. */
export interface Logger {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
}
