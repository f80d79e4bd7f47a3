// What a user installs: the unpacked tarball in node_modules.
import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = new URL("../node_modules/pipedrive-users/", import.meta.url);
const read = (path) => readFile(new URL(path, root), "utf8");
const manifest = JSON.parse(await read("package.json"));
const SCRIPTS = ["dist/index.js", "dist/sandbox.js"];

test("it holds what a user needs, and nothing else", async () => {
  const entries = await readdir(fileURLToPath(root), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`.slice(fileURLToPath(root).length).replace(/^\//, ""));
  assert.deepEqual(files.sort(), [
    "CHANGELOG.md", "FAULTS.md", "LICENSE", "README.md",
    "dist/core.wasm", "dist/drift.js", "dist/index.d.ts", "dist/index.edge-light.js", "dist/index.js", "dist/index.workerd.js",
    "dist/sandbox.d.ts", "dist/sandbox.edge-light.js", "dist/sandbox.js", "dist/sandbox.wasm", "dist/sandbox.workerd.js",
    "package.json",
  ]);
});

test("no file is empty", async () => {
  for (const file of ["CHANGELOG.md", "LICENSE", "README.md", "dist/index.d.ts", "dist/sandbox.d.ts", ...SCRIPTS]) {
    const { size } = await stat(new URL(file, root)).catch(() => ({ size: -1 }));
    assert.ok(size > 200, `${file}: ${size} bytes`);
  }
});

test("the README shows how to install and call it", async () => {
  const text = await read("README.md");
  for (const part of ["npm install pipedrive-users", "new UsersClient(", "createSandbox"]) assert.ok(text.includes(part), part);
});

test("no dependencies, no scripts at installation, no side effects", () => {
  for (const name of ["dependencies", "peerDependencies", "optionalDependencies", "bundledDependencies", "bin", "gypfile"]) assert.equal(manifest[name], undefined, name);
  for (const name of ["preinstall", "install", "postinstall", "prepare"]) assert.equal(manifest.scripts?.[name], undefined, name);
  assert.equal(manifest.sideEffects, false);
  assert.equal(manifest.type, "module");
});

test("its name, version and licence are those of the crate", async () => {
  const cargo = await readFile(new URL("../../Cargo.toml", import.meta.url), "utf8");
  const field = (name) => new RegExp(`^${name}\\s*=\\s*"(.*)"`, "m").exec(cargo)?.[1];
  assert.deepEqual([manifest.name, manifest.version, manifest.license], [field("name"), field("version"), field("license")]);
});

test("its entry points exist, with their types first", async () => {
  for (const [name, entry] of Object.entries(manifest.exports)) {
    for (const path of typeof entry === "string" ? [entry] : Object.values(entry)) await stat(new URL(path, root));
    if (typeof entry !== "string") assert.equal(Object.keys(entry)[0], "types", name);
  }
  assert.deepEqual(Object.keys(manifest.exports), [".", "./sandbox", "./package.json"]);
  assert.equal((await import("pipedrive-users/package.json", { with: { type: "json" } })).default.version, manifest.version);
  await assert.rejects(import("pipedrive-users/dist/index.js"), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
});

test("the client's entry exports what is documented, and nothing of its inside", async () => {
  const names = Object.keys(await import("pipedrive-users")).sort();
  assert.deepEqual(names, [
    "ApiError", "ApiPromise", "ArgumentError", "AuthenticationError", "BlockedError", "ConfigError", "ConnectionError", "CursorPage", "DecodeError", "ENDPOINTS", "LoadError", "NotFoundError", "OffsetPage", "PagePromise", "PermissionError", "PipedriveError",
    "RateLimitError", "ServerError", "TimeoutError", "UnexpectedStatusError", "UsersClient", "ValidationError", "formattingLocale", "identityKey", "isAdmin", "isPipedriveError", "languageTag", "parseTimestamp",
  ]);
  assert.deepEqual(Object.keys(await import("pipedrive-users/sandbox")), ["createSandbox"]);
});

test("the scripts run under a strict Content-Security-Policy and on every runtime", async () => {
  for (const file of SCRIPTS) {
    // The module's own bytes are text too, in which any word may occur.
    const code = (await read(file)).replace(/"[A-Za-z0-9+/=]{1000,}"/g, '""').replace('import("./drift.js")', "");
    for (const word of [/\beval\s*\(/, /new\s+Function\b/, /(?<![`"'.\w])Function\s*\(/, /\brequire\s*\(/, /\bimport\s*\(/, /\bimport\.meta\b/, /\bBuffer\b/, /\bprocess\b/, /from\s*"node:/, /^\s*import\b/m, /\b__dirname\b/, /\bXMLHttpRequest\b/, /sourceMappingURL/]) {
      assert.ok(!word.test(code), `${file} has ${word}`);
    }
    assert.match(code, /export\s*\{/);
  }
});

test("the client holds no token, and names nobody's machine", async () => {
  const { createSandbox } = await import("pipedrive-users/sandbox");
  const { apiToken, accessToken, nonAdminToken, baseToken } = createSandbox();
  const client = await read("dist/index.js");
  for (const token of [apiToken, accessToken, nonAdminToken, baseToken]) assert.ok(!client.includes(token));
  for (const file of [...SCRIPTS, "dist/index.d.ts", "dist/sandbox.d.ts", "README.md"]) {
    const text = await read(file);
    assert.ok(!/\/(home|root|Users|work|tmp)\//.test(text), `${file} has a path of a machine`);
    if (file !== "dist/sandbox.js") assert.ok(!/\b[0-9a-f]{40}\b/.test(text), `${file} has what looks like an API token`);
  }
});

test("the unpacked modules name nobody's machine", async () => {
  const { inflateRawSync } = await import("node:zlib");
  for (const file of SCRIPTS) {
    const [packed] = /[A-Za-z0-9+/=]{1000,}/.exec(await read(file));
    const module = inflateRawSync(Buffer.from(packed, "base64"));
    assert.deepEqual([...module.subarray(0, 4)], [0, 0x61, 0x73, 0x6d]);
    const text = module.toString("latin1");
    for (const path of [/\/(home|root|work|tmp)\//, /\.cargo\//]) assert.ok(!path.test(text), `${file}: ${path.exec(text) && text.slice(path.exec(text).index, path.exec(text).index + 60)}`);
  }
});
