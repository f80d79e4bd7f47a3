import type { OperationId } from "./generated/operations.js";

/** What every call may have of its own. */
export interface CallOptions {
  /** Cancels the call, wherever it is; it then rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /** How long one attempt may take, in milliseconds, its body included. Default: the client's. */
  timeoutMs?: number | undefined;
  /** How often the call may be sent again, 0 to 10. Default: the client's. */
  maxRetries?: number | undefined;
  /** Headers beside the client's. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** What is known of an answer beside its data. */
export interface ResponseInfo {
  /** The HTTP status. */
  readonly status: number;
  /** The headers, names in lower case. A page on another origin sees only those that CORS exposes. */
  readonly headers: Readonly<Record<string, string>>;
  /** Pipedrive's `x-correlation-id`, to quote to its support. */
  readonly requestId: string | undefined;
  /** How many requests were sent for this call. */
  readonly attempts: number;
  /** What the operation costs, in tokens of the company's daily budget. */
  readonly cost: number;
  /** The limits as this answer told them. */
  readonly rateLimit: RateLimit;
}

/** The limits of the API. A page on another origin can read only the first three. */
export interface RateLimit {
  /** Calls in a burst window of two seconds. */
  readonly limit: number | undefined;
  /** Calls left in it. */
  readonly remaining: number | undefined;
  /** When the window ends. */
  readonly resetAt: Date | undefined;
  /** Tokens that the company may spend in a day. */
  readonly dailyLimit: number | undefined;
  /** Tokens left of them. */
  readonly dailyRemaining: number | undefined;
}

/** What was spent. */
export interface Spent {
  /** Tokens of the company's daily budget. */
  readonly tokensSpent: number;
  /** Requests that were sent, retries included. */
  readonly callsSent: number;
  /** Calls that shared another's request instead of sending their own. */
  readonly callsSaved: number;
}

/** What a client has spent since it was made. */
export interface Usage extends Spent {
  /** The same for each operation. */
  readonly operations: Readonly<Record<OperationId, Spent>>;
}

/** A token, or a function that gives one: it is asked before each attempt, once for all calls that wait for it. */
export type Token = string | (() => string | Promise<string>);

/** Something that the client did. It never holds a body or a secret. */
export interface UsersEvent {
  /** What happened: `limited` is a limit that was hit or would have been, `wait` a wait for the burst window. */
  readonly type: "request" | "response" | "retry" | "wait" | "limited" | "shared" | "drift" | "deprecated" | (string & {});
  /** In which operation, such as `getUser`. */
  readonly operation: string;
  /** In which attempt, from 1; 0 before the first. */
  readonly attempt: number;
  /** What the operation costs. */
  readonly cost: number;
  /** The status, where there was an answer. */
  readonly status: number | undefined;
  /** How long the attempt took, or how long the wait will be, in milliseconds. */
  readonly durationMs: number | undefined;
  /** A line of text, where there is something to say. */
  readonly text: string | undefined;
}

/** A difference between an answer and the documented model. It never fails a call. */
export interface Drift {
  /** In which operation. */
  readonly operation: OperationId;
  /** Where, such as `$.data[].access[].app`. */
  readonly path: string;
  /** A member is `missing` or `unknown`, a value has another `type`, or an enumeration an unknown `value`. */
  readonly kind: "missing" | "type" | "value" | "unknown";
  /** What the model says. */
  readonly expected: string;
  /** What came: a type, or the value of an enumeration; never the value of another member. */
  readonly found: string;
}

/** Where log lines go: `console` is one. */
export interface Logger {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
}

/** What is logged: this and everything graver. */
export type LogLevel = "off" | "error" | "warn" | "info" | "debug";

/** The settings of a client, beside its credential. */
export interface UsersClientOptions {
  /** The company's own label, such as `"casinoroyale"`, or its whole `"https://casinoroyale.pipedrive.com"`: faster than api.pipedrive.com. */
  companyDomain?: string;
  /** Another server that speaks as api.pipedrive.com does, such as your own backend. https, but for the loopback; in a page also a path. */
  baseUrl?: string;
  /** Used instead of the runtime's `fetch`. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Headers for every request. */
  headers?: Readonly<Record<string, string>>;
  /** How long one attempt may take, in milliseconds, its body included. Default: 30 000. */
  timeoutMs?: number;
  /** How often a call may be sent again, 0 to 10. Default: 2. */
  maxRetries?: number;
  /** How many requests may be under way at once. Default: 10. */
  maxConcurrency?: number;
  /** How many tokens this client may spend in a day; a call over it is refused before it is sent. */
  dailyTokenBudget?: number;
  /** Allows a token as text in a page, where every visitor can read it. */
  dangerouslyAllowBrowser?: boolean;
  /** Where log lines go. Default: `console`. */
  logger?: Logger;
  /** What is logged. Default: `"warn"`. */
  logLevel?: LogLevel;
  /** Is told what the client does. */
  onEvent?: (event: UsersEvent) => void;
  /** Is told where answers differ from the models, once per path and kind. Without it, no body is looked at twice. */
  onDrift?: (drift: Drift) => void;
}

/** The settings of a client: one credential, or none and the `baseUrl` of a server that adds it. */
export type UsersClientConfig = UsersClientOptions &
  (
    | {
        /** A user's API token, sent as `x-api-token`. */
        apiToken: Token;
        accessToken?: never;
      }
    | {
        apiToken?: never;
        /** An OAuth access token, sent as `Authorization: Bearer`. */
        accessToken: Token;
      }
    | { apiToken?: never; accessToken?: never; baseUrl: string }
  );
