// BACKEND.md: its code is that of www/app-extension, its commands and files exist, and so do the messages that it explains.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "../../www/app-extension/demo.mjs";
import { launch } from "../browser/browser.mjs";
import { startSandboxOfPackage } from "../js/support/sandbox.mjs";
import { filesOf } from "./support/guide.mjs";

const APP = fileURLToPath(new URL("../../www/app-extension/", import.meta.url));
const read = (file) => readFile(join(APP, file), "utf8");
const guide = await readFile(new URL("../../BACKEND.md", import.meta.url), "utf8");
const blocks = [...guide.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language, text]) => ({ language, text: text.trim() }));

/** The files that it shows, by name. */
const files = filesOf(guide);

test("every file that it shows is the app's, and whole", async () => {
  assert.deepEqual([...files.keys()].sort(), ["app.js", "build.mjs", "files.mjs", "local.env", "node.mjs", "package.json", "panel/_headers", "panel/index.html", "panel/installed.html", "panel/panel.css", "panel/panel.js", "worker.js", "wrangler.jsonc"]);
  for (const [name, text] of files) {
    if (name !== "package.json") assert.equal(text, await read(name), name);
  }
  const [shown, own] = [JSON.parse(files.get("package.json")), JSON.parse(await read("package.json"))];
  const { version } = JSON.parse(await readFile(new URL("../../pkg/package.json", import.meta.url), "utf8"));
  assert.deepEqual(shown, { ...own, dependencies: { ...own.dependencies, "pipedrive-users": `^${version}` } });
});

