// The stores, each on the real thing, and how to open one in a process of its own.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { freePort } from "../../../www/app-extension/demo.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const DIST = process.env.PIPEDRIVE_USERS_DIST ?? here("../../node_modules/pipedrive-users/dist");

/** A Redis of this test's own, in memory. */
export async function startRedis() {
  const port = await freePort();
  const child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], { stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => child.kill());
  await new Promise((resolve, reject) => {
    child.stdout.on("data", (text) => /Ready to accept connections/.test(text) && resolve());
    child.once("error", () => reject(new Error("redis-server is not there: install Debian's redis-server")));
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
  });
  return { url: `redis://127.0.0.1:${port}`, stop: () => child.kill() };
}

/** Runs the work of a process in `runtime` and gives what it printed; `died` where it was killed on the way. */
export async function run(work, runtime = "node") {
  const [program, args] = runtime === "node" ? [process.execPath, []] : [here("../../../target/packed/node_modules/.bin/deno"), ["run", "--no-lock", "--node-modules-dir=manual", "--unstable-kv", "--allow-all"]];
  const child = spawn(program, [...args, here("process.mjs"), JSON.stringify(work)], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.on("data", (text) => (out += text));
  child.stderr.on("data", (text) => (err += text));
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  if (code === 9) return { died: true };
  if (code !== 0) throw new Error(`the process ended with ${code}: ${err}`);
  return JSON.parse(out.trim().split("\n").pop());
}

/** A folder for Deno's file. */
export async function folder() {
  const path = await mkdtemp(join(tmpdir(), "pipedrive-users-"));
  return { path: join(path, "kv.sqlite"), remove: () => rm(path, { recursive: true, force: true }) };
}

/** Two Workers and the Durable Objects that they share, in workerd. */
export async function startWorkers() {
  const { readFile } = await import("node:fs/promises");
  const module = async (type, folder, name) => ({ type, path: name, contents: await readFile(join(folder, name)) });
  const modules = await Promise.all([
    module("ESModule", here("."), "worker.mjs"),
    module("ESModule", here("."), "work.mjs"),
    module("ESModule", DIST, "server.workerd.js"),
    module("ESModule", DIST, "drift.js"),
    module("CompiledWasm", DIST, "server.wasm"),
  ]);
  const common = { modules, compatibilityDate: "2026-01-01" };
  const miniflare = new Miniflare({
    cf: false,
    workers: [
      { name: "one", ...common, routes: ["one.example/*"], durableObjects: { TOKENS: { className: "Tokens", scriptName: "one" } } },
      { name: "two", ...common, routes: ["two.example/*"], durableObjects: { TOKENS: { className: "Tokens", scriptName: "one" } } },
    ],
  });
  await miniflare.ready;
  const ask = async (name, work) => {
    const response = await miniflare.dispatchFetch(`http://${name}.example/`, { method: "POST", body: JSON.stringify(work) });
    if (!response.ok) throw new Error(`the Worker answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  return { ask, stop: () => miniflare.dispose() };
}
