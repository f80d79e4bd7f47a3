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
  glue(): Glue<Exports>;
}

/** A running instance. All of it is gone with a trap; the next call gets a fresh one. */
export interface Instance<Exports> {
  readonly exports: Exports;
  /** Whether a fault has stopped it. */
  stopped: boolean;
  /** The calls that are on their way in it: all of them end with it. */
  readonly calls: Set<{ stopped(cause: unknown): void }>;
}

/** Loads a module behind the first call, once for all clients, and again after a failure or a trap. */
export function loader<Exports>(source: WasmSource<Exports>): () => Promise<Instance<Exports>> {
  let compiled: Promise<WebAssembly.Module> | undefined;
  let running: Promise<Instance<Exports>> | undefined;

  const instantiate = async (): Promise<Instance<Exports>> => {
    const glue = source.glue();
    let module: WebAssembly.Module;
    try {
      module = await (compiled ??= source.module());
    } catch (cause) {
      throw notLoaded(cause);
    }
    const instance: Instance<Exports> = { exports: glue.exports, stopped: false, calls: new Set() };
    const stop = (cause: unknown) => {
      instance.stopped = true;
      running = undefined;
      const calls = [...instance.calls];
      instance.calls.clear();
      for (const call of calls) call.stopped(cause);
    };
    try {
      const { exports } = await WebAssembly.instantiate(module, { [source.name]: glue.imports });
      glue.start(guarded(exports, instance, stop));
    } catch (cause) {
      throw notLoaded(cause);
    }
    return instance;
  };

  return () =>
    (running ??= instantiate().catch((error: unknown) => {
      running = compiled = undefined;
      throw error;
    }));
}

/**
 * Catches what a fault throws, wherever JavaScript enters the module: it ends the instance and all calls in it. Once
 * stopped, the module is not entered any more.
 */
function guarded(exports: WebAssembly.Exports, instance: Instance<unknown>, stop: (cause: unknown) => void): WebAssembly.Exports {
  const entries = Object.entries(exports).map(([name, value]) => {
    if (typeof value !== "function") return [name, value] as const;
    const enter = (...args: unknown[]): unknown => {
      if (instance.stopped) return undefined;
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
  // How a policy's refusal is worded differs from engine to engine: the cause says it, and this what to do.
  const hint =
    typeof WebAssembly === "object"
      ? "Where a page has a Content-Security-Policy, its script-src needs 'wasm-unsafe-eval'. A later call tries again."
      : "This runtime has no WebAssembly.";
  return makeError(`the WebAssembly could not be loaded: ${text}. ${hint}`, { kind: "load", cause });
}

/** Compiles a module that travels inside the script, as the build writes it: a letter a byte, blanks before the higher ones. */
export async function unpack(letters: string, text: string): Promise<WebAssembly.Module> {
  const places = new Uint8Array(128);
  for (let place = 0; place < letters.length; place++) places[letters.charCodeAt(place)] = place;
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let base = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 32) base += letters.length;
    else {
      bytes[length++] = base + places[code]!;
      base = 0;
    }
  }
  return WebAssembly.compile(bytes.subarray(0, length));
}
