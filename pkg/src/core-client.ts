import { ApiPromise, type Executor } from "./api-promise.js";
import { Call, type CallContext, type CallRequest, rateLimitOf, rejecting, type Running, type Values } from "./call.js";
import { checkKeys, describeType, entriesOf, isFunction, isInteger, own } from "./check.js";
import { type CheckedConfig, checkPage } from "./config.js";
import { type ErrorFields, type ErrorKind, operationError, unreadable } from "./errors.js";
import { EventListener } from "./events.js";
import { type Core, type Exports, source } from "./generated/core.js";
import { OPERATIONS, type OperationId, PARAMS } from "./generated/operations.js";
import { CALL_OPTIONS, SETTINGS } from "./generated/settings.js";
import { type Instance, Loader } from "./load.js";
import { type AskForPage, type Page, type PageClass, PagePromise } from "./pages.js";
import { captureCallSite } from "./stack.js";
import type { CallOptions, RateLimit, Usage } from "./types.js";

/** The module: one instance for all clients. */
export const loader = /* @__PURE__ */ new Loader<Exports>(source);

/** Loads the module for one client, and may make its core. */
export interface ClientLoader extends Pick<Loader<Exports>, "load" | "giveUp"> {
  readonly core?: (instance: Instance<Exports>, settings: object) => Core;
}

/** Runs calls in the module: loads it behind the first one, starts it afresh after a fault, and ends calls. */
export class CoreClient implements CallContext {
  readonly listener: EventListener;
  readonly calls = new Set<Call>();
  inspect: CallContext["inspect"];
  #inspector: Promise<CallContext["inspect"]> | undefined;
  /** Shared limits are in the server's module, which contains the core. */
  readonly #loader: ClientLoader;
  #running: Running | undefined;
  #isClosed = false;
  /** What is known once the client is closed and its calls are ended. */
  #last: CoreClient["state"] | undefined;

  constructor(readonly config: CheckedConfig) {
    this.listener = new EventListener(config);
    this.#loader = (config.limits?.attach(config) as ClientLoader | undefined) ?? loader;
  }

