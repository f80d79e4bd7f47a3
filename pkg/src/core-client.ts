import { addAbortListener, removeAbortListener } from "./abort.js";
import type { Outcome } from "./api-promise.js";
import { Call, dateOf, rateLimitOf } from "./call.js";
import { checkKeys, describeType } from "./check.js";
import { type CheckedConfig, checkPage } from "./config.js";
import type { inspector } from "./drift.js";
import { type ErrorFields, makeError, type PipedriveError } from "./errors.js";
import { EventListener } from "./events.js";
import { type Core, type Exports, source } from "./generated/core.js";
import { ENDPOINTS, OPERATIONS, type OperationId, PARAMS } from "./generated/operations.js";
import { type Instance, loader } from "./load.js";
import { captureCallSite, withCallerStack } from "./stack.js";
import type { CallOptions, RateLimit, Spent, Token, Usage } from "./types.js";

const CALL_OPTIONS = ["signal", "timeoutMs", "maxRetries", "headers"];

/** The running module: one instance for all clients. */
export const load = /* @__PURE__ */ loader<Exports, Call>(source);

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

/** What a rejected promise of the module brings. */
type RustError = Omit<ErrorFields, "resetAt"> & { readonly message: string; readonly resetAt?: number };

interface Running {
  readonly core: Core;
  readonly instance: Instance<Exports, Call>;
}

/** Runs calls in the module: loads it behind the first one, starts it afresh after a fault, and ends calls. */
export class CoreClient {
  readonly #config: CheckedConfig;
  readonly #listener: EventListener;
  #inspect: ReturnType<typeof inspector> | undefined;
  #running: Running | undefined;
  /** How to end each call under way, with a reason. */
  readonly #calls = new Set<(reason: unknown) => void>();
  #isClosed = false;
  /** What is known once the client is closed and its calls are ended. */
  #last: { usage: Usage; rateLimit: RateLimit } | undefined;

  constructor(config: CheckedConfig) {
    this.#config = config;
    this.#listener = new EventListener(config);
  }

