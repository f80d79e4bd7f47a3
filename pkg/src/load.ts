import { isPipedriveError, makeError, type PipedriveError } from "./errors.js";

/** The glue of one instance of a module, as the build wraps wasm-bindgen's: nothing in it runs at import. */
export interface Glue<Exports> {
  readonly imports: WebAssembly.ModuleImports;
  readonly exports: Exports;
  start(exports: WebAssembly.Exports): void;
}

/** A module that can be instantiated: its bytes in the script, and the maker of its glue. */
export interface WasmSource<Exports> {
  readonly name: string;
  module(): Promise<WebAssembly.Module>;
  glue(globals: Globals): Glue<Exports>;
}

/** What an instance opens, so that it can be closed once the instance has stopped: it stands in for the global. */
interface Globals {
  readonly AbortController: new () => AbortController;
}

/** A call under way in an instance. */
export interface InstanceCall {
  /** Its request, aborted if the instance stops. */
  controller?: AbortController | undefined;
  /** Ends it when the instance has stopped on a fault. */
  stopped(cause: unknown): void;
}

/** A running instance. All of it is gone after a trap; the next call gets a fresh one. */
export interface Instance<Exports, Call extends InstanceCall = InstanceCall> {
  readonly exports: Exports;
  /** Whether a fault has stopped it. */
  stopped: boolean;
  /** The calls under way in it: all of them end with it. */
  readonly calls: Map<number, Call>;
  /** Enters the module on behalf of a call. A fault has ended all calls when this returns. */
  enter(call: Call, work: () => void): void;
}

/** Loads a module once for all clients, and again after a failure or a trap. */
export interface Loader<Exports, Call extends InstanceCall> {
  (): Promise<Instance<Exports, Call>>;
  /** Gives up a load that takes too long: whoever comes later begins anew. */
  giveUp(): void;
  /** The number of a new call, of all clients. */
  nextCallId(): number;
}

export function loader<Exports, Call extends InstanceCall = InstanceCall>(source: WasmSource<Exports>): Loader<Exports, Call> {
  let compiled: Promise<WebAssembly.Module> | undefined;
  let running: Promise<Instance<Exports, Call>> | undefined;
  let isLoaded = false;
  let calls = 0;

  const instantiate = async (): Promise<Instance<Exports, Call>> => {
    let current: Call | undefined;
    const glue = source.glue({
      AbortController: class {
        constructor() {
          const controller = new AbortController();
          if (current) current.controller = controller;
          return controller;
        }
      } as unknown as new () => AbortController,
    });
    const instance: Instance<Exports, Call> = {
      exports: glue.exports,
      stopped: false,
      calls: new Map(),
      enter(call, work) {
        const outer = current;
        current = call;
        try {
          work();
        } catch (cause) {
          // A trap has told all calls already; anything else is this call's.
          call.stopped(cause);
        } finally {
          current = outer;
        }
      },
    };
    let module: WebAssembly.Module;
    try {
      module = await (compiled ??= source.module());
    } catch (cause) {
      throw notLoaded(cause);
    }
    const stop = (cause: unknown) => {
      instance.stopped = true;
      running = undefined;
      isLoaded = false;
      const ended = [...instance.calls.values()];
      instance.calls.clear();
      for (const call of ended) {
        call.stopped(cause);
        call.controller?.abort();
      }
    };
    try {
      const { exports } = await WebAssembly.instantiate(module, { [source.name]: glue.imports });
      glue.start(guard(exports, instance, stop));
      isLoaded = true;
    } catch (cause) {
      throw notLoaded(cause);
    }
    return instance;
  };

  const load = () => {
    const loading = (running ??= instantiate().catch((error: unknown) => {
      if (running === loading) running = compiled = undefined;
      throw error;
    }));
    return loading;
  };
  const giveUp = () => {
    if (!isLoaded) running = compiled = undefined;
  };
  return Object.assign(load, { giveUp, nextCallId: () => ++calls });
}

/** What a stopped module returns: the glue takes some results apart. */
const NOTHING: readonly never[] = [];

/**
 * Catches what a fault throws, wherever JavaScript enters the module: it stops the instance and all calls in it. Once
 * stopped, the module is not entered any more.
 */
function guard(exports: WebAssembly.Exports, instance: { stopped: boolean }, stop: (cause: unknown) => void): WebAssembly.Exports {
  const entries = Object.entries(exports).map(([name, value]) => {
    if (typeof value !== "function") return [name, value] as const;
    const enter = (...args: unknown[]): unknown => {
      if (instance.stopped) return NOTHING;
      try {
        return (value as (...args: unknown[]) => unknown)(...args);
      } catch (cause) {
        stop(cause);
        throw cause;
      }
    };
    return [name, enter] as const;
  });
  return Object.fromEntries(entries) as WebAssembly.Exports;
}

/** The error of a module that cannot be used. */
export function notLoaded(cause: unknown): PipedriveError {
  if (isPipedriveError(cause)) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  // Engines word a policy's refusal differently: the cause has their words, and this says what to do.
  const hint =
    typeof WebAssembly === "object"
      ? "Where a page has a Content-Security-Policy, its script-src needs 'wasm-unsafe-eval'. A later call tries again."
      : "This runtime has no WebAssembly.";
  return makeError(`the WebAssembly could not be loaded: ${text}. ${hint}`, { kind: "load", cause });
}

/**
 * Compiles a module that travels inside the script, as the build encodes it: a character a byte, blanks before the higher
 * ones; lower-case letters stand for themselves.
 */
export async function decodeModule(alphabet: string, text: string): Promise<WebAssembly.Module> {
  const ranks = new Uint8Array(128);
  for (let rank = 0; rank < alphabet.length; rank++) ranks[alphabet.charCodeAt(rank)] = rank;
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let base = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 32) base += alphabet.length;
    else {
      const rank = base + ranks[code]!;
      bytes[length++] = code > 96 && code < 123 ? code : rank < 97 ? rank : rank + 26;
      base = 0;
    }
  }
  return WebAssembly.compile(bytes.subarray(0, length));
}
