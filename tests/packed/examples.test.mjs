// www/examples, but for those in Rust: each project is built by its own commands from the packed package, started by `npm start`'s, and asked for users.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { command, start } from "./support/command.mjs";
import { installed, ROOT } from "./support/project.mjs";

const EXAMPLES = fileURLToPath(new URL("../../www/examples/", import.meta.url));
const BUILD = { express: [], "hono-workers": ["wrangler/bin/wrangler.js", "deploy", "--dry-run", "--outdir", "dist"], next: ["next/dist/bin/next", "build"], "react-tanstack": ["vite/bin/vite.js", "build"], vite: ["vite/bin/vite.js", "build"] };

const manifest = async (name) => JSON.parse(await readFile(join(EXAMPLES, name, "package.json"), "utf8"));

/** Copies an example beside the tools: they and the tarball are found in the folder above. */
async function project(name) {
  const folder = join(ROOT, `example-${name}`);
  await cp(join(EXAMPLES, name), folder, { recursive: true, filter: (path) => !/node_modules|\.next|\.wrangler|dist$/.test(path.slice(EXAMPLES.length)) });
  return folder;
}

/** No account; wrangler writes its settings into the project's folder. */
const env = (folder) => ({ XDG_CONFIG_HOME: folder, PIPEDRIVE_API_TOKEN: "" });

/** Starts an example, and hands the address that it prints to the checks. */
async function whileRunning(folder, args, until, work) {
  const running = await start(process.execPath, args, { cwd: folder, env: { ...env(folder), PORT: "0" }, until });
  try {
    return await work(`http://${running.match[1]}`);
  } finally {
    running.stop();
  }
}

/** The proxy of an example answers with the sandbox's company. */
async function servesUsers(origin) {
  const response = await fetch(`${origin}/pipedrive/v1/users`);
  const { success, data } = await response.json();
  assert.deepEqual([response.status, success], [200, true]);
  assert.ok(data.length > 3 && data[0].email.includes("@"), JSON.stringify(data[0]));
  assert.equal((await fetch(`${origin}/pipedrive/v1/deals`)).status, 404, "nothing but the ten operations");
}

test("every example is listed, tested, and started by two commands", async () => {
  const folders = (await readdir(EXAMPLES, { withFileTypes: true })).filter((entry) => entry.isDirectory() && existsSync(join(EXAMPLES, entry.name, "package.json"))).map(({ name }) => name).sort();
  assert.deepEqual(folders, Object.keys(BUILD).sort());
  const readme = await readFile(join(EXAMPLES, "README.md"), "utf8");
  const room = JSON.parse(await readFile(new URL("package.json", import.meta.url), "utf8")).devDependencies;
  for (const name of folders) {
    assert.ok(readme.includes(`| \`${name}\` |`), name);
    const { scripts, dependencies, devDependencies = {} } = await manifest(name);
    assert.ok(scripts.start, name);
    const [tool, ...args] = BUILD[name];
    if (tool) assert.equal(scripts.build, [/^([\w-]+)/.exec(tool)[1], ...args].join(" "), name);
    for (const [dependency, range] of Object.entries({ ...dependencies, ...devDependencies })) {
      if (dependency === "pipedrive-users") assert.equal(range, "file:../../../pkg");
      else assert.equal(range.replace(/^\^(\d+)\..*/, "$1"), room[dependency]?.split(".")[0], `${name} is tested with another ${dependency}`);
    }
  }
});

test("the example for Vite", { timeout: 120_000 }, async () => {
  const folder = await project("vite");
  await command(process.execPath, [installed(BUILD.vite[0]), "build"], { cwd: folder, env: env(folder) });
  await whileRunning(folder, [installed(BUILD.vite[0]), "--port", "0"], /(127\.0\.0\.1:\d+|localhost:\d+)/, async (origin) => {
    await servesUsers(origin);
    assert.match(await (await fetch(origin)).text(), /<h1>Colleagues<\/h1>/);
  });
});

test("the example for React with TanStack Query", { timeout: 120_000 }, async () => {
  const folder = await project("react-tanstack");
  await command(process.execPath, [installed(BUILD.vite[0]), "build"], { cwd: folder, env: env(folder) });
  await whileRunning(folder, [installed(BUILD.vite[0]), "--port", "0"], /(127\.0\.0\.1:\d+|localhost:\d+)/, servesUsers);
});

test("the example for Express", { timeout: 60_000 }, async () => {
  const folder = await project("express");
  await whileRunning(folder, ["server.js"], /(127\.0\.0\.1:\d+)/, async (origin) => {
    await servesUsers(origin);
    assert.match(await (await fetch(origin)).text(), /importmap/);
    assert.equal((await fetch(`${origin}/pipedrive-users/index.js`)).status, 200);
  });
});

test("the example for Hono on Workers", { timeout: 120_000 }, async () => {
  const folder = await project("hono-workers");
  await command(process.execPath, [installed(BUILD["hono-workers"][0]), ...BUILD["hono-workers"].slice(1)], { cwd: folder, env: env(folder) });
  const { Miniflare } = await import(installed("miniflare/dist/src/index.js"));
  const files = (await readdir(join(folder, "dist"))).filter((file) => /\.(js|wasm)$/.test(file)).sort((a, b) => b.endsWith(".js") - a.endsWith(".js"));
  const modules = await Promise.all(files.map(async (path) => ({ type: path.endsWith(".js") ? "ESModule" : "CompiledWasm", path, contents: await readFile(join(folder, "dist", path)) })));
  const miniflare = new Miniflare({ modules, compatibilityDate: "2026-01-01", cf: false });
  try {
    const get = async (path) => miniflare.dispatchFetch(`http://worker.example${path}`);
    assert.ok((await (await get("/users")).json()).length > 3);
    assert.equal((await (await get("/users/1")).json()).id, 1);
    assert.equal((await get("/users/9999")).status, 404);
  } finally {
    await miniflare.dispose();
  }
});

test("the example for Next.js", { timeout: 300_000 }, async () => {
  const folder = await project("next");
  await command(process.execPath, [installed(BUILD.next[0]), "build"], { cwd: folder, env: env(folder), seconds: 200 });
  await whileRunning(folder, [installed(BUILD.next[0]), "start", "--port", "0"], /(localhost:\d+)/, async (origin) => {
    await servesUsers(origin);
    assert.match(await (await fetch(origin)).text(), /<h1>Colleagues<\/h1>.*<li>/s);
  });
});
