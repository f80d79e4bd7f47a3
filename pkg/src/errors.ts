/** What kind of failure it is, see {@link PipedriveError}. */
export type ErrorKind =
  | "config" | "argument" | "authentication" | "permission" | "blocked" | "not_found" | "validation" | "rate_limit"
  | "server" | "connection" | "timeout" | "decode" | "api" | "unexpected_status" | "load";

/** What is known of a failure, beside its text. */
export interface ErrorFields {
  readonly kind: ErrorKind;
  readonly operation?: string | undefined;
  readonly status?: number | undefined;
  readonly code?: string | number | undefined;
  readonly detail?: string | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly attempts?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly cause?: unknown;
  /** What the cause says, without the token that it may hold. */
  readonly causeText?: string | undefined;
  readonly scope?: "burst" | "daily" | undefined;
  readonly resetAt?: Date | undefined;
  readonly cursor?: string | undefined;
  readonly start?: number | undefined;
}

const BRAND = /* @__PURE__ */ Symbol.for("pipedrive-users.error");

/** A failed call, or a configuration that cannot be used. It never holds a token. */
export class PipedriveError extends Error {
  /** What kind of failure it is; each kind is a class of its own. */
  declare readonly kind: ErrorKind;
  /** The operation, such as `getUser`. */
  declare readonly operation: string | undefined;
  /** The HTTP status, where there was an answer. */
  declare readonly status: number | undefined;
  /** Pipedrive's `code`, `errorCode` or `statusCode`, as it came. It may differ from the HTTP status. */
  declare readonly code: string | number | undefined;
  /** Pipedrive's `error_info`, where it says more than where the documentation is. */
  declare readonly detail: string | undefined;
  /** Pipedrive's `x-correlation-id`, to quote to its support. */
  declare readonly requestId: string | undefined;
  /** How long the server asks to wait, in seconds. */
  declare readonly retryAfterSeconds: number | undefined;
  /** When the limit is lifted, or when the server asks to come back. */
  declare readonly resetAt: Date | undefined;
  /** How many requests were sent. */
  declare readonly attempts: number;
  /** The headers of the answer, names in lower case. */
  declare readonly headers: Readonly<Record<string, string>>;
  /** The text of the answer, 1 MiB at most. */
  declare readonly body: string | undefined;
  /** Where the page began that failed: give it as `cursor` to go on. */
  declare readonly cursor: string | undefined;
  /** Where the page began that failed: give it as `start` to go on. */
  declare readonly start: number | undefined;

  readonly #causeText: string | undefined;

  /** @internal */
  constructor(message: string, fields: ErrorFields) {
    super(message);
    const { cause, causeText, ...rest } = fields;
    // What is not known is not shown.
    const known = Object.entries({ attempts: 0, headers: {}, ...rest }).filter(([, value]) => value !== undefined);
    Object.assign(this, Object.fromEntries(known));
    if (cause !== undefined) Object.defineProperty(this, "cause", { value: cause, configurable: true, writable: true });
    Object.defineProperty(this, BRAND, { value: true });
    this.#causeText = causeText;
  }

  /** All fields, for logs. */
  toJSON(): Record<string, unknown> {
    const { cause } = this;
    return {
      ...(this as object),
      name: this.name,
      message: this.message,
      ...(cause !== undefined && { cause: { name: cause instanceof Error ? cause.name : typeof cause, message: this.#causeText } }),
    };
  }
}

/** The configuration is not usable: thrown by the constructor. */
export class ConfigError extends PipedriveError { declare readonly kind: "config"; }
/** A parameter was refused before anything was sent. */
export class ArgumentError extends PipedriveError { declare readonly kind: "argument"; }
/** 401, or a credential that could not be had. */
export class AuthenticationError extends PipedriveError { declare readonly kind: "authentication"; }
/** 403. */
export class PermissionError extends PipedriveError { declare readonly kind: "permission"; }
/** 403 with an HTML page: the address is blocked in front of Pipedrive. */
export class BlockedError extends PipedriveError { declare readonly kind: "blocked"; }
/** 404. */
export class NotFoundError extends PipedriveError { declare readonly kind: "not_found"; }
/** 400, 415 or 422. */
export class ValidationError extends PipedriveError { declare readonly kind: "validation"; }
/** 429, or refused here before it would be one. */
export class RateLimitError extends PipedriveError {
  declare readonly kind: "rate_limit";
  /** Which limit: so many calls in two seconds, or so many tokens a day. */
  declare readonly scope: "burst" | "daily";
  /** When the limit is lifted; for the daily one an estimate, since Pipedrive does not name its midnight's zone. */
  declare readonly resetAt: Date;
}
/** 5xx. */
export class ServerError extends PipedriveError { declare readonly kind: "server"; }
/** The network, CORS, or a body that was cut off. */
export class ConnectionError extends PipedriveError { declare readonly kind: "connection"; }
/** No whole answer in time. */
export class TimeoutError extends PipedriveError { declare readonly kind: "timeout"; }
/** A whole body that is not Pipedrive's envelope. */
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
  }
  return classes;
}

/** Makes the error of a kind. */
export const makeError = (message: string, fields: ErrorFields): PipedriveError =>
  new classes[fields.kind](message, fields);

/** Whether something is an error of this package, of the given kind where one is given. Works across copies of it. */
export function isPipedriveError(error: unknown): error is PipedriveError;
export function isPipedriveError<Kind extends ErrorKind>(error: unknown, kind: Kind): error is InstanceType<(typeof classes)[Kind]>;
export function isPipedriveError(error: unknown, kind?: ErrorKind): boolean {
  return error instanceof Error && BRAND in error && (kind === undefined || (error as Error as PipedriveError).kind === kind);
}
