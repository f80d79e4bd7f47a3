import { causeText, type Head } from "./attempt.js";
import type { ErrorFields, ErrorKind } from "./errors.js";
import { ENDPOINTS, type OperationId } from "./generated/operations.js";
import { type Said, said } from "./said.js";
import type { Secrets } from "./secrets.js";
import { date, header, NOTHING } from "./told.js";

/** What to send, and how patiently. */
export interface Job {
  readonly operation: OperationId;
  readonly url: string;
  readonly body: string | undefined;
  readonly headers: readonly (readonly [string, string])[];
  readonly timeoutMs: number;
  readonly maxRetries: number;
}

/** An error that each of those who get it makes an object of its own of. */
export interface Failure extends ErrorFields {
  readonly message: string;
}

/** What a wait ends with when its time is over. */
export const ELAPSED = /* @__PURE__ */ Symbol();

/** What whoever waits for a flight that was given up gets: nobody hears of it. */
const GIVEN_UP = /* @__PURE__ */ Symbol();

/** The place of the answer among what fills gaps. */
const ANSWER = 1;

/** The longest time that a timer takes. */
const LONGEST_TIMER_MS = 2147483647;

/** How much of a body an error keeps: 1 MiB. */
const BODY_LIMIT = 1 << 20;

/** Whether a header of this name, in lower case, carries a credential. */
export const isCredential = (name: string): boolean => /^(authorization|x-api-token|cookie|set-cookie)$/.test(name);

export const plain = (headers: Iterable<readonly [string, string]>): Readonly<Record<string, string>> =>
  Object.freeze(Object.fromEntries(headers));

/** A server's text as a part of a line: no line breaks, no end, and not the whole of a page. */
const oneLine = (text: string): string => /^[^]{0,300}/u.exec(text.trim())![0].replace(/\p{Cc}/gu, " ").replace(/\.+$/, "");

/**
 * A request on its way, over all its attempts and for all who share it. The core is told of it and leaves here what
 * it has to say: `renewable`, `done` and `fail` are for Rust, in its order of parameters.
 */
export class Flight {
  /** How many calls wait for it. */
  waiting = 0;
  attempts = 0;
  /** The answer of the last attempt, as far as it came. */
  head: Head | undefined;
  text: string | undefined;
  /** Its body, parsed, where it is of a failure. */
  json: unknown;
  /** What was thrown in the last attempt. */
  cause: unknown;
  /** What the last answer told of the limits. */
  told = NOTHING;
  failure: Failure | undefined;
  /** What a good answer holds, where the list goes on, and Pipedrive's notice that the operation will go away. */
  data: unknown;
  next: string | number | undefined;
  notice: string | undefined;
  /** Ends when there is a good answer, or fails with a {@link Failure}. */
  landed!: Promise<void>;
  #over = false;
  #stopWaiting: ((reason: unknown) => void) | undefined;

  constructor(
    readonly job: Job,
    readonly key: string,
    readonly renewable: boolean,
    private readonly secrets: Secrets,
  ) {}

  /** Forgets what an attempt came to. */
  clear(cause?: unknown): void {
    this.head = this.text = this.json = this.failure = undefined;
    this.cause = cause;
  }

  done(data: unknown, next: string | number | undefined, notice: string | undefined): void {
    this.data = data;
    // An empty cursor leads nowhere.
    this.next = next || undefined;
    this.notice = notice;
  }

  /** `line` has a gap, and `gap` says what fills it; numbers that are not there are negative. */
  fail(
    kind: ErrorKind,
    line: string,
    gap = 0,
    retryAfterMs = -1,
    scope = 0,
    resetAt = -1,
  ): void {
    const { head, attempts, cause } = this;
    const { operation, timeoutMs } = this.job;
    const { text, detail, code }: Said = (gap === ANSWER && said(this.json)) || {};
    const words = [head?.status || "redirect", text && oneLine(text)].filter(Boolean).join(" ");
    const filler = ["", words, causeText(cause), timeoutMs, ENDPOINTS[operation].cost][gap];
    const headers = [...(head?.headers.entries() ?? [])].map(([name, value]) => [name, isCredential(name) ? "[redacted]" : value] as const);
    this.failure = this.secrets.clean({
      message: `${operation}: ${line.replace("{}", () => String(filler))}${detail ? ` (${oneLine(detail)})` : ""}`,
      kind,
      operation,
      status: head?.status,
      code,
      detail,
      requestId: header(head?.headers, "x-correlation-id"),
      retryAfterSeconds: retryAfterMs < 0 ? undefined : retryAfterMs / 1000,
      attempts,
      headers: plain(headers),
      body: this.text?.slice(0, BODY_LIMIT),
      cause,
      causeText: cause === undefined ? undefined : causeText(cause),
      scope: ([undefined, "burst", "daily"] as const)[scope],
      resetAt: date(resetAt < 0 ? undefined : resetAt),
    });
  }

  /** Waits for something, for so long at most, or until the flight is given up. */
  wait<T>(milliseconds: number, work: Promise<T> | undefined): Promise<T | typeof ELAPSED> {
    return new Promise((resolve, reject) => {
      if (this.#over) return reject(GIVEN_UP);
      const timer = milliseconds < Infinity ? setTimeout(() => end(resolve, ELAPSED), Math.min(milliseconds, LONGEST_TIMER_MS)) : undefined;
      const end = <V>(settle: (value: V) => void, value: V) => {
        clearTimeout(timer);
        this.#stopWaiting = undefined;
        settle(value);
      };
      this.#stopWaiting = (reason) => end(reject, reason);
      work?.then(
        (value) => end(resolve, value),
        (reason: unknown) => end(reject, reason),
      );
    });
  }

  /** Gives it up, wherever it is. */
  giveUp(): void {
    this.#over = true;
    this.#stopWaiting?.(GIVEN_UP);
  }
}
