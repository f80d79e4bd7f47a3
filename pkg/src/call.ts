import type { ErrorFields } from "./errors.js";
import { isPipedriveError, makeError } from "./errors.js";
import { ENDPOINTS, type OperationId } from "./generated/operations.js";
import type { Secrets } from "./secrets.js";
import type { RateLimit, ResponseInfo } from "./types.js";

/** What a call comes to. */
export interface Outcome<Data> {
  readonly data: Data;
  /** Where the list goes on. */
  readonly next: string | number | undefined;
  readonly response: ResponseInfo;
}

/** A promise of the data of an answer, which can give the rest of the answer too. */
export class ApiPromise<Data, Raw = Data> extends Promise<Data> {
  // What `then` makes of this is a plain promise.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  readonly #outcome: Promise<Outcome<Raw>>;
  readonly #pick: (outcome: Outcome<Raw>) => Data;

  /** @internal */
  constructor(outcome: Promise<Outcome<Raw>>, pick: (outcome: Outcome<Raw>) => Data) {
    // Whoever asks for the response alone leaves no promise of the data behind that could be rejected unheard.
    super((resolve) => resolve(undefined as Data));
    this.#outcome = outcome;
    this.#pick = pick;
  }

  override then<A = Data, B = never>(
    onFulfilled?: ((data: Data) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#outcome.then(this.#pick).then(onFulfilled, onRejected);
  }

  override catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<Data | B> {
    return this.then(undefined, onRejected);
  }

  override finally(onFinally?: (() => void) | null): Promise<Data> {
    return this.#outcome.then(this.#pick).finally(onFinally);
  }

  /** The data together with the answer's status, headers, cost and limits. */
  async withResponse(): Promise<{ data: Data; response: ResponseInfo }> {
    const outcome = await this.#outcome;
    return { data: this.#pick(outcome), response: outcome.response };
  }
}

const plain = (headers: Iterable<readonly [string, string]>): Readonly<Record<string, string>> =>
  Object.freeze(Object.fromEntries(headers));

const date = (milliseconds: number | undefined): Date | undefined =>
  milliseconds === undefined ? undefined : new Date(milliseconds);

/** The core's `[limit, remaining, resetAt, dailyLimit, dailyRemaining]` with names. */
export function rateLimit([limit, remaining, resetAt, dailyLimit, dailyRemaining]: readonly (number | undefined)[]): RateLimit {
  return { limit, remaining, resetAt: date(resetAt), dailyLimit, dailyRemaining };
}

/**
 * Remembers the place of a call, so that its error shows the caller's line; frames down to `above` are left out. The
 * stack becomes text only when it is read, which few calls ever are.
 */
export function callSite(above: ((...args: never[]) => unknown) | undefined): { stack?: string } {
  const site: { stack?: string } = {};
  // V8's own. Elsewhere the stack of an error is where it is made, which is of no use, but the text says all.
  (Error as { captureStackTrace?: (target: object, above?: unknown) => void }).captureStackTrace?.(site, above);
  return site;
}

/** Where the core leaves the outcome of a call: the methods are called from Rust, in its order of parameters. */
export class Settle {
  #over = false;

  constructor(
    readonly operation: OperationId,
    readonly site: { stack?: string },
    /** Where the page began. */
    readonly from: Pick<ErrorFields, "cursor" | "start">,
    readonly secrets: Secrets,
    /** Lets go of all that the call holds. */
    private readonly end: () => void,
    /** Holds the data against the models, if anybody wants to know. */
    private readonly inspect: (data: unknown) => void,
    private readonly resolved: (outcome: Outcome<unknown>) => void,
    private readonly rejected: (reason: unknown) => void,
  ) {}

  done(data: unknown, next: string | number | undefined, status: number, headers: Headers, attempts: number, limits: (number | undefined)[]): void {
    const { operation } = this;
    if (!this.#isFirst()) return;
    this.inspect(data);
    this.resolved({
      data,
      next,
      // Most calls never look at it: it is made when it is asked for.
      get response() {
        return {
          status,
          headers: plain(headers),
          requestId: headers.get("x-correlation-id") ?? undefined,
          attempts,
          cost: ENDPOINTS[operation].cost,
          rateLimit: rateLimit(limits),
        };
      },
    });
  }

  fail(
    kind: ErrorFields["kind"],
    message: string,
    status: number | undefined,
    code: string | number | undefined,
    detail: string | undefined,
    requestId: string | undefined,
    retryAfterSeconds: number | undefined,
    attempts: number,
    headers: [string, string][],
    body: string | undefined,
    cause: unknown,
    causeText: string | undefined,
    scope: "burst" | "daily" | undefined,
    resetAt: number | undefined,
  ): void {
    const { operation, from, secrets } = this;
    const { cursor, start } = from;
    const fields = { kind, operation, status, code, detail, requestId, retryAfterSeconds, attempts, headers: plain(headers), body, cause: secrets.cause(cause), causeText, cursor, start, resetAt: date(resetAt) };
    this.throw(makeError(message, { ...fields, scope: kind === "rate_limit" ? scope : undefined }));
  }

  /** The module could not be loaded. All calls that waited for it get an error of their own. */
  notStarted(error: unknown): void {
    const { operation } = this;
    if (isPipedriveError(error)) error = makeError(`${operation}: ${error.message}`, { kind: error.kind, operation, cause: error.cause });
    this.throw(error);
  }

  /** The instance stopped under the call. */
  stopped(cause: unknown): void {
    const { operation } = this;
    this.throw(makeError(`${operation}: the WebAssembly stopped on a fault of its own, and the call with it${ENDPOINTS[operation].method === "GET" ? "" : ", which may have been carried out"}. The next call runs on a fresh instance. Please report error.cause`, { kind: "load", operation, cause }));
  }

  /** Rejects the call with an error of its own, which gets the stack of the place where the call was made. */
  throw(error: unknown): void {
    const frames = this.site.stack?.replace(/^.*\n/, "");
    if (frames && error instanceof Error) error.stack = `${error.name}: ${error.message}\n${frames}`;
    this.reject(error);
  }

  /** Rejects the call with whatever its caller aborted it with. */
  reject(reason: unknown): void {
    if (this.#isFirst()) this.rejected(reason);
  }

  /** Whether this is the call's first outcome, the one that counts. */
  #isFirst(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.end();
    return true;
  }
}
