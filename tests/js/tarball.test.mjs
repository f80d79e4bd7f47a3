// What a user installs: the unpacked tarball in node_modules.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { createRequire, SourceMap } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = new URL("../node_modules/pipedrive-users/", import.meta.url);
const read = (path) => readFile(new URL(path, root), "utf8");
const manifest = JSON.parse(await read("package.json"));
const SCRIPTS = ["dist/index.js", "dist/sandbox.js", "dist/server.js", "dist/slim.js", "dist/directory.js"];

test("it holds what a user needs, and nothing else", async () => {
  const entries = await readdir(fileURLToPath(root), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`.slice(fileURLToPath(root).length).replace(/^\//, ""));
  const scripts = ["cli.js", "directory-store.cjs", "directory-store.js", "drift.cjs", "drift.js", ...["directory", "index", "sandbox", "server"].flatMap((name) => [`${name}.cjs`, `${name}.edge-light.js`, `${name}.js`, `${name}.workerd.js`]), "slim.cjs", "slim.js"];
  assert.deepEqual(files.sort(), [
    "BACKEND.md", "BENCHMARKS.md", "CHANGELOG.md", "FAULTS.md", "LICENSE", "README.md", "RUNTIMES.md",
    ...["core.wasm", "directory.wasm", "sandbox.wasm", "server.wasm", ...["directory", "index", "sandbox", "server", "slim"].flatMap((name) => [`${name}.d.cts`, `${name}.d.ts`]), ...scripts, ...scripts.map((script) => `${script}.map`)].map((file) => `dist/${file}`),
    "directory/package.json", "package.json", "sandbox/package.json", "server/package.json", "slim/package.json",
  ].sort());
});

test("no file is empty", async () => {
  for (const file of ["CHANGELOG.md", "LICENSE", "README.md", "dist/index.d.ts", "dist/sandbox.d.ts", "dist/server.d.ts", ...SCRIPTS]) {
    const { size } = await stat(new URL(file, root)).catch(() => ({ size: -1 }));
    assert.ok(size > 200, `${file}: ${size} bytes`);
  }
});

test("the README shows how to install and call it", async () => {
  const text = await read("README.md");
  for (const part of ["npm install pipedrive-users", "new UsersClient(", "createSandbox"]) assert.ok(text.includes(part), part);
});

test("no dependencies, no scripts at installation, no side effects", () => {
  for (const name of ["dependencies", "peerDependencies", "optionalDependencies", "bundledDependencies", "gypfile"]) assert.equal(manifest[name], undefined, name);
  for (const name of ["preinstall", "install", "postinstall", "prepare"]) assert.equal(manifest.scripts?.[name], undefined, name);
  assert.deepEqual(manifest.bin, { "pipedrive-users": "./dist/cli.js" });
  assert.equal(manifest.sideEffects, false);
  assert.equal(manifest.type, "module");
});

test("its name, version and licence are those of the crate", async () => {
  const cargo = await readFile(new URL("../../Cargo.toml", import.meta.url), "utf8");
  const field = (name) => new RegExp(`^${name}\\s*=\\s*"(.*)"`, "m").exec(cargo)?.[1];
  assert.deepEqual([manifest.name, manifest.version, manifest.license], [field("name"), field("version"), field("license")]);
});

/** The files of an entry, in whatever conditions they are. */
const targetsOf = (entry) => (typeof entry === "string" || "types" in entry ? [entry] : Object.values(entry).flatMap(targetsOf));

test("its entry points exist, with their types first in each condition", async () => {
  assert.deepEqual(Object.keys(manifest.exports), [".", "./sandbox", "./server", "./directory", "./slim", "./*.wasm", "./package.json"]);
  for (const [name, entry] of Object.entries(manifest.exports)) {
    for (const target of targetsOf(entry)) {
      if (typeof target === "string") await stat(new URL(target.replace("*", "core"), root));
      else {
        assert.deepEqual(Object.keys(target), ["types", "default"], name);
        for (const path of Object.values(target)) await stat(new URL(path, root));
      }
    }
  }
  for (const field of ["main", "module", "types"]) await stat(new URL(manifest[field], root));
  // What does not read `exports` finds the other entries by their folders.
  for (const name of ["directory", "sandbox", "server", "slim"]) {
    const { main, module, types } = JSON.parse(await read(`${name}/package.json`));
    for (const path of [main, module, types]) await stat(new URL(path, new URL(`${name}/`, root)));
  }
  assert.equal((await import("pipedrive-users/package.json", { with: { type: "json" } })).default.version, manifest.version);
  await assert.rejects(import("pipedrive-users/dist/index.js"), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
});

test("the entries export what is documented, and nothing of their inside", async () => {
  const names = Object.keys(await import("pipedrive-users")).sort();
  assert.deepEqual(names, [
    "ApiError", "ApiPromise", "ArgumentError", "AuthenticationError", "BlockedError", "ConfigError", "ConnectionError", "CursorPage", "DecodeError", "ENDPOINTS", "LoadError", "NotFoundError", "OffsetPage", "PagePromise", "PermissionError", "PipedriveError",
    "RateLimitError", "ServerError", "TimeoutError", "UnexpectedStatusError", "UsersClient", "ValidationError", "cachedToken", "formattingLocale", "identityKey", "isAdmin", "isPipedriveError", "languageTag", "parseTimestamp", "preload",
  ]);
  assert.deepEqual(Object.keys(await import("pipedrive-users/slim")).sort(), [...names, "init"].sort());
  assert.deepEqual(Object.keys(await import("pipedrive-users/directory")), ["UserDirectory"]);
  assert.deepEqual(Object.keys(await import("pipedrive-users/sandbox")).sort(), ["createSandbox", "fakePage"]);
  const server = ["LimitsObject", "OAuth", "TokenObject", "createUserWebhook", "createUsersProxy", "denoKvLimits", "denoKvStore", "durableObjectLimits", "durableObjectStore", "errorResponse", "memoryLimits", "memoryStore", "objectStorageStore", "parseExtensionQuery", "redisLimits", "redisStore", "toNodeListener", "verifySignedToken"];
  assert.deepEqual(Object.keys(await import("pipedrive-users/server")).sort(), [...names, ...server].sort());
});

test("the scripts run under a strict Content-Security-Policy and on every runtime", async () => {
  for (const file of SCRIPTS) {
    // The module's own bytes are text too, in which any word may occur.
    const code = (await read(file)).replace(/(["'`])[^"'`]{10000,}\1/g, '""').replace(/import\("\.\/(drift|directory-store)\.js"\)/g, "").replace(/^import\{[^}]*\}from"\.\/index\.js";/, "").replace(/^\s*(?:import|export)[^"']*from\s*"\.\/index\.js";/gm, "").replace(/(["'];?|\})import\{[^}]*\}from"\.\/index\.js"/g, "$1").replace(/\n\/\/# sourceMappingURL=.*\n$/, "");
    for (const word of [/\beval\s*\(/, /new\s+Function\b/, /(?<![`"'.\w])Function\s*\(/, /\brequire\s*\(/, /\bimport\s*\(/, /\bimport\.meta\b/, /\bBuffer\b/, /\bprocess\b/, /from\s*"node:/, /^\s*import\b/m, /\b__dirname\b/, /\bXMLHttpRequest\b/, /sourceMappingURL/]) {
      assert.ok(!word.test(code), `${file} has ${word}`);
    }
    assert.match(code, /export\s*\{/);
  }
});

test("the client holds no token, and no path of a machine", async () => {
  const { createSandbox } = await import("pipedrive-users/sandbox");
  const { apiToken, accessToken, nonAdminToken, baseToken } = createSandbox();
  const client = await read("dist/index.js");
  for (const token of [apiToken, accessToken, nonAdminToken, baseToken]) assert.ok(!client.includes(token));
  for (const file of [...SCRIPTS, "dist/index.d.ts", "dist/sandbox.d.ts", "dist/server.d.ts", "README.md"]) {
    const text = await read(file);
    assert.ok(!/\/(home|root|Users|work|tmp)\//.test(text), `${file} has a path of a machine`);
    if (file !== "dist/sandbox.js") assert.ok(!/\b[0-9a-f]{40}\b/.test(text), `${file} has what looks like an API token`);
  }
});

test("the modules hold no path of a machine", async () => {
  for (const file of ["dist/core.wasm", "dist/directory.wasm", "dist/sandbox.wasm", "dist/server.wasm"]) {
    const text = (await readFile(new URL(file, root))).toString("latin1");
    assert.ok(text.startsWith("\0asm"));
    for (const path of [/\/(home|root|work|tmp)\//, /\.cargo\//]) assert.ok(!path.test(text), `${file}: ${path.exec(text) && text.slice(path.exec(text).index, path.exec(text).index + 60)}`);
  }
});

test("the scripts have the modules inside, byte for byte", async () => {
  for (const [name, wasm] of [["index", "core"], ["sandbox", "sandbox"], ["server", "server"], ["directory", "directory"]]) {
    const bytes = await readFile(new URL(`dist/${wasm}.wasm`, root));
    for (const extension of ["js", "cjs"]) {
      // The decoder is a module too, and Node's own fetch has one.
      const compiled = [];
      const { Module } = WebAssembly;
      WebAssembly.Module = function (bytes) {
        compiled.push(Buffer.from(bytes));
        return new Module(bytes);
      };
      const { UsersClient, createSandbox, verifySignedToken, UserDirectory } = extension === "js" ? await import(new URL(`dist/${name}.js`, root)) : createRequire(import.meta.url)(fileURLToPath(new URL(`dist/${name}.cjs`, root)));
      const fetch = createSandbox ? createSandbox().fetch : async () => Response.json({ success: true, data: {} });
      // The client in the server's script is that of the client's; what the server decides is in its own module.
      await verifySignedToken?.("not.a.token", "s".repeat(32)).catch(() => undefined);
      const nobody = async () => [];
      if (UserDirectory) await new UserDirectory({ getUsers: nobody, getUser: nobody, getCurrentUser: nobody }).all();
      else await (UsersClient ? new UsersClient({ apiToken: "secret", fetch }).getUser(1) : fetch("/v1/users/me"));
      WebAssembly.Module = Module;
      assert.ok(compiled.some((one) => bytes.equals(one)), `${name}.${extension}`);
    }
  }
});

test("the source maps lead to the sources, and do not hold the modules again", async () => {
  for (const file of ["index.js", "index.cjs", "sandbox.js", "server.js", "slim.js", "drift.js", "index.workerd.js", "server.workerd.js", "directory.js", "directory.cjs", "directory-store.js"]) {
    const script = await read(`dist/${file}`);
    assert.match(script, new RegExp(`\\n//# sourceMappingURL=${file}\\.map\\n$`));
    const map = JSON.parse(await read(`dist/${file}.map`));
    assert.equal(map.sources.length, map.sourcesContent.length);
    for (const [index, source] of map.sources.entries()) {
      assert.match(source, /^(\.\.\/src\/[\w./-]+\.ts|\.\.\/ascii\.mjs|wasm:\w+)$/);
      const text = map.sourcesContent[index];
      assert.ok(text.length > 20 && text.length < 40_000, `${source}: ${text.length}`);
      if (source.endsWith(".ts")) assert.match(text, /\b(export|import)\b/);
    }
  }
  // A place in the script leads to its line in the source.
  const script = await read("dist/index.js");
  const line = script.split("\n").findIndex((text) => text.includes("give apiToken or accessToken, not both"));
  const column = script.split("\n")[line].indexOf("give apiToken or accessToken, not both");
  const { originalSource, originalLine } = new SourceMap(JSON.parse(await read("dist/index.js.map"))).findEntry(line, column);
  const source = await readFile(new URL("../../pkg/src/config.ts", import.meta.url), "utf8");
  assert.match(originalSource, /config\.ts$/);
  assert.ok(source.split("\n")[originalLine].includes("give apiToken or accessToken, not both"));
});

test("what is imported and not used leaves nothing in a bundle", async () => {
  const size = async (contents) => {
    const { outputFiles } = await build({ stdin: { contents, resolveDir: fileURLToPath(new URL("..", import.meta.url)) }, bundle: true, minify: true, format: "esm", write: false, external: ["./drift.js", "./directory-store.js"] });
    return outputFiles[0].contents.length;
  };
  for (const name of ["pipedrive-users", "pipedrive-users/sandbox", "pipedrive-users/server", "pipedrive-users/slim", "pipedrive-users/directory"]) assert.equal(await size(`import "${name}"; import * as all from "${name}";`), 0, name);
});

/** Names without a hash, which differs from folder to folder: brotli makes up to 60 bytes more or less of it. */
const chunkNames = "[name]";

/** What a page loads, as a bundler makes it that splits, or that puts all into one file but for what is loaded on demand. */
async function bundled(contents, splitting) {
  const external = splitting ? [] : ["./drift.js", "./directory-store.js"];
  const { outputFiles } = await build({ stdin: { contents, resolveDir: fileURLToPath(new URL("..", import.meta.url)) }, bundle: true, minify: true, format: "esm", splitting, chunkNames, outdir: "out", write: false, external });
  return outputFiles.find(({ path }) => path.endsWith("stdin.js")).contents;
}

test("the directory weighs at most 4 KB on top of the client, and nothing in a page without it", async () => {
  const client = `import { UsersClient } from "pipedrive-users"; globalThis.client = new UsersClient({ baseUrl: "/pipedrive" });`;
  const directory = `import { UserDirectory } from "pipedrive-users/directory"; globalThis.directory = new UserDirectory(client);`;
  for (const splitting of [true, false]) {
    const [without, together] = await Promise.all([bundled(client, splitting), bundled(client + directory, splitting)]);
    const more = brotliCompressSync(together).length - brotliCompressSync(without).length;
    assert.ok(more > 1_000 && more <= 4_096, `${more} bytes, ${splitting ? "split" : "in one file"}`);
    for (const word of ["maxAgeMs", "staleMs", "directory"]) assert.ok(!Buffer.from(without).toString().includes(word), word);
  }
  // Loaded where a store is given.
  const sharing = brotliCompressSync(Buffer.from(await read("dist/directory-store.js"))).length;
  assert.ok(sharing <= 1_000, `${sharing} bytes`);
});

/** What a page loads to make the ten calls, as a bundler that splits makes it. */
function pageBytes() {
  const contents = `import { UsersClient } from "pipedrive-users";
    const client = new UsersClient({ baseUrl: "/pipedrive" });
    await client.getUsers(); await client.findUsersByName("bond"); await client.getCurrentUser(); await client.getUser(1);
    await client.getUserFollowers(1); await client.getUserPermissions(1); await client.getUserRoleAssignments(1); await client.getUserRoleSettings(1);
    await client.addUser({ email: "q@mi6.example" }); await client.updateUser(1, { active_flag: true });`;
  return bundled(contents, true);
}

test("the ten calls weigh at most 28 900 bytes in a page, minified and brotli", async () => {
  const page = brotliCompressSync(await pageBytes()).length;
  assert.ok(page <= 28_900, `${page} bytes`);
});

test("the script alone, which loads the check behind onDrift as well where it is asked for, weighs at most 29 450", async () => {
  const script = brotliCompressSync(Buffer.from(await read("dist/index.js"))).length;
  assert.ok(script <= 29_450, `${script} bytes`);
});

test("a Worker with OAuth, the proxy, and Durable Objects for tokens and limits weighs at most 67 050 bytes, minified and gzip, its module included", async () => {
  const contents = `import { createUsersProxy, durableObjectLimits, durableObjectStore, LimitsObject, OAuth, TokenObject } from "pipedrive-users/server";
    export { LimitsObject, TokenObject };
    export default { fetch(request, env) {
      const oauth = new OAuth({ clientId: env.ID, clientSecret: env.SECRET, redirectUri: env.URI, encryptionKey: env.KEY, store: durableObjectStore(env.TOKENS) });
      return createUsersProxy({ oauth, signedTokenSecret: env.SECRET, limits: durableObjectLimits(env.LIMITS) })(request);
    } };`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("..", import.meta.url)) },
    bundle: true, minify: true, format: "esm", conditions: ["workerd"], external: ["cloudflare:workers", "*.wasm"], splitting: true, chunkNames, outdir: "out", write: false,
  });
  const script = outputFiles.find(({ path }) => path.endsWith("stdin.js"));
  assert.ok(script.text.includes('"./server.wasm"') && !/core\.wasm|createSandbox|toNodeListener|evalsha/i.test(script.text));
  const bytes = [script.contents, await readFile(new URL("dist/server.wasm", root))].map((part) => gzipSync(part, { level: 9 }).length);
  assert.ok(bytes[0] + bytes[1] <= 67_050, `${bytes.join(" + ")} bytes`);
  // The check behind onDrift, where it is asked for.
  const drift = outputFiles.filter((file) => file !== script).map(({ contents }) => gzipSync(contents, { level: 9 }).length);
  assert.ok(drift.length === 1 && drift[0] <= 3_000, `${drift} bytes`);
});

