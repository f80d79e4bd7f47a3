import type { OperationId } from "./generated/operations.js";

/** The kind of a failure, see {@link PipedriveError}. */
export type ErrorKind =
  | "config" | "argument" | "authentication" | "permission" | "blocked" | "not_found" | "validation" | "rate_limit"
  | "server" | "connection" | "timeout" | "decode" | "api" | "unexpected_status" | "load";

/** What is known of a failure, besides its message. */
export interface ErrorFields {
  /** Its kind: a class has its own. */
  readonly kind: ErrorKind;
  /** The operation, such as `getUser`. */
  readonly operation?: OperationId | undefined;
  /** The HTTP status. */
  readonly status?: number | undefined;
  /** Pipedrive's own code. */
  readonly code?: string | number | undefined;
  /** Pipedrive's `error_info`. */
  readonly detail?: string | undefined;
  /** Pipedrive's `x-correlation-id`. */
  readonly requestId?: string | undefined;
  /** How long the server asks to wait, in seconds. */
  readonly retryAfterSeconds?: number | undefined;
  /** Number of requests sent. Default: 0. */
  readonly attempts?: number;
  /** The headers of the response, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The text of the response. */
  readonly body?: string | undefined;
  /** What was thrown. */
  readonly cause?: unknown;
  /** Which limit a 429 is of. */
  readonly scope?: "burst" | "daily" | undefined;
  /** When the limit is lifted. */
  readonly resetAt?: Date | undefined;
  /** Where the page began that failed. */
  readonly cursor?: string | undefined;
  /** Where the page began that failed. */
  readonly start?: number | undefined;
}

const BRAND = /* @__PURE__ */ Symbol.for("pipedrive-users.error");

/** A failed call, or a configuration that cannot be used. It never holds a token. */
export class PipedriveError extends Error {
  /** The kind of failure; each kind is a class of its own. */
  declare readonly kind: ErrorKind;
  /** The operation, such as `getUser`. */
  declare readonly operation: OperationId | undefined;
  /** The HTTP status, where there was a response. */
  declare readonly status: number | undefined;
  /** Pipedrive's `code`, `errorCode` or `statusCode`, as it came. It may differ from the HTTP status. */
  declare readonly code: string | number | undefined;
  /** Pipedrive's `error_info`, unless it only links to the documentation. */
  declare readonly detail: string | undefined;
  /** Pipedrive's `x-correlation-id`, to quote to its support. */
  declare readonly requestId: string | undefined;
  /** How long the server asks to wait, in seconds. */
  declare readonly retryAfterSeconds: number | undefined;
  /** When the limit is lifted, or the server asks to try again. */
  declare readonly resetAt: Date | undefined;
  /** Number of requests sent. */
  declare readonly attempts: number;
  /** The headers of the response, names in lower case. */
  declare readonly headers: Readonly<Record<string, string>>;
  /** The text of the response, at most 2²⁰ characters. */
  declare readonly body: string | undefined;
  /** Where the page began that failed: pass it as `cursor` to continue. */
  declare readonly cursor: string | undefined;
  /** Where the page began that failed: pass it as `start` to continue. */
  declare readonly start: number | undefined;

