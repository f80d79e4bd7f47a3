import { addAbortListener, removeAbortListener } from "./abort.js";
import type { Executor, Outcome } from "./api-promise.js";
import { describeType } from "./check.js";
import type { CheckedConfig } from "./config.js";
import type { inspector } from "./drift.js";
import { CLASSES, type ErrorDetails, type ErrorFields, isPipedriveError, makeError, operationError } from "./errors.js";
import type { EventListener } from "./events.js";
import type { Core, Exports } from "./generated/core.js";
import { ENDPOINTS, EVENTS, type OperationId } from "./generated/operations.js";
import type { Instance, InstanceCall } from "./load.js";
import { withCallerStack } from "./stack.js";
import type { CallOptions, RateLimit, ResponseInfo, Token, TokenFunction } from "./types.js";

/** The limits as five numbers, as Rust hands them over; unknown ones are NaN. */
export function rateLimitOf(numbers: readonly number[]): RateLimit {
  const [limit, remaining, resetAt, dailyLimit, dailyRemaining] = numbers.map(known);
  return { limit, remaining, resetAt: dateOf(resetAt), dailyLimit, dailyRemaining };
}

const known = (number: number) => (Number.isNaN(number) ? undefined : number);
const dateOf = (milliseconds: number | undefined): Date | undefined => (milliseconds === undefined ? undefined : new Date(milliseconds));

/** The fields of an error of this package that has a kind, where they can be read: not its texts, which may quote a token. */
function fieldsOf(thrown: unknown): ErrorFields | undefined {
  try {
    return isPipedriveError(thrown) && Object.hasOwn(CLASSES, thrown.kind) ? { ...thrown, detail: undefined, body: undefined, headers: {} } : undefined;
  } catch {} // Then it is an error like any other.
}

/** The headers of a response, and what they say of it: none where a replaced fetch keeps them from being read. */
function readable(headers: Headers): Pick<ResponseInfo, "headers" | "requestId"> {
  let all: Record<string, string> = {};
  try {
    all = Object.fromEntries(headers.entries());
  } catch {} // What cannot be read is absent.
  return { headers: Object.freeze(all), requestId: all["x-correlation-id"] };
}

/** Rejects when the caller could listen: workerd reports as unhandled what rejects before. */
export const rejecting = (reason: unknown): Executor => async (_, reject) => (await undefined, reject(reason));

/** What a method was given before its options, by its names. */
export type Values = Readonly<Record<string, unknown>>;

/** A call to be made. */
export interface CallRequest {
  readonly operation: OperationId;
  /** What was given before the options, by its names; one of them may be the body. */
  readonly values: Values;
  readonly options: CallOptions | undefined;
  /** Instead of the client's. */
  readonly credential?: Token | undefined;
  /** Receives a good response as it was sent. */
  readonly onResponse?: (status: number, headers: Headers, body: string) => void;
  /** Where the call was made, for the stack of its error. */
  readonly site?: { stack?: unknown };
}

/** A core on its running instance, until its client is closed. */
export type Running = { core: Core | undefined; readonly instance: Instance<Exports> };

/** What the calls of a client share. */
export interface CallContext {
  readonly config: CheckedConfig;
  readonly listener: EventListener;
  /** The calls under way. */
  readonly calls: Set<Call>;
  /** Validates the data of a response, where `onDrift` is set. */
  readonly inspect: ReturnType<typeof inspector> | undefined;
}

let calls = 0;

/**
 * A call: its promise, and what Rust needs of JavaScript as long as it lasts. What it starts continues in the context in
 * which it was made, since it registers all reactions and timers itself.
 */
export class Call implements InstanceCall {
  readonly id = ++calls;
  readonly operation: OperationId;
  /** The caller's own. */
  readonly fetch: unknown;
  /** A string, or a function that is asked for one. */
  readonly credential: Token | undefined;
  readonly promise: Promise<unknown>;
  controller: AbortController | undefined;
  #resolve!: (outcome: Outcome<never>) => void;
  #reject!: (reason: unknown) => void;
  #running: Running | undefined;
  #signal: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #credentialController: AbortController | undefined;
  /** The fields of an error of this package that the credential function threw: it says more than that the function failed. */
  #credentialError: ErrorFields | undefined;

