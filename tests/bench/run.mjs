// The comparison: every subject with every peer, in turn, in fresh processes and pages. It prints the figures with their bounds,
// writes BENCHMARKS.md, and fails where a figure misses its bound by more than the noise of this run. `--quick` is shorter and
// writes nothing.
import { fork, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { openBrowser } from "./browser.mjs";
import { bytes } from "./bytes.mjs";
import { counts } from "./counts.mjs";
import { PARTS, partsOf } from "./profile.mjs";
import { proxyTimes } from "./proxy.mjs";
import { NAMES, report } from "./report.mjs";
import { difference, keeps, median, noise, ratios } from "./stats.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const isQuick = process.argv.includes("--quick");
const rounds = isQuick ? 3 : 5;
const say = (text) => console.error(`▸ ${text}`);

const server = fork(here("server.mjs"), { serialization: "advanced" });
process.once("exit", () => server.kill());
const received = {};
// There is always a listener: a message without one is kept, and would be received later.
server.on("message", (message) => Object.entries(message).forEach(([name, value]) => received[name]?.(value)));
/** The next message of a name. */
const next = (name) => new Promise((resolve) => (received[name] = resolve));
const { large, limited } = await next("servers");

/** Runs a program of this folder in a fresh process, and gives what it printed. */
async function fresh(program, env, flags = []) {
  const child = spawn(process.execPath, [...flags, here(program)], { env: { ...process.env, URL: large.url, TOKEN: large.token, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  return JSON.parse(text.trim().split("\n").pop());
}

const inNode = (peer, subject, options) => fresh("node.mjs", { PEER: peer, SUBJECT: subject, OPTIONS: JSON.stringify(options ?? {}) }, ["--expose-gc", "--no-warnings"]);

const browser = await openBrowser(process.env.CHROMIUM ?? "/usr/bin/chromium");
const scripts = new Map();

/** A peer and a subject as a script for a page. */
async function script(peer, subject) {
  const key = `${peer} ${subject}`;
  if (!scripts.has(key)) {
    const contents = `import { open } from "./peers/${peer}.mjs"; import subject from "./subjects/${subject}.mjs"; globalThis.bench = (facts, options) => subject(open(facts), options);`;
    const { outputFiles } = await build({ stdin: { contents, resolveDir: here(".") }, bundle: true, minify: true, format: "iife", write: false });
    scripts.set(key, outputFiles[0].text);
  }
  return scripts.get(key);
}

/** Measures a peer in a page of its own, as soon as it has the script. */
async function inChromium(peer, subject, options = {}) {
  const code = await script(peer, subject);
  const opened = next("opened");
  server.send({
    page: `<!doctype html><title>${subject}</title><body><script>
      globalThis.started = performance.now();
      ${code.replaceAll("</script", "<\\/script")};
      const send = (measured) => fetch("/", { method: "POST", body: JSON.stringify(measured) });
      globalThis.bench(${JSON.stringify(large)}, ${JSON.stringify(options)}).then((value) => send({ value }), (error) => send({ error: String(error) }));
    </script>`,
  });
  await opened;
  const { value, error } = await browser.open(large.url, next("measured"));
  if (error) throw new Error(`${peer}, ${subject}: ${error}`);
  return value;
}

/** Calls before those that are measured, in Node.js. */
const warmUp = 3_000;

/** The figures of the page, and the bounds that this run is held to. */
const table = [];
const rows = [];

/** A figure that has a bound, and whether it keeps it. What misses it by more than the noise fails the run. */
function row(what, where, value, bound, { noise, text = "" } = {}) {
  const isKept = keeps({ value, ...bound, noise });
  rows.push({ what, where, value, bound, isKept });
  console.log(`${isKept ? " " : "✗"} ${what} (${where}): ${value.toFixed(3)}, ${bounded(bound)}${noise === undefined ? "" : `, noise ${(noise * 100).toFixed(1)} %`} ${text}`);
}

const bounded = ({ most, least }) => (most === undefined ? `at least ${least}` : `at most ${most}`);

/**
 * Measures peers in turn, `limit` first and once more, and holds this package to bounds over some of them. A figure of which
 * more is better has bounds that begin with `least`.
 */
async function compare(what, where, run, peers, bounds, unit) {
  say(`${what}, ${where}`);
  const values = Object.fromEntries(["limit", "again", ...peers].map((peer) => [peer, []]));
  for (let round = 0; round < rounds; round++) {
    for (const peer of Object.keys(values)) {
      const value = await run(peer === "again" ? "limit" : peer);
      values[peer].push(value.value ?? value);
      if (value.grown) throw new Error(`${peer}: the module's memory grew by ${value.grown} bytes`);
    }
  }
  const middle = Object.fromEntries(Object.entries(values).map(([peer, all]) => [peer, unit(median(all))]));
  console.log(`  ${Object.entries(middle).map(([peer, text]) => `${peer} ${text}`).join(", ")}`);
  table.push({ what, where, ...middle });
  for (const [peer, bound] of Object.entries(bounds)) {
    row(`${what}, over ${NAMES[peer]}`, where, median(ratios(values.ours, values[peer])), bound, { noise: noise(values.again, values.limit) });
  }
  return values;
}

const ms = (value) => `${value.toPrecision(3)} ms`;
const µs = (value) => `${(value * 1000).toPrecision(3)} µs`;

for (const [where, run, peers] of [
  ["Node.js", inNode, ["patient", "floor", "ours", "official", "openapi-fetch", "ky-zod"]],
  ["Chromium", inChromium, ["patient", "floor", "ours", "openapi-fetch", "ky-zod"]],
]) {
  const isNode = where === "Node.js";
  // A server runs for long: engines have compiled what it needs. A page has just been opened.
  const warm = isNode ? { warmUp } : {};
  const atOnce = isNode ? { official: { least: 1 }, floor: { least: 0.95 } } : { limit: { least: 0.97 } };
  await compare("a small call", where, (peer) => run(peer, "small", { ...warm, calls: isQuick ? 300 : 1_500 }), peers, isNode ? { official: { most: 1 }, floor: { most: 1.1 } } : { limit: { most: 1.03 } }, ms);
  await compare("64 calls at once, calls a second", where, (peer) => run(peer, "throughput", warm), peers, atOnce, (value) => value.toFixed(0));
  const lists = await compare("10 000 users", where, (peer) => run(peer, "list", { calls: isQuick ? 3 : 9 }), [...peers.filter((peer) => peer !== "floor"), "ours-drift"], { limit: { most: 1.1 } }, ms);
  row("10 000 users with onDrift, over without", where, median(ratios(lists["ours-drift"], lists.ours)), { most: 1.05 }, { noise: noise(lists.again, lists.limit) });
}
const all = ["patient", "floor", "ours", "official", "openapi-fetch", "ky-zod"];
const calls = isQuick ? 1_500 : 6_000;
const wired = await compare("CPU of a small call", "Node.js", (peer) => inNode(peer, "cpu", { calls, warmUp }), all, { official: { most: 1 }, floor: { most: 1.1 } }, ms);
const work = await compare("CPU of a small call without a network", "Node.js", (peer) => inNode(peer, "cpu", { calls: calls * 5, warmUp, isStub: true }), all.filter((peer) => peer !== "official"), { patient: { most: 2 } }, µs);
// Pipedrive's highest limit is 480 calls in two seconds.
row("at Pipedrive's highest rate, share of a core", "Node.js", (median(work.ours) / 1000) * 240, { most: 0.02 });
await compare("memory of 10 000 users", "Node.js", (peer) => inNode(peer, "heap"), ["ours", "official", "ky-zod"], { limit: { most: 1.1 } }, (value) => `${value.toFixed(1)} MB`);

say("many calls on one client");
const growth = await inNode("ours", "growth", { calls: isQuick ? 200_000 : 1_000_000, isStub: true });
row(`${growth.calls} calls on one client: bytes that a call leaves in the heap`, "Node.js", growth.heap, { most: 1 });
row(`${growth.calls} calls on one client: bytes that a call leaves in the module's memory`, "Node.js", growth.wasm, { most: 0 });

say("CPU of a request to the proxy");
const { alone, shared, scripts: inProxy } = await proxyTimes({ rounds, requests: isQuick ? 2_000 : 8_000 });
for (const [what, times, beside, bound] of [
  ["CPU of a GET through the proxy, over a handler with `fetch` by hand", alone, "handwritten", { most: 1.25 }],
  ["CPU of a GET through the proxy that is shared, over http-proxy", shared, "http-proxy", { most: 1.5 }],
]) {
  const text = `${median(times.ours).toFixed(0)} µs, ${median(times[beside]).toFixed(0)} µs`;
  row(what, "Node.js", median(ratios(times.ours, times[beside])), bound, { noise: noise(times.again, times[beside]), text });
}

say("where the processor time goes");
const parts = [];
{
  const profiled = (peer, options) => inNode(peer, "cpu", { calls, warmUp, isProfiled: true, ...options });
  const part = (what, who, time, scripts, without) => {
    const microseconds = partsOf(scripts, without).map((part) => Math.round(part * time));
    parts.push({ what, who, time: Math.round(time), microseconds });
    console.log(`  ${what}, ${who}: ${microseconds.map((time, index) => `${PARTS[index]} ${time} µs`).join(", ")}`);
  };
  for (const [what, times, peers, options] of [
    ["a small call", wired, ["limit", "patient", "floor", "official", "ours"], {}],
    ["without a network", work, ["limit", "patient", "floor", "ours"], { calls: calls * 5, isStub: true }],
  ]) {
    let without;
    for (const peer of peers) {
      const scripts = await profiled(peer, options);
      part(what, NAMES[peer], median(times[peer]) * 1000, scripts, (without ??= scripts));
    }
  }
  part("a GET through the proxy", "a handler with `fetch` by hand", median(alone.handwritten), inProxy.handwritten, inProxy.handwritten);
  part("a GET through the proxy", NAMES.ours, median(alone.ours), inProxy.ours, inProxy.handwritten);
}

say("200 calls through a burst limit of 20 per 2 s");
{
  const { UsersClient } = await import("pipedrive-users");
  const client = new UsersClient({ apiToken: limited.token, baseUrl: limited.url });
  const started = performance.now();
  const responses = await Promise.all(Array.from({ length: 200 }, (_, index) => client.getUser((index % 30) + 1, { headers: { "x-call": String(index) } }).withResponse()));
  const least = (200 / 20 - 1) * 2_000;
  const again = responses.filter(({ response }) => response.attempts > 1).length;
  const over = (performance.now() - started) / least;
  row("200 calls through a burst limit of 20 per 2 s, over the least possible time", "Node.js", over, { most: 1.15 });
  row("200 calls through a burst limit of 20 per 2 s, calls that got a 429", "Node.js", again, { most: 0 });
  const { open } = await import("./peers/official.mjs");
  const official = open(limited);
  const failed = (await Promise.allSettled(Array.from({ length: 200 }, (_, index) => official.getUser((index % 30) + 1)))).filter(({ status }) => status === "rejected").length;
  table.push({ what: "200 calls at once, limit of 20 in 2 s: calls that failed", where: "Node.js", ours: "0", official: String(failed) });
}

say("bytes in a page");
{
  const [brotli, gzip] = [await bytes(), await bytes({}, (contents) => gzipSync(contents, { level: 9 }))];
  const kilobytes = (value) => `${(value / 1000).toFixed(1)} kB`;
  for (const [encoding, weights] of Object.entries({ brotli, gzip })) {
    table.push({ what: `in a page, minified and ${encoding}`, where: "esbuild", ...Object.fromEntries(Object.entries(weights).map(([peer, value]) => [peer, kilobytes(value)])) });
  }
  row("bytes in a page, minified and brotli", "esbuild", brotli.ours, { most: 28_900 });
}

say("from the import to the first request on the wire");
{
  const times = { limit: [], ours: [], official: [] };
  for (let round = 0; round < (isQuick ? 5 : 20); round++) {
    for (const peer of Object.keys(times)) {
      const seen = next("seen");
      const { started } = await fresh("subjects/start.mjs", { PEER: peer }, ["--no-warnings"]);
      times[peer].push((await seen) - started);
    }
  }
  table.push({ what: "import to first request", where: "Node.js", ...Object.fromEntries(Object.entries(times).map(([peer, all]) => [peer, ms(median(all))])) });
  const imported = difference(times.ours, times.limit);
  row("import to first request, milliseconds over fetch", "Node.js", imported.value, { most: 15 }, { noise: imported.noise });
  row("import to first request, over the official client", "Node.js", median(times.ours) / median(times.official), { most: 1 });
  const pages = { limit: [], ours: [] };
  for (let round = 0; round < (isQuick ? 5 : 20); round++) {
    for (const peer of Object.keys(pages)) {
      pages[peer].push(await inChromium(peer, "first"));
    }
  }
  table.push({ what: "script to first request", where: "Chromium", ...Object.fromEntries(Object.entries(pages).map(([peer, all]) => [peer, ms(median(all))])) });
  const { value, noise } = difference(pages.ours, pages.limit);
  row("script to first request, milliseconds over fetch", "Chromium", value, { most: 10 }, { noise });
}

say("instructions of the core's hot paths");
const paths = counts();

await browser.close();
server.kill();

if (!isQuick) {
  const versions = await Promise.all(["pipedrive", "openapi-fetch", "ky", "zod"].map(async (name) => `${name} ${JSON.parse(await readFile(here(`node_modules/${name}/package.json`), "utf8")).version}`));
  const machine = `${cpus().length} cores, Node.js ${process.version}, Chromium ${browser.version}; ${versions.join(", ")}`;
  await writeFile(here("../../BENCHMARKS.md"), report({ table, parts, machine, rounds, warmUp }));
}
const figures = [...rows, ...paths];
const missed = figures.filter(({ isKept }) => !isKept);
console.log(`${figures.length - missed.length} of ${figures.length} figures keep their bounds`);
for (const { what, path, where, value, bound } of missed) console.log(`✗ ${what ?? path}${where ? ` (${where}): ${value.toFixed(3)}, ${bounded(bound)}` : ""}`);
process.exit(missed.length ? 1 : 0);
