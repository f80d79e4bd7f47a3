import type { OperationId } from "./generated/operations.js";

/** The options of every call. */
export interface CallOptions {
  /** Aborts the call, wherever it is; it then rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /** How long one attempt may take, in milliseconds, its body included. Default: the client's. */
  timeoutMs?: number | undefined;
  /** How often the call may be sent again, 0 to 10. Default: the client's. */
  maxRetries?: number | undefined;
  /** Headers in addition to the client's. */
  headers?: Readonly<Record<string, string>> | undefined;
}

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

/** The rate limits of the API. A page on another origin can read only the first three. */
export interface RateLimit {
  /** Calls of one token in any two seconds. */
  readonly limit: number | undefined;
  /** Calls left of them. */
  readonly remaining: number | undefined;
  /** When there will be more. */
  readonly resetAt: Date | undefined;
  /** Cost units that the company may spend in a day. */
  readonly dailyLimit: number | undefined;
  /** Cost units left of them. */
  readonly dailyRemaining: number | undefined;
}

/** What was spent. */
export interface Spent {
  /** Cost units of the company's daily budget. */
  readonly tokensSpent: number;
  /** Requests sent, retries included. */
  readonly callsSent: number;
  /** Calls that shared another call's request instead of sending their own. */
  readonly callsSaved: number;
}

/** What a client has spent since it was made. */
export interface Usage extends Spent {
  /** The same, for each operation. */
  readonly operations: Readonly<Record<OperationId, Spent>>;
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

/** What every event has. An event never holds a body or a secret. */
interface EventBase {
  /** The number of the call: the same for all of its events. */
  readonly callId: number;
  /** The operation, such as `getUser`. */
  readonly operation: OperationId;
  /** The HTTP method. */
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** The number of the attempt, from 1; 0 before the first. */
  readonly attempt: number;
  /** What the operation costs. */
  readonly cost: number;
  /** The status, where there was a response. */
  readonly status: number | undefined;
  /** How long the attempt took, or how long the wait will be, in milliseconds. */
  readonly durationMs: number | undefined;
  /** A line of text, where there is something to say. */
  readonly text: string | undefined;
}

/** Something that the client did: a union over `type`. */
export type UsersEvent =
  /** A request is sent. */
  | (EventBase & { readonly type: "request" })
  /** An attempt ended, successfully or not. */
  | (EventBase & { readonly type: "response"; readonly durationMs: number })
  /** The call will be sent again; `text` says why. */
  | (EventBase & { readonly type: "retry"; readonly durationMs: number; readonly text: string })
  /** The call waits for the rate limit. */
  | (EventBase & { readonly type: "wait"; readonly durationMs: number })
  /** A limit was hit, or would have been. */
  | (EventBase & { readonly type: "limited"; readonly text: string })
  /** The call shares another call's request. */
  | (EventBase & { readonly type: "shared" })
  /** A response differs from the model. */
  | (EventBase & { readonly type: "drift"; readonly text: string })
  /** Pipedrive announced the removal of the operation. */
  | (EventBase & { readonly type: "deprecated"; readonly text: string });

/** A difference between a response and the documented model. It never fails a call. */
export interface Drift {
  /** The operation. */
  readonly operation: OperationId;
  /** Where, such as `$.data[].access[].app`. */
  readonly path: string;
  /** A member is `missing` or `unknown`, a value has another `type`, or an enumeration an unknown `value`. */
  readonly kind: "missing" | "type" | "value" | "unknown";
  /** What the model says. */
  readonly expected: string;
  /** What the response has: a type, or the value of an enumeration; never the value of another member. */
  readonly found: string;
}

/** Where log lines go: `console` is one. */
export interface Logger {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
}

/** The least severe level that is logged. */
export type LogLevel = "off" | "error" | "warn" | "info" | "debug";

/** Limits that several clients share. `pipedrive-users/server` makes them. */
export interface SharedLimits {
  /** Connects a client. @internal */
  attach(config: object): object;
  /** Returns the limits of one user of a company, whose tokens change. @internal */
  for(identity: { readonly companyId: number; readonly userId: number }): SharedLimits;
}

/** The settings of a client, besides its credential. */
export interface UsersClientOptions {
  /** The company's own label, such as `"casinoroyale"`, or its whole `"https://casinoroyale.pipedrive.com"`: faster than api.pipedrive.com. */
  companyDomain?: string | undefined;
  /** Another server with the API of api.pipedrive.com, such as your own backend: https (http only on the loopback), or in a page a path of its own origin. */
  baseUrl?: string | undefined;
  /** Used instead of the runtime's `fetch`. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Headers of every request. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** How long one attempt may take, in milliseconds, its body included. Default: 30 000. */
  timeoutMs?: number | undefined;
  /** How often a call may be sent again, 0 to 10. Default: 2. */
  maxRetries?: number | undefined;
  /** How many requests may be in flight at once. Default: as many as the burst limit allows. */
  maxConcurrency?: number | undefined;
  /** The most bytes of a response's body, once it is decompressed; what is longer is not read to its end, and is a {@link DecodeError}. Default: 64 MiB. */
  maxBodyBytes?: number | undefined;
  /** How many cost units this client may spend in a day. Calls that would exceed it fail without being sent. */
  dailyTokenBudget?: number | undefined;
  /**
   * Limits that clients with the same token share, also those of other processes: `memoryLimits()` or `redisLimits()` of
   * `pipedrive-users/server`. The daily budget then holds for all of them together. Default: the client's own limits.
   */
  limits?: SharedLimits | undefined;
  /** Allows a token as a string in a page, where every visitor can read it. */
  dangerouslyAllowBrowser?: boolean | undefined;
  /** Where log lines go. Default: `console`. */
  logger?: Logger | undefined;
  /** What is logged. Default: `"warn"`. */
  logLevel?: LogLevel | undefined;
  /** Called for every client event. */
  onEvent?: ((event: UsersEvent) => void) | undefined;
  /** Called for each difference between a response and its model, once per path and kind. Without it, data is not validated. */
  onDrift?: ((drift: Drift) => void) | undefined;
}

/** The settings of a client: one credential, or none and the `baseUrl` of a server that adds it. */
export type UsersClientConfig = UsersClientOptions &
  (
    | {
        /** A user's API token, sent as `x-api-token`. */
        apiToken: Token | undefined;
        accessToken?: undefined;
      }
    | {
        apiToken?: undefined;
        /** An OAuth access token, sent as `Authorization: Bearer`. */
        accessToken: Token | undefined;
      }
    | { apiToken?: undefined; accessToken?: undefined; baseUrl: string }
  );