  get usage(): Usage {
    if (this.#last) return this.#last.usage;
    const core = this.#core;
    const total = { tokensSpent: 0, callsSent: 0, callsSaved: 0 };
    const operations = OPERATIONS.map((operation, index) => {
      const [tokensSpent, callsSent, callsSaved] = (core?.usage(index) ?? [0, 0, 0]) as [number, number, number];
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
    for (const end of [...this.#calls]) end(undefined);
    // The core may be on the stack: a hook can close the client.
    queueMicrotask(() => {
      this.#last = { usage: this.usage, rateLimit: this.rateLimit };
      this.#core?.free();
      this.#running = undefined;
    });
  }

  /** Makes a call. */
  call<Data>(request: CallRequest): Promise<Outcome<Data>> {
    const { operation, options = {}, above } = request;
    const site = captureCallSite(above);
    return new Promise((resolve, reject) => {
      const { signal } = options ?? {};
      let running: Running | undefined;
      let timer: ReturnType<typeof setTimeout> | undefined;
      /** Takes the call off everything that knows it. Only its first end counts. */
      const isFirstEnd = () => {
        if (!this.#calls.delete(end)) return false;
        if (signal) removeAbortListener(signal, abort);
        clearTimeout(timer);
        if (running) {
          running.instance.calls.delete(call.id);
          if (!running.instance.stopped) running.core.abort(call.id);
        }
        return true;
      };
      const abort = (reason: unknown) => {
        if (!isFirstEnd()) return;
        call.giveUp(reason);
        reject(reason);
      };
      const fail = (reason: unknown) => abort(withCallerStack(reason, site));
      const end = () => fail(closed(operation));
      const stopped = (cause: unknown) =>
        fail(makeError(`${operation}: the WebAssembly stopped on a fault of its own, and the call with it${ENDPOINTS[operation].method === "GET" ? "" : ", which may have been processed"}. The next call runs on a fresh instance. Please report error.cause`, { kind: "load", operation, cause }));
      const call = new Call(load.nextCallId(), operation, { fetch: this.#config.fetch, listener: this.#listener }, "credential" in request ? request.credential : this.#config.credential, stopped, request.keepsBody ?? false);

      const start = (loaded: Running, values: readonly unknown[]): void => {
        if (!this.#calls.has(end)) return;
        // Another call's fault may have stopped it while this one waited.
        if (loaded.instance.stopped) return boot(values);
        clearTimeout(timer);
        running = loaded;
        const { core, instance } = loaded;
        instance.calls.set(call.id, call);
        call.pollInOwnContext(() => instance.enter(call, () => core.poll(call.id)));
        const done = (outcome: unknown) => {
          if (!isFirstEnd()) return;
          const { data } = outcome as Outcome<Data>;
          this.#inspect?.(operation, data, call.id);
          resolve(outcome as Outcome<Data>);
        };
        const failed = (error: RustError) => {
          // A fault has ended the call already, and rejects with what was thrown.
          if (!instance.stopped) fail(errorOf(error, call.credentialError));
        };
        const method = core[operation] as (call: unknown, ...values: unknown[]) => Promise<unknown>;
        instance.enter(call, () => void method.call(core, call, ...values).then(done, failed));
      };
      const boot = (values: readonly unknown[]) => {
        const { timeoutMs = this.#config.timeoutMs ?? 30_000 } = options ?? {};
        timer ??= setTimeout(() => {
          load.giveUp();
          fail(makeError(`${operation}: the WebAssembly was not loaded within ${timeoutMs} ms (timeoutMs); nothing was sent`, { kind: "timeout", operation }));
        }, Number(timeoutMs) || 30_000);
        this.#boot().then((loaded) => start(loaded, values), (error: Partial<ErrorFields> & Error) => {
          // Each call that waited gets an error of its own.
          const { kind = "load", message, cause } = error;
          fail(makeError(`${operation}: ${message}`, { kind, operation, cause }));
        });
      };

      this.#calls.add(end);
      try {
        const values = this.#values(request);
        if (signal?.aborted) return abort(signal.reason);
        if (signal) addAbortListener(signal, abort);
        if (this.#running && !this.#running.instance.stopped) start(this.#running, values);
        // The caller may change what it gave while the module is loaded.
        else boot(copy(values, 4) as unknown[]);
      } catch (reason) {
        fail(reason);
      }
    });
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
  async #boot(): Promise<Running> {
    const loading = load();
    // Node.js loads fetch and its classes when they are first touched: now, while the module compiles beside.
    void globalThis.Headers;
    const instance = await loading;
    const { onDrift } = this.#config;
    if (onDrift) this.#inspect ??= (await driftCheck()).inspector(onDrift, this.#listener);
    if (this.#running?.instance !== instance && !this.#isClosed) {
      const { v1, v2, headers, isAccessToken, timeoutMs, maxRetries, maxConcurrency, dailyTokenBudget } = this.#config;
      const core = new instance.exports.Core({ v1, v2, headers: new Map(headers), isAccessToken, timeoutMs, maxRetries, maxConcurrency, dailyTokenBudget, eventMask: this.#listener.mask });
      this.#running = { instance, core };
    }
    // A client that was closed meanwhile has no calls any more.
    return this.#running!;
  }
}

/** The error of a rejected promise of the module. */
function errorOf({ message, resetAt, ...fields }: RustError, thrown: PipedriveError | undefined): unknown {
  // What the credential function threw may be known to other calls: each gets an error of its own.
  if (thrown) return makeError(message, { ...thrown, operation: fields.operation, attempts: fields.attempts ?? 0, cause: fields.cause });
  return makeError(message, { ...fields, resetAt: dateOf(resetAt), headers: Object.freeze(fields.headers ?? {}) });
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
