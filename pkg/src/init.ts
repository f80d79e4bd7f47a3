import { makeError } from "./errors.js";
import { notLoaded } from "./load.js";

/**
 * The client's module: the file `pipedrive-users/core.wasm` as a `WebAssembly.Module`, as bytes (an `ArrayBuffer` or a view of one), as a
 * `Response`, or as a `URL` or string to fetch. The type names none of them, so that it needs no `lib: ["DOM"]`.
 */
export type InitInput = object | string;

let module: Promise<WebAssembly.Module> | undefined;

/**
 * Provides the WebAssembly for all clients: compiled, as bytes, as a URL to fetch, as a response (compiled while it is
 * received), or a promise of one of these. Rejects with a {@link LoadError} if it cannot be used; call it again then.
 */
export async function init(source: InitInput | Promise<InitInput>): Promise<void> {
  const compiling = (module = compile(source));
  await compiling.catch((cause: unknown) => {
    if (module === compiling) module = undefined;
    throw notLoaded(cause);
  });
}

/** Returns the module that was provided. */
export const providedModule = (): Promise<WebAssembly.Module> =>
  module ?? Promise.reject(makeError("call init() with the file pipedrive-users/core.wasm first", { kind: "load" }));

async function compile(source: InitInput | Promise<InitInput>): Promise<WebAssembly.Module> {
  const it = await source;
  // Not by instanceof: a sandbox may have constructors of its own.
  if (Object.prototype.toString.call(it) === "[object WebAssembly.Module]") return it as WebAssembly.Module;
  if (typeof it === "string" || "href" in it) return compile(fetch(it as URL | string));
  if (!isResponse(it)) return WebAssembly.compile(it as BufferSource);
  if (!it.ok) throw new Error(`${it.url || "the server"} responded with ${it.status}`);
  // Only a response with the right type can be compiled while it is received.
  const isTyped = /^application\/wasm\b/.test(it.headers.get("content-type") ?? "");
  return isTyped && typeof WebAssembly.compileStreaming === "function" ? WebAssembly.compileStreaming(it) : WebAssembly.compile(await it.arrayBuffer());
}

const isResponse = (it: object): it is Response => "arrayBuffer" in it;