  constructor(
    private readonly client: CallContext,
    private readonly request: CallRequest,
    make: (executor: Executor) => Promise<unknown>,
  ) {
    this.operation = request.operation;
    this.fetch = client.config.fetch;
    this.credential = request.credential ?? client.config.credential;
    client.calls.add(this);
    this.promise = make((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Ends with the caller's signal. */
  listen(signal: AbortSignal | undefined): void {
    addAbortListener((this.#signal = signal), this.abort);
  }

  /** Starts the call in the module: Rust holds it from here on. */
  start(running: Running, args: object): void {
    this.#running = running;
    running.instance.calls.add(this);
    this.#enter((core) => void core[this.operation](this.id, this, args as never));
  }

  /** Ends the call. Only its first end counts. */
  readonly abort = (reason: unknown): void => {
    if (!this.#end()) return;
    rejecting(reason)(this.#resolve, this.#reject);
    this.#leave();
    this.#credentialController?.abort(reason);
  };

  /** Ends the call with an error. */
  reject(error: Error): void {
    this.abort(withCallerStack(error, this.request.site));
  }

  /** The module has stopped on a fault. */
  stopped(cause: unknown): void {
    const note = ENDPOINTS[this.operation].method === "GET" ? "" : "; the call may have been processed";
    this.reject(operationError(this.operation, "load", `the WebAssembly stopped on a fault${note}. The next call runs on a fresh instance. Please report error.cause`, { cause }));
    this.controller?.abort();
  }

  // What follows is called by Rust, see src/wasm/js_call.rs.

  readonly describe = describeType;
  ask(refused: string | undefined): void {
    // Hardly any function looks at the signal, which costs more than all else here.
    const signal = () => (this.client.calls.has(this) ? (this.#credentialController ??= new AbortController()).signal : AbortSignal.abort());
    const ask = () => (this.credential as TokenFunction)({ refused, get signal() { return signal(); } });
    void this.#settle(ask, (core, isReturned, token) => {
      if (!isReturned) this.#credentialError = fieldsOf(token);
      core.onCredential(this.id, isReturned, token);
    });
  }

  follow(promise: unknown, attempt: number): void {
    void this.#settle(() => promise, (core, isFulfilled, value) => core.onSettled(attempt, isFulfilled, value), true);
  }

  /** Ends a wait. */
  wake = (): void => undefined;

  /** Lets the call go on after a time, or when it is woken: here, in its own context. A program may have replaced timers by what throws. */
  wait(milliseconds: number): void {
    this.#clearTimer();
    let wake: unknown;
    const timer = () => new Promise((resolve) => (this.#timer = setTimeout((this.wake = wake = resolve as () => void), milliseconds, true)));
    void this.#settle(timer, (core, isFulfilled, value) => {
      if (!isFulfilled) this.reject(operationError(this.operation, "config", "a timer was not set", { cause: value }));
      // A timer that could not be cleared fires too.
      else if (this.wake === wake) core.poll(this.id, value as boolean);
    });
  }

  event(kind: number, attempt: number, status: number, durationMs: number, text: string | undefined): void {
    this.client.listener.emit(EVENTS[kind]!, this.operation, { callId: this.id, attempt, status: known(status), durationMs: known(durationMs), text });
  }

  /** Most programs never look at the response: its parts are made when asked for. */
  succeed(data: never, next: string | number | undefined, status: number, headers: Headers, attempts: number, body: string, ...limits: number[]): void {
    if (!this.#end()) return;
    const { cost } = ENDPOINTS[this.operation];
    let response: ResponseInfo | undefined;
    this.client.inspect?.(this.operation, data, this.id);
    this.request.onResponse?.(status, headers, body);
    this.#resolve({ data, next, response: () => (response ??= { status, ...readable(headers), attempts, cost, rateLimit: rateLimitOf(limits) }) });
  }

  fail({ message, resetAt, ...fields }: Omit<ErrorFields, "resetAt"> & Pick<ErrorDetails, "attempts" | "headers"> & { readonly message: string; readonly resetAt?: number }): void {
    const { operation, attempts, cause, headers } = fields;
    // What the credential function threw may be known to other calls: each gets an error of its own.
    const thrown = this.#credentialError && { ...this.#credentialError, operation, attempts, cause };
    this.reject(makeError(message, thrown ?? { ...fields, resetAt: dateOf(resetAt), headers: Object.freeze(headers) }));
  }

  /** Takes the call off everything that knows it, and says whether this is its first end. */
  #end(): boolean {
    if (!this.client.calls.delete(this)) return false;
    this.#clearTimer();
    this.#running?.instance.calls.delete(this);
    try {
      removeAbortListener(this.#signal, this.abort);
    } catch {} // A signal that is none of the runtime's may refuse; it does nothing any more.
    return true;
  }

  #clearTimer(): void {
    try {
      clearTimeout(this.#timer);
    } catch {} // A timer that is none of the runtime's: it does nothing any more.
  }

  /** Awaits what some work returns, and enters the module with it. */
  async #settle(work: () => unknown, enter: (core: Core, isFulfilled: boolean, value: unknown) => void, isShared?: boolean): Promise<void> {
    let isFulfilled = true;
    let value: unknown;
    try {
      value = await work();
    } catch (error) {
      isFulfilled = false;
      value = error;
    }
    this.#enter((core) => enter(core, isFulfilled, value), isShared);
  }

  #leave(): void {
    const { core, instance } = this.#running ?? {};
    // A getter of a replaced fetch can end a call while the core looks at it.
    if (core && !instance!.stopped) return core.isBusy ? queueMicrotask(() => this.#leave()) : core.abort(this.id);
  }

  /** Enters the module. What others wait for continues even if this call is over. */
  #enter(work: (core: Core) => void, isShared?: boolean): void {
    const { core, instance } = this.#running!;
    if (core && (isShared || this.client.calls.has(this))) instance.enter(this, () => work(core));
  }
}