  /** What was spent, and the limits: the last ones once the client is closed. */
  get state(): { readonly usage: Usage; readonly rateLimit: RateLimit } {
    if (this.#last) return this.#last;
    const core = this.#running?.core;
    // In the order in which Rust numbers them.
    const total = { tokensSpent: 0, callsSent: 0, callsSaved: 0 };
    const operations = OPERATIONS.map((operation, index) => {
      const spent = { ...total };
      (Object.keys(total) as (keyof typeof total)[]).forEach((name, which) => (total[name] += spent[name] = core?.usage(index, which) ?? 0));
      return [operation, spent];
    });
    return {
      usage: { ...total, operations: Object.fromEntries(operations) as Usage["operations"] },
      rateLimit: rateLimitOf([0, 1, 2, 3, 4].map((which) => core?.rateLimit(which) ?? NaN)),
    };
  }

  close(): void {
    this.#isClosed = true;
    for (const call of this.calls) call.reject(closed(call.operation));
    // The core may be on the stack: a hook can close the client.
    queueMicrotask(() => {
      this.#last = this.state;
      const running = this.#running;
      running?.core?.free();
      // What settles later must not enter it.
      if (running) running.core = this.#running = undefined;
    });
  }

  /** Makes a call, and its promise. */
  call<P extends Promise<unknown>>(request: CallRequest, make: (executor: Executor) => P): P {
    const call = new Call(this, request, make);
    try {
      const args = this.#args(request);
      call.listen(args["signal"] as AbortSignal | undefined);
      this.#start(call, args);
    } catch (reason) {
      call.reject(unreadable(reason, "argument", call.operation));
    }
    return call.promise as P;
  }

  /** Starts a call that has not ended, as soon as the module is there, which has to be within the time of an attempt. */
  #start(call: Call, args: Record<string, unknown>): void {
    if (!this.calls.has(call)) return;
    const running = this.#running;
    if (running?.core && !running.instance.stopped) {
      // A getter of a replaced fetch can make a call while the core looks at another.
      return running.core.isBusy ? queueMicrotask(() => this.#start(call, args)) : call.start(running, args);
    }
    const timeoutMs = isInteger(args["timeoutMs"], ...SETTINGS.timeoutMs) ? args["timeoutMs"] : (this.config.timeoutMs ?? 30_000);
    // Each call that waits gets an error of its own.
    const fail = (kind: ErrorKind, text: string, cause?: unknown) => call.reject(operationError(call.operation, kind, text, { cause }));
    // Replaced timers may throw, or fire although they were cleared.
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<Parameters<typeof fail>>((resolve) => (timer = setTimeout(resolve, timeoutMs, ["timeout", `the WebAssembly was not loaded within ${timeoutMs} ms (timeoutMs); nothing was sent`])));
    Promise.race([this.#boot(), late.catch((cause: unknown): Parameters<typeof fail> => ["config", "a timer was not set", cause])])
      .then((refusal) => (refusal ? (this.#loader.giveUp(), fail(...refusal)) : this.#start(call, args)), ({ kind = "load", message, cause }: Partial<ErrorFields> & Error) => fail(kind, message, cause))
      .finally(() => clearTimeout(timer)).catch(() => undefined);
  }

  /**
   * The arguments of a call by their names. Refuses unknown names, which Rust never sees; Rust checks the rest. They are a copy:
   * the caller may change what it gave while the module is loaded, and a proxy or a getter in it may throw.
   */
  #args({ operation, values, options }: CallRequest): Record<string, unknown> {
    if (this.#isClosed) throw closed(operation);
    checkPage(this.config, operation);
    const { options: known, body } = PARAMS[operation];
    const members = body && (values[body.name] as object | undefined);
    if (options !== undefined) checkKeys("argument", operation, "options", options, [...known, ...CALL_OPTIONS]);
    if (body) checkKeys("argument", operation, body.name, members, body.members);
    const args = own<Record<string, unknown> & { signal?: Partial<AbortSignal> }>(options, members, values);
    const { signal } = args;
    if (signal !== undefined && !(isFunction(signal?.addEventListener) && isFunction(signal.removeEventListener))) throw operationError(operation, "argument", `signal must be an AbortSignal, got ${describeType(signal)}`);
    for (const given of Object.keys(args)) if (given !== "signal") args[given] = copy(args[given], 2);
    return args;
  }

  /** Loads the check behind `onDrift`. Service workers forbid it, and a bundler may have left its file out: that fails no call. */
  async #loadInspector(onDrift: NonNullable<CheckedConfig["onDrift"]>): Promise<CallContext["inspect"]> {
    try {
      return (await import("./drift.js")).inspector(onDrift, this.listener);
    } catch (error) {
      this.listener.log("warn", `onDrift is not called: drift.js, beside this script, could not be loaded: ${String(error)}`);
      return () => undefined;
    }
  }

  /** A core on a running instance: a fresh one after a fault. */
  async #boot(): Promise<void> {
    const instance = await this.#loader.load();
    // Only those load it who want it.
    if (this.config.onDrift) this.inspect = await (this.#inspector ??= this.#loadInspector(this.config.onDrift));
    // Where a load took too long, a second one may be complete by now: the client keeps to one.
    if ((this.#running?.instance.stopped ?? true) && !this.#isClosed) {
      const settings = own(this.config, { eventMask: this.listener.mask });
      const core = this.#loader.core?.(instance, settings) ?? new instance.exports.Core(settings);
      this.#running = { instance, core };
    }
  }
}

/** The client of a method: none or another object, if the method was taken off it. */
type Owner = { readonly _core?: () => CoreClient } & Partial<Record<OperationId, Parameters<typeof captureCallSite>[0]>>;

const request = <P extends Promise<unknown>>(client: Owner | undefined, request: CallRequest, make: (executor: Executor) => P): P =>
  client?._core?.().call(request, make) ?? make(rejecting(operationError(request.operation, "argument", `call it as client.${request.operation}()`)));

/** Makes the call of a client's method. */
export const call = <Data>(client: Owner, operation: OperationId, values: Values, options: CallOptions | undefined): ApiPromise<Data> =>
  request(client, { operation, values, options, site: captureCallSite(client?.[operation]) }, (executor) => new ApiPromise<Data>(executor, (outcome) => outcome.data));

/** Makes the call of a client's method whose list has pages. */
export function pages<Item, P extends Page<Item>>(client: Owner, operation: OperationId, values: Values, options: CallOptions | undefined, Kind: PageClass<Item, P>): PagePromise<Item, P> {
  const ask: AskForPage = (make, from) => request(client, { operation, values: { ...values, ...from }, options, site: captureCallSite(from ? undefined : client?.[operation]) }, make);
  return ask((executor) => new PagePromise(executor, operation, ask, Kind));
}

/** A copy of plain values, lists and objects; of what is deeper, and of functions, only the kind counts. */
function copy(value: unknown, depth: number): unknown {
  if (isFunction(value)) return copy;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return depth ? value.map((item) => copy(item, depth - 1)) : [];
  return depth ? own(Object.fromEntries(entriesOf(value).map(([name, member]) => [name, copy(member, depth - 1)]))) : {};
}

const closed = (operation: OperationId) => operationError(operation, "config", "the client was closed by close()");
