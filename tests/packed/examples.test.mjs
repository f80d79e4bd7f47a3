// www/examples, but for those in Rust: each project is built by its own commands from the packed package, started by `npm start`'s, and asked for users.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { command, start } from "./support/command.mjs";
import { installed, ROOT } from "./support/project.mjs";

const EXAMPLES = fileURLToPath(new URL("../../www/examples/", import.meta.url));
const BUILD = { express: [], fastify: [], testing: [], sveltekit: ["vite/bin/vite.js", "build"], "hono-workers": ["wrangler/bin/wrangler.js", "deploy", "--dry-run", "--outdir", "dist"], next: ["next/dist/bin/next", "build"], "react-tanstack": ["vite/bin/vite.js", "build"], vite: ["vite/bin/vite.js", "build"], worker: ["wrangler/bin/wrangler.js", "deploy", "--dry-run", "--outdir", "dist"] };

const manifest = async (name) => JSON.parse(await readFile(join(EXAMPLES, name, "package.json"), "utf8"));

/** Copies an example beside the tools: they and the tarball are found in the folder above. */
async function project(name) {
  const folder = join(ROOT, `example-${name}`);
  await cp(join(EXAMPLES, name), folder, { recursive: true, filter: (path) => !/node_modules|\.next|\.wrangler|\.svelte-kit|test-results|dist$/.test(path.slice(EXAMPLES.length)) });
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

/** A port that nobody listens on. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

/** Opens a page in Chromium, and waits for what it has to show. */
async function shows(origin, work) {
  const { chromium } = await import(installed("playwright-core/index.mjs"));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });
  try {
    const page = await browser.newPage();
    await page.goto(origin);
    await work(page);
  } finally {
    await browser.close();
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

test("the example for Vite in Playwright", { timeout: 120_000 }, async () => {
  const folder = await project("vite");
  const port = await freePort();
  const printed = await command(process.execPath, [installed("@playwright/test/cli.js"), "test"], { cwd: folder, env: { ...env(folder), PORT: port, PATH: `${installed(".bin")}:${process.env.PATH}` } });
  assert.match(printed, /2 passed/);
});

/** The queries of the example, run with a client of the sandbox. */
const QUERIES = `
  import assert from "node:assert/strict";
  import { UsersClient } from "pipedrive-users";
  import { createSandbox } from "pipedrive-users/sandbox";
  import { createQueryClient, queriesOf } from "./src/queries.js";
  const sandbox = createSandbox();
  const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch, logLevel: "off" });
  const queries = queriesOf(client);
  const queryClient = createQueryClient();
  assert.equal((await queryClient.fetchQuery(queries.user(1))).id, 1);
  await assert.rejects(queryClient.fetchQuery(queries.user(999)), { kind: "not_found" });
  assert.equal(client.usage.callsSent, 2, "a 404 is asked for once");
  sandbox.fail({ status: 503, times: 3 });
  await assert.rejects(queryClient.fetchQuery(queries.user(3)), { kind: "server", attempts: 3 });
  assert.equal(client.usage.callsSent, 5, "one layer retries");
  sandbox.fail({ operation: "getUser", fault: "timeout" });
  const waiting = queryClient.fetchQuery(queries.user(2));
  setTimeout(() => void queryClient.cancelQueries({ queryKey: ["user", 2] }), 20);
  await assert.rejects(waiting, { message: "CancelledError" });
  const data = await queryClient.fetchInfiniteQuery({ ...queries.followers(1), pages: 2 });
  assert.equal(data.pages.length, 2);
  assert.notDeepEqual(data.pages[0].items, data.pages[1].items);
  assert.deepEqual(structuredClone(data), data);
  console.log("done");
  process.exit(0);
`;

test("the example for React with TanStack Query: one layer retries, a cancelled query ends its call, and pages follow each other", { timeout: 60_000 }, async () => {
  const folder = await project("react-tanstack");
  await writeFile(join(folder, "queries.test.mjs"), QUERIES);
  assert.match(await command(process.execPath, ["queries.test.mjs"], { cwd: folder }), /done/);
});

test("the example for React with TanStack Query", { timeout: 120_000 }, async () => {
  const folder = await project("react-tanstack");
  await command(process.execPath, [installed(BUILD.vite[0]), "build"], { cwd: folder, env: env(folder) });
  await whileRunning(folder, [installed(BUILD.vite[0]), "--port", "0"], /(127\.0\.0\.1:\d+|localhost:\d+)/, async (origin) => {
    await servesUsers(origin);
    await shows(origin, async (page) => {
      await page.getByRole("button").first().click();
      await page.getByText(/^\d+(, \d+)+$/).waitFor();
    });
  });
});

test("the example for Express", { timeout: 60_000 }, async () => {
  const folder = await project("express");
  await whileRunning(folder, ["server.js"], /(127\.0\.0\.1:\d+)/, async (origin) => {
    await servesUsers(origin);
    assert.match(await (await fetch(origin)).text(), /importmap/);
    assert.equal((await fetch(`${origin}/pipedrive-users/index.js`)).status, 200);
  });
});

test("the example for Fastify", { timeout: 60_000 }, async () => {
  const folder = await project("fastify");
  await whileRunning(folder, ["server.js"], /(127\.0\.0\.1:\d+)/, async (origin) => {
    await servesUsers(origin);
    const PUT = { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify({ active_flag: false }) };
    assert.equal((await fetch(`${origin}/pipedrive/v1/users/2`, PUT)).status, 403, "a page may only read");
    assert.equal((await (await fetch(`${origin}/users/2`)).json()).id, 2);
    assert.equal((await fetch(`${origin}/users/9999`)).status, 404);
  });
});

test("the example for SvelteKit", { timeout: 180_000 }, async () => {
  const folder = await project("sveltekit");
  await command(process.execPath, [installed(BUILD.sveltekit[0]), "build"], { cwd: folder, env: env(folder) });
  await whileRunning(folder, [installed(BUILD.sveltekit[0]), "preview", "--port", "0"], /(localhost:\d+)/, async (origin) => {
    await servesUsers(origin);
    assert.match(await (await fetch(origin)).text(), /<h1>Colleagues<\/h1>.*<li>/s);
    await shows(origin, async (page) => page.getByText(/^You are \w+/).waitFor());
  });
});

test("the example for tests: Vitest and MSW", { timeout: 60_000 }, async () => {
  const folder = await project("testing");
  assert.match(await command(process.execPath, [installed("vitest/vitest.mjs"), "run"], { cwd: folder }), /Tests +6 passed/);
});

test("the example for tests: Jest, on Node.js and in an edge runtime", { timeout: 60_000 }, async () => {
  const folder = await project("testing");
  await command(process.execPath, [installed("jest/bin/jest.js"), "--rootDir=."], { cwd: folder });
});

/** Builds an example for Workers with its own command, and hands what asks it, in workerd, to the checks. */
async function inWorkerd(name, work) {
  const folder = await project(name);
  await command(process.execPath, [installed(BUILD[name][0]), ...BUILD[name].slice(1)], { cwd: folder, env: env(folder) });
  const { Miniflare } = await import(installed("miniflare/dist/src/index.js"));
  const files = (await readdir(join(folder, "dist"))).filter((file) => /\.(js|wasm)$/.test(file)).sort((a, b) => b.endsWith(".js") - a.endsWith(".js"));
  const modules = await Promise.all(files.map(async (path) => ({ type: path.endsWith(".js") ? "ESModule" : "CompiledWasm", path, contents: await readFile(join(folder, "dist", path)) })));
  const miniflare = new Miniflare({ modules, compatibilityDate: "2026-01-01", cf: false });
  try {
    await work(async (path) => miniflare.dispatchFetch(`http://worker.example${path}`));
  } finally {
    await miniflare.dispose();
  }
}

test("the example for Workers", { timeout: 120_000 }, async () => {
  await inWorkerd("worker", async (get) => {
    const users = await (await get("/")).json();
    assert.ok(users.length > 3 && users[0].email.includes("@"), JSON.stringify(users[0]));
  });
});

test("the example for Hono on Workers", { timeout: 120_000 }, async () => {
  await inWorkerd("hono-workers", async (get) => {
    assert.ok((await (await get("/users")).json()).length > 3);
    assert.equal((await (await get("/users/1")).json()).id, 1);
    assert.equal((await get("/users/9999")).status, 404);
  });
});

test("the example for Next.js", { timeout: 300_000 }, async () => {
  const folder = await project("next");
  await command(process.execPath, [installed(BUILD.next[0]), "build"], { cwd: folder, env: env(folder), seconds: 200 });
  await whileRunning(folder, [installed(BUILD.next[0]), "start", "--port", "0"], /(localhost:\d+)/, async (origin) => {
    await servesUsers(origin);
    assert.match(await (await fetch(origin)).text(), /<h1>Colleagues<\/h1>.*<li>/s);
    await shows(origin, async (page) => page.getByText(/^You are \w+/).waitFor());
  });
});
