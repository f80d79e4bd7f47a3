import { addAbortListener, removeAbortListener } from "./abort.js";
import type { Outcome } from "./api-promise.js";
import { Call, rateLimitOf, type Running } from "./call.js";
import { checkKeys, describeType } from "./check.js";
import { type CheckedConfig, checkPage } from "./config.js";
import type { inspector } from "./drift.js";
import { type ErrorFields, makeError } from "./errors.js";
import { EventListener } from "./events.js";
import { type Core, type Exports, source } from "./generated/core.js";
import { OPERATIONS, type OperationId, PARAMS } from "./generated/operations.js";
import { type Instance, type Loader, loader } from "./load.js";
import type { CallOptions, RateLimit, Spent, Token, Usage } from "./types.js";

const CALL_OPTIONS = ["signal", "timeoutMs", "maxRetries", "headers"];

/** The running module: one instance for all clients. */
export const load = /* @__PURE__ */ loader<Exports, Call>(source);

/** Loads the module for a client, and makes its core. */
export interface ClientLoader extends Loader<Exports, Call> {
  readonly core?: (instance: Instance<Exports, Call>, settings: object) => Core;
}

/** A call to be made. */
export interface CallRequest {
  readonly operation: OperationId;
  /** What was given before the options; the object that is the body has its name in errors. */
  readonly values: readonly unknown[];
  readonly options: CallOptions | undefined;
  /** Where a later page begins, instead of where the options say. */
  readonly page?: Readonly<Record<string, unknown>>;
  /** Instead of the client's. */
  readonly credential?: Token;
  /** Whether the outcome has the text of the response. */
  readonly keepsBody?: boolean;
  /** The method that the error's stack begins above. */
  readonly above?: (...args: never[]) => unknown;
}

/** Runs calls in the module: loads it behind the first one, starts it afresh after a fault, and ends calls. */
export class CoreClient {
  readonly #config: CheckedConfig;
  /** Shared limits are in the server's module, which contains the core. */
  readonly #load: ClientLoader;
  readonly #listener: EventListener;
  #inspect: ReturnType<typeof inspector> | undefined;
  #running: Running | undefined;
  readonly #calls = new Set<Call>();
  #isClosed = false;
  /** What is known once the client is closed and its calls are ended. */
  #last: { usage: Usage; rateLimit: RateLimit } | undefined;

  constructor(config: CheckedConfig) {
    this.#config = config;
    this.#load = (config.limits?.attach(config) as ClientLoader | undefined) ?? load;
    this.#listener = new EventListener(config);
  }

