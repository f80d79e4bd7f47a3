// The JavaScript and TypeScript that README.md and the guides show: every block compiles, and runs against a sandbox. The blocks of the
// guide to runtimes are the files in tests/packed/snippets, which run in those runtimes; BACKEND.md is compared with the app that it shows.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import ts from "typescript";

const root = new URL("../../", import.meta.url);
const guides = new URL("www/docs/guide/", root);
/** Beside the packages that the blocks import. */
const folder = new URL("../node_modules/.snippets/", import.meta.url);
const support = new URL("support/snippets/", import.meta.url);

const pages = [["README.md", new URL("README.md", root)], ...(await readdir(guides)).filter((name) => name !== "runtimes.md").map((name) => [name, new URL(name, guides)])];
const blocks = [];
for (const [page, url] of pages) {
  const text = await readFile(url, "utf8");
  let number = 0;
  for (const [, language, code] of text.matchAll(/^```(js|ts)\b.*\n([^]*?)^```$/gm)) {
    blocks.push({ page, language, code, file: `${page.replace(/\W+/g, "-")}-${(number += 1)}.${language === "js" ? "mjs" : "mts"}` });
  }
}

test("there are blocks on every page that should have some", () => {
  assert.ok(blocks.length >= 25, `${blocks.length} blocks`);
  for (const page of ["README.md", "backend.md", "credentials.md", "errors.md", "limits.md", "migration.md", "pages.md", "start.md", "testing.md", "workers.md"]) {
    assert.ok(blocks.some((block) => block.page === page), page);
  }
});

test("every block compiles under strict TypeScript", { timeout: 120_000 }, async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(support, folder, { recursive: true });
  // The end of a block makes it a module, so that its names are its own.
  for (const { file, code } of blocks) await writeFile(new URL(file, folder), `${code}\nexport {};\n`);
  const roots = [...blocks.map(({ file }) => file), "ambient.d.ts"].map((file) => fileURLToPath(new URL(file, folder)));
  const program = ts.createProgram(roots, {
    strict: true, noEmit: true, allowJs: true, checkJs: true, noImplicitAny: false, skipLibCheck: true, maxNodeModuleJsDepth: 0, types: [],
    target: ts.ScriptTarget.ES2022, lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.dom.asynciterable.d.ts"], module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
  });
  const checked = program.getSourceFiles().map(({ fileName }) => fileName);
  for (const { file } of blocks) assert.ok(checked.some((name) => name.endsWith(`/${file}`)), `${file} was not checked`);
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file ? `${file.fileName.split("/").pop()}:${file.getLineAndCharacterOfPosition(start).line + 1}: ` : "";
    return line + ts.flattenDiagnosticMessageText(messageText, "\n");
  });
  assert.deepEqual(problems, []);
});

for (const page of new Set(blocks.map(({ page }) => page))) {
  test(`the blocks of ${page} run`, { timeout: 60_000 }, async () => {
    const files = blocks.filter((block) => block.page === page).map(({ file }) => file);
    await build({ entryPoints: files.map((file) => fileURLToPath(new URL(file, folder))), outdir: fileURLToPath(new URL("run/", folder)), outExtension: { ".js": ".mjs" }, logLevel: "error" });
    const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL("run.mjs", folder)), ...files.map((file) => file.replace(".mts", ".mjs"))]).catch((error) => assert.fail(error.stderr || error.message));
    const ran = stdout.trim().split("\n").filter((line) => line.startsWith("ran ")).map((line) => line.slice(4));
    assert.deepEqual(ran, files.map((file) => file.replace(".mts", ".mjs")));
  });
}

test("the README's size of the client is what a bundler prints", async () => {
  const { gzipSync } = await import("node:zlib");
  const [, raw, gzip] = /about (\d+) kB to a page: (\d+) kB with gzip/.exec(await readFile(new URL("README.md", root), "utf8"));
  const contents = 'import { UsersClient } from "pipedrive-users"; export default new UsersClient({ baseUrl: "/pipedrive" });';
  const { outputFiles } = await build({ stdin: { contents, resolveDir: fileURLToPath(new URL("..", import.meta.url)) }, bundle: true, minify: true, format: "esm", splitting: true, outdir: "out", write: false });
  const page = outputFiles.find(({ path }) => path.endsWith("stdin.js")).contents;
  for (const [said, bytes] of [[raw, page.length], [gzip, gzipSync(page).length]]) assert.ok(Math.abs(bytes / 1000 - said) <= 2, `${said} kB, and it is ${bytes} bytes`);
});
