// Limits shared by real processes, against the sandbox over HTTP: what a scenario costs and whether it keeps the limit.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { startSandbox } from "../../js/support/sandbox.mjs";
import { folder, startRedis } from "./stores.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const DIST = process.env.PIPEDRIVE_USERS_DIST ?? here("../../node_modules/pipedrive-users/dist");
const DENO = process.env.DENO ?? here("../../../target/packed/node_modules/.bin/deno");

const children = new Set();
process.once("exit", () => children.forEach((child) => child.kill()));

/** A process that carries out one run after the other. */
export function startProcess(runtime = "node") {
  const program = runtime === "node" ? [process.execPath, []] : [DENO, ["run", "--no-lock", "--node-modules-dir=manual", "--unstable-kv", "--allow-all"]];
  const child = spawn(program[0], [...program[1], here("limits-process.mjs")], { stdio: ["pipe", "pipe", "inherit"] });
  children.add(child);
  const waiting = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.resolve(JSON.parse(line)));
  child.once("exit", () => children.delete(child) && waiting.splice(0).forEach(({ reject }) => reject(new Error("the process has ended"))));
  return {
    run: (work) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(work)}\n`);
      }),
    stop: () => child.stdin.end(),
    kill: () => child.kill("SIGKILL"),
  };
}

/** Serves Durable Objects of the limits over HTTP, in workerd. */
export async function startObjects() {
  const module = async (type, path, name) => ({ type, path: name, contents: await readFile(path) });
  const modules = await Promise.all([
    module("ESModule", here("limits-worker.mjs"), "worker.mjs"),
    module("ESModule", join(DIST, "server.workerd.js"), "server.workerd.js"),
    module("ESModule", join(DIST, "drift.js"), "drift.js"),
    module("CompiledWasm", join(DIST, "server.wasm"), "server.wasm"),
  ]);
  const miniflare = new Miniflare({ cf: false, modules, compatibilityDate: "2026-01-01", durableObjects: { LIMITS: { className: "Limits" } } });
  const url = await miniflare.ready;
  return { url: url.origin, stop: () => miniflare.dispose() };
}

/** Opens a store; `of(prefix)` is what a process needs to find the limits of a scenario in it. */
export async function openStore(kind) {
  if (kind === "redis") {
    const redis = await startRedis();
    // It may be one that was restarted: it grants nothing until the leases of before have ended.
    await new Promise((resolve) => setTimeout(resolve, 7_500));
    return { of: (prefix) => ({ kind, location: redis.url, prefix: `${prefix}:` }), stop: redis.stop, url: redis.url };
  }
  if (kind === "object") {
    const objects = await startObjects();
    return { of: (prefix) => ({ kind, location: objects.url, prefix: `${prefix}:` }), stop: objects.stop };
  }
  if (kind === "kv") {
    const file = await folder();
    return { of: () => ({ kind, location: file.path }), stop: file.remove, runtime: "deno" };
  }
  return { of: () => ({ kind }), stop() {} };
}

/** A generator of the same numbers for the same seed. */
const random = (seed) => () => (seed = (seed * 1_664_525 + 1_013_904_223) >>> 0) / 2 ** 32;

/** When each call of each process is made, in milliseconds. */
export function arrivals(pattern, processes, limit, calls) {
  const next = random(5);
  const births = Array.from({ length: processes }, () => []);
  let time = 0;
  for (let call = 0; call < calls; call++) {
    if (pattern === "once") births[call % processes].push(0);
    else if (pattern === "bursts") births[Math.floor(call / 15) % processes].push(Math.floor(call / 15) * 900);
    else {
      time += -Math.log(1 - next()) / ((Number(pattern) * limit) / 2_000);
      births[Math.floor(next() * processes)].push(Math.round(time));
    }
  }
  return births;
}

/** How long a scheduler takes that knows every delay, and the 95th percentile of its waits. */
export function least(births, limit, roundTripMs) {
  const sent = [];
  const born = births.flat().sort((one, other) => one - other);
  for (const [call, birth] of born.entries()) sent.push(Math.max(birth + roundTripMs / 2, call >= limit ? sent[call - limit] + 2_000 : 0));
  return { time: sent.at(-1) + roundTripMs / 2, p95: percentile(sent.map((time, call) => time - born[call] - roundTripMs / 2), 0.95) };
}

/** What is left of the company's day before this request, which costs 2. */
async function leftOfDay({ url, apiToken }) {
  const { headers } = await fetch(`${url}/api/v1/users/me`, { headers: { "x-api-token": apiToken } });
  return Number(headers.get("x-daily-ratelimit-token-remaining")) + 2;
}

export function percentile(numbers, part) {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** Runs a scenario in processes, and returns its row of the table. */
export async function runScenario(store, processes, { pattern = "once", limit, roundTripMs = 80, calls = 240, daily, dailyTokenBudget, cost = 2, lagMs, timeoutMs, lingerMs, during, isWarm = false }) {
  const sandbox = await startSandbox("--users", 30, "--burst", limit, ...(daily === undefined ? [] : ["--daily", daily]));
  try {
    const births = arrivals(pattern, processes.length, limit, calls);
    const work = { store: { ...store.of(`${pattern}-${limit}-${roundTripMs}-${processes.length}-${Math.random()}`), lagMs, lingerMs }, token: sandbox.apiToken, url: sandbox.url, roundTripMs, timeoutMs, dailyTokenBudget, cost };
    // Each process has loaded its programs and has connections: a call with a token that is none, which counts for no limit.
    const warm = { ...work, store: { ...store.of(`warm-${Math.random()}`), lingerMs: 0 }, token: "0".repeat(40), births: [0] };
    await Promise.all(processes.map((process) => process.run({ ...warm, startAt: Date.now() })));
    // The store knows the limit from an earlier call.
    if (isWarm) await processes[0].run({ ...work, store: { ...work.store, lingerMs: 1_700 }, births: [0], startAt: Date.now() });
    const startAt = Date.now() + 300;
    const running = Promise.all(processes.map((process, index) => process.run({ ...work, startAt, births: births[index] })));
    await during?.({ startAt });
    const results = await running;
    const broken = results.find(({ error }) => error);
    if (broken) throw new Error(broken.error);
    const sum = (number) => results.reduce((total, result) => total + number(result), 0);
    const { time, p95 } = least(births, limit, roundTripMs);
    const ended = Math.max(...results.flatMap(({ ends }) => ends)) - startAt;
    // What the sandbox has counted, which a request of this one's own shows.
    const left = daily === undefined ? undefined : await leftOfDay(sandbox);
    const failures = {};
    for (const result of results) for (const [name, { count, message }] of Object.entries(result.failures)) failures[name] = { count: (failures[name]?.count ?? 0) + count, message };
    return {
      pattern, limit, roundTripMs, processes: processes.length, calls,
      requests: sum(({ requests }) => requests),
      refused: sum(({ refused }) => refused),
      failed: sum(({ failures }) => Object.values(failures).reduce((total, { count }) => total + count, 0)),
      failures, ended, leastMs: time, factor: ended / time,
      tripsPerCall: sum(({ trips }) => trips) / calls,
      tripP95: percentile(results.flatMap(({ tripMs }) => tripMs), 0.95),
      p95: percentile(results.flatMap(({ waits }) => waits), 0.95),
      spent: left === undefined ? undefined : daily - left,
      lateP95: percentile(results.flatMap(({ late }) => late), 0.95),
      leastP95: p95,
    };
  } finally {
    await sandbox.stop();
  }
}
