import { isPipedriveError, makeError, type PipedriveError } from "./errors.js";

/** A module that can be instantiated: its bytes in the script, and the maker of its glue. */
export interface WasmSource<Exports> {
  module(): Promise<WebAssembly.Module>;
  /** Makes the glue of one instance, with a class in the place of the global `AbortController`. Nothing of it runs at import. */
  glue(controller: new () => AbortController): {
    readonly imports: WebAssembly.Imports;
    readonly exports: Exports;
    start(exports: WebAssembly.Exports): void;
  };
}

/** A call under way in an instance. */
export interface InstanceCall {
  /** That of its request. */
  controller?: AbortController | undefined;
  /** Ends it, and its request, when the instance has stopped on a fault. */
  stopped(cause: unknown): void;
}

/** A running instance. All of it is gone after a trap; the next call gets a fresh one. */
export interface Instance<Exports> {
  readonly exports: Exports;
  /** Whether a fault has stopped it. */
  stopped: boolean;
  /** The calls under way in it: all of them end with it. */
  readonly calls: Set<InstanceCall>;
  /** Enters the module on behalf of a call. A fault has ended all calls when this returns. */
  enter(call: InstanceCall, work: () => void): void;
}

/** Loads a module once for all clients, and again after a failure or a trap. */
export class Loader<Exports> {
  #compiled: Promise<WebAssembly.Module> | undefined;
  #running: Promise<Instance<Exports>> | undefined;
  /** The load that has completed. */
  #loaded: Promise<unknown> | undefined;

  constructor(private readonly source: WasmSource<Exports>) {}

  /** Returns the running instance. */
  load(): Promise<Instance<Exports>> {
    const loading: Promise<Instance<Exports>> = (this.#running ??= this.#instantiate().then((instance) => ((this.#loaded = loading), instance)).catch((cause: unknown) => {
      if (this.#running === loading) this.giveUp();
      throw notLoaded(cause);
    }));
    return loading;
  }

  /** Abandons a load that takes too long: a later call loads the module anew. */
  giveUp(): void {
    if (this.#running !== this.#loaded) this.#running = this.#compiled = undefined;
  }

  async #instantiate(): Promise<Instance<Exports>> {
    let current: InstanceCall | undefined;
    const { imports, exports, start } = this.source.glue(function () {
      const controller = new AbortController();
      if (current) current.controller = controller;
      return controller;
    } as unknown as new () => AbortController);
    const instance: Instance<Exports> = {
      exports,
      stopped: false,
      calls: new Set(),
      enter(call, work) {
        const outer = current;
        current = call;
        try {
          work();
        } catch (cause) {
          // A trap has ended all calls already; anything else is this call's.
          call.stopped(cause);
        } finally {
          current = outer;
        }
      },
    };
    const running = await WebAssembly.instantiate(await (this.#compiled ??= this.source.module()), imports);
    const guarded = guard(running.exports, instance, (cause) => {
      this.#running = undefined;
      for (const call of instance.calls) call.stopped(cause);
    });
    start(guarded);
    return instance;
  }
}

/** Catches what a fault throws, wherever JavaScript enters the module: it stops the instance and all calls in it. Once stopped, the module is not entered any more. */
function guard(exports: WebAssembly.Exports, instance: { stopped: boolean }, onStop: (cause: unknown) => void): WebAssembly.Exports {
  const guarded = (enter: (...args: unknown[]) => unknown) => (...args: unknown[]) => {
    try {
      return instance.stopped ? undefined : enter(...args);
    } catch (cause) {
      instance.stopped = true;
      onStop(cause);
      throw cause;
    }
  };
  return Object.fromEntries(Object.entries(exports).map(([name, it]) => [name, typeof it === "function" ? guarded(it as never) : it]));
}

// Engines word a policy's refusal differently: the cause has their words, and this says what to do.
const HINT = "A Content-Security-Policy needs 'wasm-unsafe-eval' in its script-src. The next call tries again.";

/** The error of a module that cannot be used. */
export const notLoaded = (cause: unknown, what = "the WebAssembly", hint = typeof WebAssembly === "object" ? HINT : "This runtime has no WebAssembly."): PipedriveError =>
  isPipedriveError(cause) ? cause : makeError(`${what} could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}. ${hint}`, { kind: "load", cause });
