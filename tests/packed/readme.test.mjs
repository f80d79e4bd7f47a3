// The programs that the guide to runtimes shows are the files in snippets/, and they run as they stand.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, test } from "node:test";
import { command } from "./support/command.mjs";
import { serveFolder, visit } from "./support/browsers.mjs";
import { copy, HTML, installed, project } from "./support/project.mjs";
import { facts, stop } from "./support/rows.mjs";

after(stop);

const folder = new URL("snippets/", import.meta.url);
const guide = await readFile(new URL("../../www/docs/guide/runtimes.md", import.meta.url), "utf8");
const snippet = (name) => readFile(new URL(name, folder), "utf8");
const { createSandbox } = await import(pathToFileURL(installed("pipedrive-users/dist/sandbox.js")).href);

for (const name of await readdir(folder)) {
  test(`the guide shows snippets/${name}`, async () => assert.ok(guide.includes(await snippet(name)), name));
}

/** What stands in the place of Pipedrive: the runtime's fetch goes to a sandbox. */
const INTERCEPT = 'import { createSandbox } from "pipedrive-users/sandbox";\nconst { fetch, apiToken } = createSandbox();\nglobalThis.fetch = fetch;\nif (apiToken !== process.env.PIPEDRIVE_API_TOKEN) throw new Error("the sandbox has another token");\n';
const { apiToken } = createSandbox();
const env = { PIPEDRIVE_API_TOKEN: apiToken };
const deno = [installed("deno/bin.cjs"), "run", "--no-remote", "--allow-env", "--allow-read"];

for (const [what, name, program, args] of [
  ["Node.js", "node.mjs", process.execPath, []],
  ["Node.js, require", "node.cjs", process.execPath, []],
  ["Bun", "node.mjs", installed("bun/bin/bun.exe"), []],
  ["Deno", "deno.ts", process.execPath, deno],
]) {
  test(`${what} runs snippets/${name}`, { timeout: 60_000 }, async () => {
    const cwd = await project(`snippet-${what.replace(/\W+/g, "-")}`, { [name]: await snippet(name), "intercept.mjs": INTERCEPT, "main.mjs": `import "./intercept.mjs";\nawait import("./${name}");\n` });
    const printed = await command(program, [...args, "main.mjs"], { cwd, env });
    for (const part of ["company_domain", "timezone_name"]) assert.ok(printed.includes(part), printed);
  });
}

test("Cloudflare Workers run snippets/worker.js", { timeout: 120_000 }, async () => {
  const cwd = await project("snippet-worker", { "worker.js": await snippet("worker.js"), "wrangler.toml": 'name = "worker"\nmain = "worker.js"\ncompatibility_date = "2026-01-01"\n' });
  await command(process.execPath, [installed("wrangler/bin/wrangler.js"), "deploy", "--dry-run", "--outdir", "out"], { cwd, env: { HOME: cwd, XDG_CONFIG_HOME: cwd } });
  const files = (await readdir(join(cwd, "out"))).filter((file) => /\.(js|wasm)$/.test(file)).sort((a, b) => b.endsWith(".js") - a.endsWith(".js"));
  const modules = await Promise.all(files.map(async (path) => ({ type: path.endsWith(".js") ? "ESModule" : "CompiledWasm", path, contents: await readFile(join(cwd, "out", path)) })));
  const { Miniflare, Response } = await import(pathToFileURL(installed("miniflare/dist/src/index.js")).href);
  const { fetch } = createSandbox();
  const outboundService = async (request) => {
    const { status, headers, text } = await fetch(request.url, { headers: [...request.headers] }).then(async (answer) => ({ status: answer.status, headers: [...answer.headers], text: await answer.text() }));
    return new Response(text, { status, headers });
  };
  const miniflare = new Miniflare({ modules, compatibilityDate: "2026-01-01", cf: false, bindings: env, outboundService });
  try {
    const users = await (await miniflare.dispatchFetch("http://worker.example/")).json();
    assert.ok(users.length > 3 && users[0].email);
  } finally {
    await miniflare.dispose();
  }
});