test("neither the models' check nor the sandbox is in a page that does not use them", async () => {
  const code = Buffer.from(await pageBytes()).toString();
  for (const word of ["can_add_prospects_as_leads", "signup_flow_variation", "createSandbox", "sandbox.invalid"]) assert.ok(!code.includes(word), word);
});

for (const [tool, run] of [
  ["@arethetypeswrong/cli", (tarball) => ["node_modules/@arethetypeswrong/cli/dist/index.js", tarball, "--format", "json"]],
  ["publint", (tarball) => ["node_modules/publint/src/cli.js", "run", tarball, "--strict"]],
]) {
  test(`${tool} finds nothing wrong with the tarball`, { timeout: 120_000 }, () => {
    const tarball = process.env.PIPEDRIVE_USERS_TARBALL;
    assert.ok(tarball, "set PIPEDRIVE_USERS_TARBALL to the packed tarball (xtask)");
    const { status, stdout, stderr } = spawnSync(process.execPath, run(tarball), { cwd: fileURLToPath(new URL("..", import.meta.url)), encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } });
    assert.equal(status, 0, stdout + stderr);
    if (tool.startsWith("@are")) assert.deepEqual(JSON.parse(stdout).analysis.problems, []);
    else assert.match(stdout, /All good/);
  });
}
