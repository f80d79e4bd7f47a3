// Starts workerd with a build of the package in it.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { makeCall } from "../js/support/faults.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const support = join(here, "../js/support");

/** Starts a worker with the build in a folder. `ask(path)` returns its response, and `lines` is what workerd logged. */
export async function start(dist, { entry = "worker.mjs", ...options } = {}) {
  const module = async (type, folder, name) => ({ type, path: name, contents: await readFile(join(folder, name)) });
  const lines = [];
  const miniflare = new Miniflare({
    modules: await Promise.all([
      module("ESModule", here, entry),
      module("ESModule", dist, "index.workerd.js"),
      module("ESModule", dist, "sandbox.workerd.js"),
      module("ESModule", dist, "drift.js"),
      module("CompiledWasm", dist, "core.wasm"),
      module("CompiledWasm", dist, "sandbox.wasm"),
      module("ESModule", support, "operations.mjs"),
      module("ESModule", support, "trap.mjs"),
      { type: "ESModule", path: "make-call.mjs", contents: `export ${makeCall}` },
      module("ESModule", support, "script.mjs"),
      module("ESModule", support, "wait.mjs"),
      ...(await readdir(join(support, "everywhere"))).map((name) => module("ESModule", support, `everywhere/${name}`)),
    ]),
    compatibilityDate: "2026-01-01",
    // No request to Cloudflare.
    cf: false,
    ...options,
    handleStructuredLogs: ({ level, message }) => lines.push(`${level}: ${message}`),
  });
  await miniflare.ready;
  const ask = async (path) => {
    const response = await miniflare.dispatchFetch(`http://worker.example${path}`);
    const text = await response.text();
    if (!response.ok) throw new Error(`the worker responded with ${response.status}: ${text}`);
    return JSON.parse(text);
  };
  return { ask, lines, stop: () => miniflare.dispose() };
}
