// BACKEND.md under strict TypeScript: its files as a project has them, with the types that `wrangler types` makes of its own
// settings, and its shorter blocks with what the text around them names.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { filesOf } from "./support/guide.mjs";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const APP = path("../../www/app-extension/");
const guide = await readFile(path("../../BACKEND.md"), "utf8");
const files = filesOf(guide);
const run = promisify(execFile);

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "guide-types-"));
  for (const [name, text] of files) await write(name, text);
  await symlink(join(APP, "node_modules"), join(folder, "node_modules"));
  await mkdir(join(folder, "public"));
});
after(() => rm(folder, { recursive: true, force: true }));

async function write(name, text) {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), text);
}

/** What the compiler says of some files. */
async function compile(name, sources, options) {
  const compilerOptions = { strict: true, noEmit: true, allowJs: true, checkJs: true, target: "es2022", lib: ["es2022"], module: "esnext", moduleResolution: "bundler", types: [], maxNodeModuleJsDepth: 0, ...options };
  await write(`${name}.json`, JSON.stringify({ compilerOptions, files: sources }));
  const { stdout } = await run(process.execPath, [path("../node_modules/typescript/bin/tsc"), "--project", join(folder, `${name}.json`), "--pretty", "false"]).catch((error) => error);
  return stdout;
}

const NODE = { lib: ["es2022"], module: "nodenext", moduleResolution: "nodenext", types: ["node"], typeRoots: [path("../node_modules/@types")] };
const PAGE = { lib: ["es2022", "dom", "dom.iterable"] };
const wranglerTypes = (...args) => run(process.execPath, [join(APP, "node_modules/wrangler/bin/wrangler.js"), "types", ...args], { cwd: folder, env: { ...process.env, CI: "true", WRANGLER_SEND_METRICS: "false" } });

test("the Worker compiles with what `wrangler types` makes of its settings", { timeout: 120_000 }, async () => {
  await wranglerTypes();
  const types = await readFile(join(folder, "worker-configuration.d.ts"), "utf8");
  assert.match(types, /COMPANIES: DurableObjectNamespace<import\("\.\/worker"\)\.Company>/);
  assert.equal(await compile("worker", ["worker.js", "worker-configuration.d.ts"]), "");
});

/** The same Worker for those who write TypeScript, with shared limits. */
const IN_TYPESCRIPT = `import { createUsersProxy, durableObjectLimits, durableObjectStore, errorResponse, LimitsObject, OAuth, TokenObject, type TokenStore, verifySignedToken } from "pipedrive-users/server";
interface Bindings { CLIENT_ID: string; CLIENT_SECRET: string; REDIRECT_URI: string; ENCRYPTION_KEY: string; OAUTH_URL?: string; COMPANIES: DurableObjectNamespace<Company>; LIMITS: DurableObjectNamespace<Limits>; ASSETS: Fetcher }
const createOAuth = (env: Bindings, store: TokenStore) => new OAuth({ clientId: env.CLIENT_ID, clientSecret: env.CLIENT_SECRET, redirectUri: env.REDIRECT_URI, encryptionKey: env.ENCRYPTION_KEY, oauthUrl: env.OAUTH_URL, store });
export class Limits extends LimitsObject {}
export class Company extends TokenObject {
  #proxy;
  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env);
    this.#proxy = createUsersProxy({ oauth: createOAuth(env, this.store), signedTokenSecret: env.CLIENT_SECRET, limits: durableObjectLimits(env.LIMITS) });
  }
  fetch(request: Request) {
    return this.#proxy(request);
  }
}
export default {
  async fetch(request, env, context) {
    const oauth = createOAuth(env, durableObjectStore(env.COMPANIES));
    if (new URL(request.url).pathname === "/install") return oauth.handleInstall(request);
    try {
      const { companyId, userId } = await verifySignedToken(request.headers.get("authorization"), env.CLIENT_SECRET);
      context.waitUntil(oauth.client({ companyId, userId }).updateUser(7, { active_flag: true }));
      return env.COMPANIES.get(env.COMPANIES.idFromName(String(companyId))).fetch(request);
    } catch (error) {
      return errorResponse(error);
    }
  },
} satisfies ExportedHandler<Bindings>;
`;

test("a Worker in TypeScript compiles with Cloudflare's own types", { timeout: 120_000 }, async () => {
  await wranglerTypes("cloudflare.d.ts", "--include-env", "false");
  await write("typed.ts", IN_TYPESCRIPT);
  assert.equal(await compile("typed", ["typed.ts", "cloudflare.d.ts"]), "");
});

test("the backend on Node.js and its tools compile", { timeout: 120_000 }, async () => {
  assert.equal(await compile("node", ["node.mjs", "build.mjs"], NODE), "");
});

test("the panel compiles", { timeout: 120_000 }, async () => {
  assert.equal(await compile("panel", ["panel/panel.js"], PAGE), "");
});

/** What the text around the shorter blocks names. */
const AROUND = `import type * as users from "pipedrive-users";
import type * as server from "pipedrive-users/server";
declare global {
  var oauth: server.OAuth, proxy: server.UsersProxy, client: users.UsersClient, redis: Parameters<typeof server.redisStore>[0];
  var apiToken: string, signedTokenSecret: string, username: string, password: string, companyId: number, userId: number;
  var userOfSession: (request: Request) => Promise<server.Identity | undefined>;
  var createUsersProxy: typeof server.createUsersProxy, createUserWebhook: typeof server.createUserWebhook, redisStore: typeof server.redisStore, toNodeListener: typeof server.toNodeListener;
  var UserDirectory: typeof import("pipedrive-users/directory").UserDirectory, createServer: typeof import("node:http").createServer;
  var listener: ReturnType<typeof toNodeListener>;
  var express: any, fastify: any, Hono: new () => { all(path: string, handle: (context: { req: { raw: Request } }) => Promise<Response>): void };
}
`;

test("every other block compiles", { timeout: 120_000 }, async () => {
  const shown = new Set([...files.values()].map((text) => text.trim()));
  const blocks = [...guide.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, text]) => text).filter((text) => !shown.has(text.trim()));
  assert.ok(blocks.length >= 6, `${blocks.length} blocks`);
  await write("around.d.ts", AROUND);
  for (const [index, block] of blocks.entries()) await write(`block-${index}.mts`, `${block}\nexport {};\n`);
  assert.equal(await compile("blocks", ["around.d.ts", ...blocks.map((_, index) => `block-${index}.mts`)], { ...NODE, noImplicitAny: false }), "");
});
