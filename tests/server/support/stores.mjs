// The stores on their real backends, and how to run work in a separate process.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { freePort } from "../../../www/app-extension/demo.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const DIST = process.env.PIPEDRIVE_USERS_DIST ?? here("../../node_modules/pipedrive-users/dist");

/** Starts a Redis server, in memory. */
export async function startRedis() {
  const port = await freePort();
  const child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], { stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => child.kill());
  await new Promise((resolve, reject) => {
    child.stdout.on("data", (text) => /Ready to accept connections/.test(text) && resolve());
    child.once("error", () => reject(new Error("redis-server is missing: install Debian's redis-server")));
    child.once("exit", (code) => reject(new Error(`redis-server exited with ${code}`)));
  });
  return { url: `redis://127.0.0.1:${port}`, stop: () => child.kill() };
}

/** Runs work in a process of `runtime`, and returns what it printed, or `{ died: true }` if it crashed on purpose. */
export async function run(work, runtime = "node") {
  const [program, args] = runtime === "node" ? [process.execPath, []] : [here("../../../target/packed/node_modules/.bin/deno"), ["run", "--no-lock", "--node-modules-dir=manual", "--unstable-kv", "--allow-all"]];
  const child = spawn(program, [...args, here("process.mjs"), JSON.stringify(work)], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.on("data", (text) => (out += text));
  child.stderr.on("data", (text) => (err += text));
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  if (code === 9) return { died: true };
  if (code !== 0) throw new Error(`the process exited with ${code}: ${err}`);
  return JSON.parse(out.trim().split("\n").pop());
}

/** Makes a folder for Deno's file. */
export async function folder() {
  const path = await mkdtemp(join(tmpdir(), "pipedrive-users-"));
  return { path: join(path, "kv.sqlite"), remove: () => rm(path, { recursive: true, force: true }) };
}

/** Starts two Workers in workerd, and the Durable Objects that they share. */
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
    if (!response.ok) throw new Error(`the Worker responded with ${response.status}: ${await response.text()}`);
    return response.json();
  };
  return { ask, stop: () => miniflare.dispose() };
}

/** A client of a Redis server of the test's own. */
export async function connectRedis(t) {
  const { createClient } = await import("redis");
  const redis = await startRedis();
  const client = await createClient({ url: redis.url }).connect();
  t.after(() => {
    client.destroy();
    redis.stop();
  });
  return client;
}