  /** Makes an error, for tests and for servers of your own. Its kind is that of its class. */
  constructor(message: string, fields: Partial<ErrorFields> = {}) {
    super(message);
    const { cause, ...rest } = fields;
    const { kind } = new.target as { readonly kind?: ErrorKind };
    // Unknown fields are not there.
    const known = Object.entries({ kind, attempts: 0, headers: {}, ...rest }).filter(([, value]) => value !== undefined);
    Object.assign(this, Object.fromEntries(known));
    if (cause !== undefined) Object.defineProperty(this, "cause", { value: cause, configurable: true, writable: true });
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Returns all fields, for logs. */
  toJSON(): Record<string, unknown> {
    const { cause } = this;
    return {
      ...(this as object),
      name: this.name,
      message: this.message,
      ...(cause !== undefined && { cause: describe(cause) }),
    };
  }
}

/** What a log shows of a cause: not by instanceof, since it may come from another realm. */
function describe(cause: unknown): { name: string; message: string } {
  const { name, message } = Object(cause) as { name?: unknown; message?: unknown };
  return typeof message === "string" ? { name: String(name), message } : { name: typeof cause, message: String(cause) };
}

/** The configuration is not usable: thrown by the constructor. */
export class ConfigError extends PipedriveError { declare readonly kind: "config"; }
/** An argument was refused before anything was sent. */
export class ArgumentError extends PipedriveError { declare readonly kind: "argument"; }
/** 401, or the credential function failed. */
export class AuthenticationError extends PipedriveError { declare readonly kind: "authentication"; }
/** 403. */
export class PermissionError extends PipedriveError { declare readonly kind: "permission"; }
/** 403 with an HTML page: the address is blocked in front of Pipedrive. */
export class BlockedError extends PipedriveError { declare readonly kind: "blocked"; }
/** 404. */
export class NotFoundError extends PipedriveError { declare readonly kind: "not_found"; }
/** 400, 415 or 422. */
export class ValidationError extends PipedriveError { declare readonly kind: "validation"; }
/** 429, or refused by the client before it would be one. */
export class RateLimitError extends PipedriveError {
  declare readonly kind: "rate_limit";
  /** Which limit: calls in any two seconds, or cost units a day. */
  declare readonly scope: "burst" | "daily";
  /** When the limit is lifted; for the daily one an estimate, since Pipedrive does not name its midnight's zone. */
  declare readonly resetAt: Date;
}
/** 5xx. */
export class ServerError extends PipedriveError { declare readonly kind: "server"; }
/** The network, CORS, or a body that was cut off. */
export class ConnectionError extends PipedriveError { declare readonly kind: "connection"; }
/** No complete response in time. */
export class TimeoutError extends PipedriveError { declare readonly kind: "timeout"; }
/** A complete body that is not Pipedrive's envelope. */
export class DecodeError extends PipedriveError { declare readonly kind: "decode"; }
/** `success: false` with a 2xx. */
export class ApiError extends PipedriveError { declare readonly kind: "api"; }
/** Any other status. */
export class UnexpectedStatusError extends PipedriveError { declare readonly kind: "unexpected_status"; }
/** The WebAssembly could not be loaded, or stopped. */
export class LoadError extends PipedriveError { declare readonly kind: "load"; }

/** The class of each kind. */
const classes = /* @__PURE__ */ named({
  config: ConfigError, argument: ArgumentError, authentication: AuthenticationError, permission: PermissionError,
  blocked: BlockedError, not_found: NotFoundError, validation: ValidationError, rate_limit: RateLimitError,
  server: ServerError, connection: ConnectionError, timeout: TimeoutError, decode: DecodeError, api: ApiError,
  unexpected_status: UnexpectedStatusError, load: LoadError,
} satisfies Record<ErrorKind, typeof PipedriveError>);

/** Names the classes by hand, since minifiers change the names of classes. */
function named<Classes extends Record<string, typeof PipedriveError>>(classes: Classes): Classes {
  for (const [kind, error] of Object.entries({ pipedrive: PipedriveError, ...classes })) {
    const value = kind.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase()) + "Error";
    for (const target of [error, error.prototype]) Object.defineProperty(target, "name", { value, configurable: true });
    if (error !== PipedriveError) Object.defineProperty(error, "kind", { value: kind });
  }
  return classes;
}

/** An error of any kind: a union over `kind`, so that `switch (error.kind)` narrows. */
export type AnyPipedriveError = InstanceType<(typeof classes)[ErrorKind]>;

/** Makes the error of a kind. */
export const makeError = (message: string, fields: ErrorFields): PipedriveError =>
  new classes[fields.kind](message, fields);

/** Returns whether a value is an error of this package, and of a kind where one is given. Works across copies of the package. */
export function isPipedriveError(error: unknown): error is AnyPipedriveError;
export function isPipedriveError<Kind extends ErrorKind>(error: unknown, kind: Kind): error is InstanceType<(typeof classes)[Kind]>;
export function isPipedriveError(error: unknown, kind?: ErrorKind): boolean {
  try {
    // Not by instanceof: it may come from another realm, or from another copy.
    return typeof error === "object" && error !== null && BRAND in error && (kind === undefined || (error as { readonly kind?: unknown }).kind === kind);
  } catch {
    // A proxy may refuse.
    return false;
  }
}
