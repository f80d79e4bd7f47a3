import type { Outcome } from "./api-promise.js";
import { isPipedriveError, type PipedriveError } from "./errors.js";
import type { EventListener } from "./events.js";
import { ENDPOINTS, EVENTS, type OperationId } from "./generated/operations.js";
import type { RateLimit, ResponseInfo, Token } from "./types.js";

/** The limits as five numbers, as Rust hands them over; unknown ones are NaN. */
export function rateLimitOf(...numbers: [limit: number, remaining: number, resetAt: number, dailyLimit: number, dailyRemaining: number]): RateLimit {
  const [limit, remaining, resetAt, dailyLimit, dailyRemaining] = numbers.map((number) => (Number.isNaN(number) ? undefined : number));
  return { limit, remaining, resetAt: dateOf(resetAt), dailyLimit, dailyRemaining };
}

export const dateOf = (milliseconds: number | undefined): Date | undefined => (milliseconds === undefined ? undefined : new Date(milliseconds));

/** What a call takes from its client. */
export interface CallSettings {
  readonly fetch: unknown;
  readonly listener: EventListener;
}

/** A call as Rust has it: what it needs of JavaScript, for as long as the call lasts. */
export class Call {
  /** The request of its last attempt, kept by the loader so that it can be aborted if the module stops. */
  controller: AbortController | undefined;
  /** Has Rust poll the call. */
  wake: () => void = () => undefined;
  #rateLimit: RateLimit = rateLimitOf(NaN, NaN, NaN, NaN, NaN);
  #credentialController: AbortController | undefined;
  /** An error of this package that the credential function threw: it says more than that the function failed. */
  credentialError: PipedriveError | undefined;

  constructor(
    readonly id: number,
    readonly operation: OperationId,
    private readonly settings: CallSettings,
    private readonly token: Token | undefined,
    /** Ends the call when the module has stopped on a fault. */
    readonly stopped: (cause: unknown) => void,
    private readonly keepsBody: boolean,
  ) {}

  get fetch(): unknown {
    return this.settings.fetch;
  }

  get credential(): Token | undefined {
    const { token } = this;
    if (typeof token !== "function") return token;
    return async (request) => {
      try {
        return await token(request);
      } catch (error) {
        if (isPipedriveError(error)) this.credentialError = error;
        throw error;
      }
    };
  }

  /** Aborts when the call fails while its credential is asked for. */
  get signal(): AbortSignal {
    return (this.#credentialController ??= new AbortController()).signal;
  }

  /** The call has failed. */
  giveUp(reason: unknown): void {
    this.#credentialController?.abort(reason);
  }

  /**
   * Polls in the context in which the call was made, whoever wakes it: a reaction runs in the context in which it was
   * registered. Node.js's `AsyncLocalStorage` shows a credential function its own request that way.
   */
  pollInOwnContext(poll: () => void): void {
    void new Promise<void>((wake) => {
      this.wake = wake;
    }).then(() => {
      this.pollInOwnContext(poll);
      poll();
    });
  }

  event(kind: number, attempt: number, status: number, durationMs: number, text: string | undefined): void {
    const known = (number: number) => (Number.isNaN(number) ? undefined : number);
    this.settings.listener.emit(EVENTS[kind]!, this.operation, { callId: this.id, attempt, status: known(status), durationMs: known(durationMs), text });
  }

  limits(...numbers: Parameters<typeof rateLimitOf>): void {
    this.#rateLimit = rateLimitOf(...numbers);
  }

  /** Makes what the call resolves with. Most programs never look at the response: its parts are made when asked for. */
  outcome(data: unknown, next: string | number | undefined, status: number, headers: Headers, attempts: number, body: string): Outcome<unknown> {
    const { cost } = ENDPOINTS[this.operation];
    const rateLimit = this.#rateLimit;
    let response: ResponseInfo | undefined;
    return {
      data,
      next,
      body: this.keepsBody ? body : undefined,
      get response() {
        return (response ??= { status, headers: Object.freeze(Object.fromEntries(headers)), requestId: headers.get("x-correlation-id") ?? undefined, attempts, cost, rateLimit });
      },
    };
  }
}
