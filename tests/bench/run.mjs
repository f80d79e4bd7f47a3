// The comparison: every subject with every peer, in turn, in fresh processes and pages; prints it, writes BENCHMARKS.md, and
// fails where a figure is worse than its bound by more than the noise of this run. `--quick` is shorter and writes nothing.
import { fork, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { bytes } from "./bytes.mjs";
import { counts } from "./counts.mjs";
import { difference, keeps, median, noise, ratios } from "./stats.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const isQuick = process.argv.includes("--quick");
const rounds = isQuick ? 3 : 5;
const say = (text) => console.error(`▸ ${text}`);

const server = fork(here("server.mjs"), { serialization: "advanced" });
process.once("exit", () => server.kill());
let heard;
// Always listened to: what nobody listens to is kept, and would be heard later.
server.on("message", (message) => heard?.(message));
const next = () => new Promise((resolve) => (heard = resolve));
const { large, limited } = await next();

/** Runs a program of this folder in a fresh process, and gives what it printed. */
async function fresh(program, env, flags = []) {
  const child = spawn(process.execPath, [...flags, here(program)], { env: { ...process.env, URL: large.url, TOKEN: large.token, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  return JSON.parse(text.trim().split("\n").pop());
}

const inNode = (peer, subject, options) => fresh("node.mjs", { PEER: peer, SUBJECT: subject, OPTIONS: JSON.stringify(options ?? {}) }, ["--expose-gc", "--no-warnings"]);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
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

async function inChromium(peer, subject, options) {
  const page = await browser.newPage();
  await page.goto(large.url);
  await page.addScriptTag({ content: await script(peer, subject) });
  const value = await page.evaluate(([facts, options]) => globalThis.bench(facts, options), [large, options]);
  await page.close();
  return value;
}

const rows = [];

/**
 * A row of the table: a figure, and whether it keeps its bound. Where the bound is below the floor, which is what every
 * client pays that keeps this one's promises, `floor` is a figure to be held to instead; the row says so.
 */
function row(what, where, value, bound, more = {}) {
  const isKept = keeps({ value, ...bound, noise: more.noise });
  const isBroken = !isKept && !more.floor;
  rows.push({ what, where, value, bound, isKept, isBroken, ...more });
  console.log(`${isKept ? " " : isBroken ? "✗" : "–"} ${what} (${where}): ${value.toFixed(3)} ${more.text ?? ""}`);
}

/** Measures peers in turn, limit first and once more, and gives a row for each. */
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
  const same = noise(values.again, values.limit);
  for (const peer of peers) {
    const text = `${unit(median(values[peer]))}, limit ${unit(median(values.limit))}`;
    const floor = peer === "ours" && values.floor;
    row(`${what}: ${NAMES[peer]} over limit`, where, median(ratios(values[peer], values.limit)), bounds[peer] ?? {}, { noise: same, text, floor });
    if (floor) row(`${what}: ${NAMES[peer]} over the floor`, where, median(ratios(values[peer], floor)), bounds.overFloor, { noise: same });
  }
  return values;
}

/** How much more than the floor a small call may cost, where a bound over the limit is below the floor. */
const OVER_FLOOR = 1.25;

const NAMES = { patient: "limit with a timeout", floor: "the floor", ours: "pipedrive-users", "ours-drift": "pipedrive-users with onDrift", official: "official client", "openapi-fetch": "openapi-fetch", "ky-zod": "ky + zod" };
const ms = (value) => `${value.toPrecision(3)} ms`;

for (const [where, run, peers] of [
  ["Node.js", inNode, ["patient", "floor", "ours", "official", "openapi-fetch", "ky-zod"]],
  ["Chromium", inChromium, ["patient", "floor", "ours", "openapi-fetch", "ky-zod"]],
]) {
  await compare("a small call", where, (peer) => run(peer, "small", { calls: isQuick ? 300 : 1_500 }), peers, { ours: { most: 1.05 }, overFloor: { most: OVER_FLOOR } }, ms);
  const lists = await compare("10 000 users", where, (peer) => run(peer, "list", { calls: isQuick ? 3 : 9 }), [...peers.filter((peer) => peer !== "floor"), "ours-drift"], { ours: { most: 1.1 }, "ours-drift": { most: 1.2 } }, ms);
  row("10 000 users with onDrift over ky + zod", where, median(ratios(lists["ours-drift"], lists["ky-zod"])), { most: 1 }, { noise: noise(lists.again, lists.limit) });
  await compare("2 000 small calls, 64 at once, calls a second", where, (peer) => run(peer, "throughput"), peers, { ours: { least: 0.95 }, overFloor: { least: 1 / OVER_FLOOR } }, (value) => `${value.toFixed(0)}/s`);
}
await compare("CPU of a small call", "Node.js", (peer) => inNode(peer, "cpu", { calls: isQuick ? 1_500 : 6_000 }), ["patient", "floor", "ours", "official", "openapi-fetch", "ky-zod"], { ours: { most: 1.3 }, overFloor: { most: OVER_FLOOR } }, ms);
await compare("heap of 10 000 users", "Node.js", (peer) => inNode(peer, "heap"), ["ours", "official", "ky-zod"], { ours: { most: 1.1 } }, (value) => `${value.toFixed(1)} MB`);

say("many calls on one client");
const { heap, wasm, calls } = await inNode("ours", "growth", { calls: isQuick ? 200_000 : 1_000_000 });
row(`${calls} calls on one client: bytes that a call leaves in the heap`, "Node.js", heap, { most: 1 });
row(`${calls} calls on one client: bytes that a call leaves in the module's memory`, "Node.js", wasm, { most: 0 });

say("200 calls through a burst limit of 20 per 2 s");
{
  const { UsersClient } = await import("pipedrive-users");
  const client = new UsersClient({ apiToken: limited.token, baseUrl: limited.url });
  const started = performance.now();
  const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => client.getUser((index % 30) + 1, { headers: { "x-call": String(index) } }).withResponse()));
  const least = (200 / 20 - 1) * 2_000;
  const again = answers.filter(({ response }) => response.attempts > 1).length;
  row("200 calls through a burst limit of 20 per 2 s, over the least possible time", "Node.js", (performance.now() - started) / least, { most: 1.15 }, { text: `${again} calls got a 429` });
  row("429s on the way", "Node.js", again, { most: 0 });
}

say("bytes in a page");
{
  const { ours, axios, official } = await bytes();
  row("bytes in a page, minified and brotli", "bundle", ours, { most: 20_000 }, { text: `axios alone ${axios}, official client ${official}` });
  row("bytes in a page over the official client's", "bundle", ours / official, { most: 0.25 });
}

say("from the import to the first request on the wire");
{
  const times = { limit: [], ours: [], official: [] };
  for (let round = 0; round < (isQuick ? 5 : 20); round++) {
    for (const peer of Object.keys(times)) {
      const seen = next();
      const { started } = await fresh("subjects/start.mjs", { PEER: peer }, ["--no-warnings"]);
      times[peer].push((await seen).seen - started);
    }
  }
  const text = Object.entries(times).map(([peer, all]) => `${peer} ${ms(median(all))}`).join(", ");
  const imported = difference(times.ours, times.limit);
  row("import to first request, milliseconds over raw fetch", "Node.js", imported.value, { most: 15 }, { text, noise: imported.noise });
  row("import to first request, over the official client", "Node.js", median(times.ours) / median(times.official), { most: 1 });
  const pages = { limit: [], ours: [] };
  for (let round = 0; round < (isQuick ? 5 : 20); round++) {
    for (const peer of Object.keys(pages)) {
      const page = await (await browser.newContext()).newPage();
      await page.goto(large.url);
      // From the script's first line to the moment when the platform is handed the request.
      const content = `const real = fetch; globalThis.fetch = (...all) => ((globalThis.sent ??= performance.now()), real(...all));
        globalThis.started = performance.now(); ${await script(peer, "first")}; globalThis.done = globalThis.bench(${JSON.stringify(large)});`;
      await page.addScriptTag({ content });
      pages[peer].push(await page.evaluate(() => globalThis.done.then(() => globalThis.sent - globalThis.started)));
      await page.context().close();
    }
  }
  const { value, noise } = difference(pages.ours, pages.limit);
  row("script to first request, milliseconds over raw fetch", "Chromium", value, { most: 15 }, { text: `limit ${ms(median(pages.limit))}, ours ${ms(median(pages.ours))}`, noise });
}

say("instructions of the core's hot paths");
const paths = counts();

const chromiumVersion = browser.version();
await browser.close();
server.kill();

const figure = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2));
const bounded = ({ most, least }) => (most !== undefined ? `at most ${figure(most).replace(/\.00$/, "")}` : least !== undefined ? `at least ${least}` : "");
if (!isQuick) {
  const versions = await Promise.all(["pipedrive", "openapi-fetch", "ky", "zod", "axios"].map(async (name) => `${name} ${JSON.parse(await readFile(here(`node_modules/${name}/package.json`), "utf8")).version}`));
  await writeFile(here("../../BENCHMARKS.md"), `# Benchmarks

This package beside what people would use instead, all on the same sandbox over the loopback, in turn, each round in a
fresh process or page: **limit** is \`fetch\` and \`res.json()\` written by hand, with no check at all, and **limit with a
timeout** the same with what no client can do without: a timeout, a signal to give up by, and the text for an error to keep.
Figures are medians of ${rounds} rounds; ratios are taken round by round. "Noise" is how far the limit was from itself in the
same run. A figure that is worse than its bound by more than that fails the run.

\`www/compare\`, which \`cargo xtask demo\` serves, measures the same live in your own browser.

**The floor** is the least that does what this package promises of a call: a timeout, a signal to give up by, the text for an
error to keep, no redirect followed with a credential, the limits read, the caller's place remembered. Where a small call's bound
over the limit is not met, the row says so, and the run holds the package to 1.25 of the floor instead.

\`cargo xtask bench\` makes this page; \`--quick\` is shorter and writes nothing. Each peer and each subject is a short file in
\`tests/bench/\`.

${cpus().length} cores, Node.js ${process.version}, Chromium ${chromiumVersion}; ${versions.join(", ")}.

| what | where | figure | bound | noise | |
|---|---|---:|---:|---:|---|
${rows.map(({ what, where, value, bound, isKept, noise, text = "" }) => `| ${isKept ? "" : "**over its bound:** "}${what} | ${where} | ${figure(value)} | ${bounded(bound)} | ${noise === undefined ? "" : `${(noise * 100).toFixed(1)} %`} | ${text} |`).join("\n")}

## Counted work

Instructions of the Rust core's hot paths under valgrind: the same on a busy machine. Two per cent more than recorded, by the
same compiler, fails the run; \`cargo xtask bench --counts\` counts alone, \`--record\` records.

| path | instructions | recorded |
|---|---:|---:|
${paths.map(({ path, instructions, recorded }) => `| ${path} | ${instructions} | ${recorded} |`).join("\n")}
`);
}
const figures = [...rows, ...paths];
const over = figures.filter(({ isKept }) => !isKept);
const broken = [...rows.filter(({ isBroken }) => isBroken), ...paths.filter(({ isKept }) => !isKept)];
console.log(`${figures.length - over.length} of ${figures.length} figures keep their bounds; ${broken.length} fail the run`);
process.exit(broken.length ? 1 : 0);