  get usage(): Usage {
    if (this.#last) return this.#last.usage;
    const core = this.#core;
    const total = { tokensSpent: 0, callsSent: 0, callsSaved: 0 };
    const operations = OPERATIONS.map((operation, index) => {
      const [tokensSpent, callsSent, callsSaved] = [0, 1, 2].map((which) => core?.usage(index, which) ?? 0) as [number, number, number];
      total.tokensSpent += tokensSpent;
      total.callsSent += callsSent;
      total.callsSaved += callsSaved;
      return [operation, { tokensSpent, callsSent, callsSaved } satisfies Spent];
    });
    return { ...total, operations: Object.fromEntries(operations) as Usage["operations"] };
  }

  get rateLimit(): RateLimit {
    if (this.#last) return this.#last.rateLimit;
    let known = rateLimitOf(NaN, NaN, NaN, NaN, NaN);
    this.#core?.rateLimit({ limits: (...numbers: Parameters<typeof rateLimitOf>) => (known = rateLimitOf(...numbers)) });
    return known;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const call of [...this.#calls]) call.reject(closed(call.operation));
    // The core may be on the stack: a hook can close the client.
    queueMicrotask(() => {
      this.#last = { usage: this.usage, rateLimit: this.rateLimit };
      this.#core?.free();
      this.#running = undefined;
    });
  }

  /** Makes a call. */
  call<Data>(request: CallRequest): Promise<Outcome<Data>> {
    const { operation, options, above, keepsBody = false } = request;
    const { fetch, credential } = this.#config;
    let signal: AbortSignal | undefined;
    const abort = (reason: unknown) => call.abort(reason);
    const call: Call = new Call(this.#load.nextCallId(), operation, {
      fetch,
      listener: this.#listener,
      token: "credential" in request ? request.credential : credential,
      keepsBody,
      above,
      onData: (data) => this.#inspect?.(operation, data, call.id),
      onEnd: () => {
        this.#calls.delete(call);
        if (signal) removeAbortListener(signal, abort);
      },
    });
    this.#calls.add(call);
    try {
      const values = this.#values(request);
      signal = options?.signal;
      if (signal?.aborted) call.abort(signal.reason);
      else {
        if (signal) addAbortListener(signal, abort);
        this.#start(call, values, options?.timeoutMs ?? this.#config.timeoutMs ?? 30_000);
      }
    } catch (reason) {
      call.reject(reason as Error);
    }
    return call.promise;
  }

  /** Starts a call as soon as the module is there, which has to be within the time of an attempt. */
  #start(call: Call, values: readonly unknown[], timeoutMs: number): void {
    const running = this.#running;
    if (running && !running.instance.stopped) {
      // A getter of a replaced fetch can make a call while the core looks at another.
      if (running.core.isBusy) queueMicrotask(() => this.#calls.has(call) && this.#start(call, values, timeoutMs));
      else call.start(running, values);
      return;
    }
    const { operation } = call;
    // The caller may change what it gave while the module is loaded.
    const copied = copy(values, 4) as unknown[];
    const timer = setTimeout(() => {
      this.#load.giveUp();
      call.reject(makeError(`${operation}: the WebAssembly was not loaded within ${timeoutMs} ms (timeoutMs); nothing was sent`, { kind: "timeout", operation }));
    }, Number(timeoutMs) || 30_000);
    void this.#boot().then(
      () => {
        clearTimeout(timer);
        if (this.#calls.has(call)) this.#start(call, copied, timeoutMs);
      },
      ({ kind = "load", message, cause }: Partial<ErrorFields> & Error) => {
        clearTimeout(timer);
        // Each call that waited gets an error of its own.
        call.reject(makeError(`${operation}: ${message}`, { kind, operation, cause }));
      },
    );
  }

  /** The values of a call with its options. Refuses unknown names, which Rust never sees; Rust checks the rest. */
  #values({ operation, values, options = {}, page }: CallRequest): unknown[] {
    if (this.#isClosed) throw closed(operation);
    checkPage(this.#config, operation);
    const params = PARAMS[operation];
    checkKeys("argument", operation, "options", options, [...params.options, ...CALL_OPTIONS]);
    if (params.body) checkKeys("argument", operation, params.body.name, values[params.values.length], params.body.members);
    const { signal } = options;
    if (signal !== undefined && typeof signal?.addEventListener !== "function") {
      throw makeError(`${operation}: signal must be an AbortSignal, got ${describeType(signal)}`, { kind: "argument", operation });
    }
    const count = params.values.length + (params.body ? 1 : 0);
    return [...Array.from({ length: count }, (_, index) => values[index]), own(options, page)];
  }

  get #core(): Core | undefined {
    return this.#running?.instance.stopped ? undefined : this.#running?.core;
  }

  /** A core on a running instance: a fresh one after a fault. */
  async #boot(): Promise<void> {
    const loading = this.#load();
    // Node.js loads fetch and its classes when they are first touched: now, while the module compiles beside.
    void globalThis.Headers;
    const instance = await loading;
    const { onDrift } = this.#config;
    if (onDrift) this.#inspect ??= (await driftCheck()).inspector(onDrift, this.#listener);
    if (this.#running?.instance !== instance && !this.#isClosed) {
      const { v1, v2, headers, isAccessToken, timeoutMs, maxRetries, maxConcurrency, maxBodyBytes, dailyTokenBudget } = this.#config;
      const settings = { v1, v2, headers: new Map(headers), isAccessToken, timeoutMs, maxRetries, maxConcurrency, maxBodyBytes, dailyTokenBudget, eventMask: this.#listener.mask };
      const core = this.#load.core?.(instance, settings) ?? new instance.exports.Core(settings);
      this.#running = { instance, core };
    }
  }
}

/** The members of objects alone: what another script adds to `Object.prototype` is no option. */
const own = (...objects: (object | undefined)[]): object => Object.assign(Object.create(null), ...objects);

/** A copy of plain values, lists and objects. */
function copy(value: unknown, depth: number): unknown {
  if (depth === 0 || typeof value !== "object" || value === null || value instanceof AbortSignal) return value;
  if (Array.isArray(value)) return value.map((item) => copy(item, depth - 1));
  if (typeof (value as { entries?: unknown }).entries === "function") return new Map((value as Map<unknown, unknown>).entries());
  return own(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copy(member, depth - 1)])));
}

const closed = (operation: OperationId) => makeError(`${operation}: the client was closed by close()`, { kind: "config", operation });

/** The check for drift, which only those load who want it. */
const driftCheck = () =>
  import("./drift.js").catch((cause: unknown) => {
    throw makeError(`the check for onDrift could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}. A bundler has to keep drift.js beside the script`, { kind: "load", cause });
  });