test("Vercel's edge runs snippets/route.js", { timeout: 60_000 }, async () => {
  const cwd = await project("snippet-route", { "route.js": await snippet("route.js"), "main.js": 'import { GET } from "./route.js";\naddEventListener("fetch", (event) => event.respondWith(GET()));\n' });
  const { build } = await import(pathToFileURL(installed("esbuild/lib/main.js")).href);
  const compiled = await WebAssembly.compile(await readFile(installed("pipedrive-users/dist/core.wasm")));
  const module = { name: "module", setup: (build) => {
    build.onResolve({ filter: /\.wasm\?module$/ }, () => ({ path: "core", namespace: "module" }));
    build.onLoad({ filter: /.*/, namespace: "module" }, () => ({ contents: "export default CORE;" }));
  } };
  const { outputFiles } = await build({ absWorkingDir: cwd, entryPoints: ["main.js"], bundle: true, write: false, format: "iife", conditions: ["edge-light"], plugins: [module] });
  const { EdgeRuntime } = await import(pathToFileURL(installed("edge-runtime/dist/index.js")).href);
  const { fetch } = createSandbox();
  const runtime = new EdgeRuntime({
    initialCode: outputFiles[0].text,
    extend: (context) => Object.assign(context, { CORE: compiled, process: { env }, fetch: (url, init) => fetch(String(url), { ...init, signal: undefined, headers: [...init.headers] }) }),
  });
  const users = await (await runtime.dispatchFetch("https://function.example/")).json();
  assert.ok(users.length > 3 && users[0].email);
});

/** Reports what the page says, once it greets. */
const WATCH = '<script>const watch = setInterval(() => document.body && document.body.innerText.includes("Hello, ") && (clearInterval(watch), fetch(new URLSearchParams(location.search).get("report"), { method: "POST", body: JSON.stringify({ result: { text: document.body.innerText } }) })), 50)</script>';

/** A backend that adds the token, before a folder of files. */
async function withBackend(folder, work) {
  const files = await serveFolder(folder);
  const { fetch: ask, apiToken } = createSandbox();
  const server = createServer(async (request, response) => {
    const answer = request.url.startsWith("/pipedrive/") ? await ask(request.url.slice("/pipedrive".length), { headers: { "x-api-token": apiToken } }) : await fetch(files.origin + request.url);
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" }).end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await work(`http://127.0.0.1:${server.address().port}/`);
  } finally {
    server.close();
    server.closeAllConnections();
    files.close();
  }
}

const greets = async (folder) => {
  const { text } = await withBackend(folder, async (url) => visit("Chromium", url, await facts()));
  assert.match(text, /Hello, \w+/);
};

for (const [name, tool] of [["page.js", "Vite"], ["slim.js", "Vite"]]) {
  test(`a page built by ${tool} runs snippets/${name}`, { timeout: 90_000 }, async () => {
    const cwd = await project(`snippet-${name.replace(".", "-")}`, { "main.js": await snippet(name), "index.html": HTML(`${WATCH}<body></body><script type="module" src="./main.js"></script>`) });
    await command(process.execPath, [installed("vite/bin/vite.js"), "build"], { cwd });
    await greets(`${cwd}/dist`);
  });
}

test("a page without a bundler runs snippets/page.html", { timeout: 90_000 }, async () => {
  const cwd = await project("snippet-page-html", { "index.html": HTML(`${WATCH}<body>${await snippet("page.html")}</body>`) });
  await copy(installed("pipedrive-users"), `${cwd}/node_modules/pipedrive-users`);
  await greets(cwd);
});

test("Vitest runs snippets/team.test.js", { timeout: 60_000 }, async () => {
  const cwd = await project("snippet-vitest", { "team.test.js": await snippet("team.test.js") });
  await command(process.execPath, [installed("vitest/vitest.mjs"), "run"], { cwd });
});

test("the snippets are all of the guide's blocks", async () => {
  const blocks = [...guide.matchAll(/```(?:js|ts|html)\n([^]*?)```/g)].map(([, block]) => block);
  const texts = await Promise.all((await readdir(folder)).map(snippet));
  assert.ok(blocks.length >= 8, `${blocks.length} blocks`);
  for (const block of blocks) assert.ok(texts.includes(block), block);
});
