import { makeError } from "./errors.js";
import { notLoaded } from "./load.js";

/** What can be given as the client's module: the file `pipedrive-users/core.wasm`, in whichever form is at hand. */
export type WasmGiven = WebAssembly.Module | BufferSource | Response | URL | string;

let module: Promise<WebAssembly.Module> | undefined;

/**
 * Gives the client its WebAssembly, once for all clients: compiled, as bytes, as a URL to fetch, as a response (which is
 * compiled while it comes), or a promise of one of these. Rejects with a {@link LoadError} where it cannot be used; it
 * can then be given again.
 */
export async function init(source: WasmGiven | Promise<WasmGiven>): Promise<void> {
  const compiling = compile(source);
  module = compiling;
  try {
    await compiling;
  } catch (cause) {
    if (module === compiling) module = undefined;
    throw notLoaded(cause);
  }
}

/** The module that was given. */
export const given = (): Promise<WebAssembly.Module> =>
  module ?? Promise.reject(makeError("give init() the file pipedrive-users/core.wasm first", { kind: "load" }));

async function compile(source: WasmGiven | Promise<WasmGiven>): Promise<WebAssembly.Module> {
  const it = await source;
  // Not by instanceof: a sandbox may have constructors of its own.
  if (Object.prototype.toString.call(it) === "[object WebAssembly.Module]") return it as WebAssembly.Module;
  if (typeof it === "string" || it instanceof URL) return compile(fetch(it));
  if (!("arrayBuffer" in it)) return WebAssembly.compile(it as BufferSource);
  if (!it.ok) throw new Error(`${it.url || "the server"} answered ${it.status}`);
  // Only what comes with the right type can be compiled while it comes.
  const isTyped = /^application\/wasm\b/.test(it.headers.get("content-type") ?? "");
  return isTyped && typeof WebAssembly.compileStreaming === "function" ? WebAssembly.compileStreaming(it) : WebAssembly.compile(await it.arrayBuffer());
}