test("its files alone make a backend that starts and serves the panel", { timeout: 60_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "guide-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "panel"));
  for (const [name, text] of files) await writeFile(join(folder, name), text);
  await symlink(join(APP, "node_modules"), join(folder, "node_modules"));
  execFileSync(process.execPath, ["build.mjs"], { cwd: folder });
  const env = { PATH: process.env.PATH, CLIENT_ID: "app", CLIENT_SECRET: "secret", REDIRECT_URI: "https://app.example/callback", ENCRYPTION_KEY: "0123456789abcdef".repeat(4), PORT: "0" };
  const child = spawn(process.execPath, ["node.mjs"], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill());
  const url = await new Promise((resolve, reject) => {
    child.stdout.on("data", (text) => resolve(/http:\S+\//.exec(text)[0]));
    child.once("exit", (code) => reject(new Error(`it exited with ${code}`)));
  });
  const page = await fetch(url);
  assert.match(await page.text(), /<h1>Who works here<\/h1>/);
  assert.match(page.headers.get("content-security-policy"), /frame-ancestors https:\/\/\*\.pipedrive\.com$/);
  for (const file of ["panel.js", "panel.css", "installed.html"]) assert.equal((await fetch(url + file)).status, 200, file);
  const install = await fetch(`${url}install`, { redirect: "manual" });
  assert.match(install.headers.get("location"), /^https:\/\/oauth\.pipedrive\.com\/oauth\/authorize\?client_id=app&/);
  assert.equal((await fetch(`${url}pipedrive/v1/users`)).status, 401);
});

test("without an account: the sandbox's page around the panel, which is installed, lists users and is uninstalled", { timeout: 120_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "guide-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "panel"));
  for (const [name, text] of files) await writeFile(join(folder, name), text);
  await symlink(join(APP, "node_modules"), join(folder, "node_modules"));
  const { scripts } = JSON.parse(files.get("package.json"));
  const [, sandboxFlags] = /^pipedrive-users sandbox (.*)$/.exec(scripts.sandbox);
  assert.equal(scripts.local, "node build.mjs --local && node --env-file=local.env node.mjs");
  // The ports of the guide may be taken here.
  const [backendPort, sandboxPort] = [await freePort(), await freePort()];
  const elsewhere = (text) => text.replaceAll("8787", backendPort).replaceAll("8018", sandboxPort);
  await writeFile(join(folder, "local.env"), elsewhere(files.get("local.env")));
  execFileSync(process.execPath, ["build.mjs", "--local"], { cwd: folder });
  const sandbox = await startSandboxOfPackage(...elsewhere(sandboxFlags).split(" "));
  t.after(() => sandbox.stop());
  const child = spawn(process.execPath, ["--env-file=local.env", "node.mjs"], { cwd: folder, env: { PATH: process.env.PATH, PORT: String(backendPort) }, stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill());
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.once("exit", (code) => reject(new Error(`it exited with ${code}`)));
  });
  const browser = await launch();
  t.after(() => browser.close());
  const context = await browser.newContext();
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  assert.ok(guide.includes("`http://127.0.0.1:8018/sandbox/panel/`"));
  assert.equal(sandbox.panel, `http://127.0.0.1:${sandboxPort}/sandbox/panel/`);
  await page.goto(sandbox.panel);
  const panel = page.frameLocator("iframe");
  const [consent] = await Promise.all([context.waitForEvent("page"), panel.locator("#status a").click()]);
  await consent.click("button[value=allow]");
  await consent.waitForURL(/\/installed(\.html)?$/);
  await panel.locator("#again").click();
  await panel.locator("#status", { hasText: "25 users of Casino Royale" }).waitFor();
  await page.click("#expire");
  await page.locator("#log", { hasText: "have expired" }).waitFor();
  await panel.locator("#again:enabled").click();
  await panel.locator("#status", { hasText: "25 users of Casino Royale" }).waitFor();
  await page.click("#uninstall");
  await page.locator("#log", { hasText: "responded with 204" }).waitFor();
  await panel.locator("#status", { hasText: "not authorised" }).waitFor();
});

test("the README's backend is the app's", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const [, section] = /## A backend for the page([^]*?)\n## /.exec(readme);
  const [, block] = /```js\n([^]*?)```/.exec(section);
  assert.ok((await read("node.mjs")).includes(block), block);
  const names = Object.keys(await import("pipedrive-users/server"));
  for (const [, name] of section.matchAll(/^\| `(?:new )?(\w+)\(/gm)) assert.ok(names.includes(name), name);
});

test("the files that it names are there", async () => {
  const names = [...guide.matchAll(/`((?:panel\/)?[\w-]+\.(?:m?js|jsonc))`|`(panel\/_headers)`/g)].map(([, file, headers]) => file ?? headers);
  assert.ok(names.length >= 6, String(names));
  for (const name of names) await read(name);
});

test("the secrets and variables that it sets are those that the backends read, and its commands are the app's", async () => {
  const commands = blocks.filter(({ language }) => language === "sh").map(({ text }) => text).join("\n");
  const [worker, node, { scripts }] = [await read("worker.js"), await read("node.mjs"), JSON.parse(await read("package.json"))];
  const wrangler = await read("wrangler.jsonc");
  const secrets = [...commands.matchAll(/secret put (\w+)/g)].map(([, name]) => name);
  const needed = [...new Set([...worker.matchAll(/env\.([A-Z_]+)\b/g)].map(([, name]) => name))];
  const optional = ["JWT_SECRET", "OAUTH_URL"];
  const vars = [...wrangler.matchAll(/"([A-Z_]+)"/g)].map(([, name]) => name);
  assert.deepEqual(needed.filter((name) => !optional.includes(name)).sort(), [...new Set([...secrets, ...vars])].sort());
  for (const [, name] of commands.matchAll(/\b([A-Z_]+)=…/g)) assert.ok(node.includes(name), name);
  for (const [, name] of commands.matchAll(/npm run (\w+)/g)) assert.ok(scripts[name], name);
});

test("wrangler bundles the Worker, and its size is that of the guide", { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "worker-"));
  try {
    const printed = execFileSync(process.execPath, [join(APP, "node_modules/wrangler/bin/wrangler.js"), "deploy", "--dry-run", "--outdir", folder], { cwd: APP, encoding: "utf8", env: { ...process.env, CI: "1", NO_COLOR: "1", WRANGLER_SEND_METRICS: "false", HOME: folder, XDG_CONFIG_HOME: folder } });
    assert.match(printed, /env\.COMPANIES.*Durable Object/);
    const [, kibibytes] = /gzip: ([\d.]+) KiB/.exec(printed);
    const documented = Number(/(\d+) KB, as Cloudflare counts/.exec(guide)[1]);
    assert.ok((Number(kibibytes) * 1.024) <= documented + 1 && Number(kibibytes) * 1.024 > documented - 4, `${kibibytes} KiB, and the guide says ${documented} KB`);
    assert.ok((await readdir(folder)).some((file) => file.endsWith("server.wasm")));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("the Worker compiles under tsc --strict, with Cloudflare's own types", { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "types-"));
  try {
    const env = { ...process.env, CI: "1", NO_COLOR: "1", WRANGLER_SEND_METRICS: "false", HOME: folder, XDG_CONFIG_HOME: folder };
    const types = join(folder, "worker-configuration.d.ts");
    execFileSync(process.execPath, [join(APP, "node_modules/wrangler/bin/wrangler.js"), "types", types], { cwd: APP, env, encoding: "utf8" });
    assert.match(await readFile(types, "utf8"), /COMPANIES: DurableObjectNamespace<.+\.Company>/);
    const compilerOptions = { strict: true, noEmit: true, checkJs: true, allowJs: true, target: "ES2022", module: "ESNext", moduleResolution: "Bundler", lib: ["ES2022"], types: [] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [join(APP, "worker.js"), types] }));
    const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
    const compile = () => execFileSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    try {
      compile();
    } catch (error) {
      assert.fail(error.stdout);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("its other files compile under tsc --strict, those of Node.js and those of the panel", { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "types-"));
  const tests = fileURLToPath(new URL("../", import.meta.url));
  try {
    const checked = ["app.js", "worker.js"];
    for (const [lib, types, names] of [[["ES2022"], ["node"], ["node.mjs", "build.mjs", "files.mjs"]], [["ES2022", "DOM", "DOM.Iterable"], [], ["panel/panel.js"]]]) {
      const compilerOptions = { strict: true, noEmit: true, checkJs: true, allowJs: true, skipLibCheck: true, target: "ES2022", module: "ESNext", moduleResolution: "Bundler", lib, types, typeRoots: [join(tests, "node_modules/@types")] };
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: names.map((name) => join(APP, name)) }));
      try {
        execFileSync(process.execPath, [join(tests, "node_modules/typescript/bin/tsc"), "-p", folder], { encoding: "utf8" });
      } catch (error) {
        assert.fail(error.stdout);
      }
      checked.push(...names);
    }
    assert.deepEqual([...files.keys()].filter((name) => /js$/.test(name)).sort(), checked.sort(), "every file with code that the guide shows");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("its shorter examples compile under tsc --strict", { timeout: 120_000 }, async () => {
  /** What the app that an example belongs to has. */
  const app = `
import { createUserWebhook, createUsersProxy, OAuth, redisStore, toNodeListener } from "pipedrive-users/server";
import { UserDirectory } from "pipedrive-users/directory";
declare const createServer: (listener: ReturnType<typeof toNodeListener>) => { listen(port: number): void };
declare const client: import("pipedrive-users").UsersClient;
declare const [username, password]: [string, string];
declare const process: { env: Record<string, string | undefined> };
declare const userOfSession: (request: Request) => Promise<{ companyId: number; userId: number } | undefined>;
declare const fastify: import("fastify").FastifyInstance;
declare const listener: ReturnType<typeof toNodeListener>;
declare const redis: { eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>; sendCommand(): void };
declare const oauth: OAuth;
declare const [apiToken, signedTokenSecret]: [string, string];
declare const [companyId, userId]: [number, number];
declare const proxy: (request: Request) => Promise<Response>;
declare const express: { (): { use(path: string | object, listener?: ReturnType<typeof toNodeListener>): void }; static(folder: string): object };
type Handler = (context: { req: { raw: Request } }) => Response | Promise<Response>;
declare class Hono { all(path: string, handler: Handler): void }
`;
  const isWhole = (text) => /^(\/\/ The |\/\/ Bundles|\/\/ Serves|import .*app-extensions|import \{ createServer)/m.test(text);
  const examples = [...guide.matchAll(/^```js\n([^]*?)^```/gm)].map(([, text]) => text).filter((text) => !isWhole(text) && !/^export|^\/\/ .* file|esbuild/m.test(text));
  assert.equal(examples.length, 6);
  // Where the package is found.
  const folder = await mkdtemp(fileURLToPath(new URL("../guide-", import.meta.url)));
  try {
    const files = await Promise.all(examples.map(async (text, index) => {
      await writeFile(join(folder, `${index}.ts`), `${app}{\n${text.replace(/^import .*$/gm, "")}}\n${text.match(/^import .*$/gm)?.join("\n") ?? ""}\nexport {};\n`);
      return `${index}.ts`;
    }));
    const compilerOptions = { strict: true, noEmit: true, skipLibCheck: true, target: "ES2022", module: "ESNext", moduleResolution: "Bundler", lib: ["ES2022", "DOM", "DOM.Iterable"], types: [] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    try {
      execFileSync(process.execPath, [fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url)), "-p", folder], { encoding: "utf8" });
    } catch (error) {
      assert.fail(error.stdout);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("the messages that it explains are the package's own", async () => {
  const [script, module] = await Promise.all(["server.js", "server.wasm"].map((file) => readFile(new URL(`../../pkg/dist/${file}`, import.meta.url), "latin1")));
  const source = script + module;
  const section = guide.slice(guide.indexOf("## When something does not work"));
  const messages = [...section.matchAll(/^\|([^|]+)\|/gm)].flatMap(([, cell]) => /`(.+)`/.exec(cell)?.[1] ?? []);
  assert.ok(messages.length >= 6);
  for (const message of messages.filter((text) => !/LoadError|Scope and URL/.test(text))) {
    for (const part of message.split(/…|\b7:13\b/).map((part) => part.trim()).filter((part) => part.length > 3)) assert.ok(source.includes(part), part);
  }
});
