// The JavaScript and TypeScript that README.md and the guides show: every block compiles, and runs against a sandbox. The blocks of the
// guide to runtimes are the files in tests/packed/snippets, which run in those runtimes; BACKEND.md is compared with the app that it shows.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

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

/** What the examples import besides the package: of no interest to its types. */
const FOREIGN = ["$env/dynamic/private", "$lib/server/company.js", "@playwright/test", "@sveltejs/kit", "@sveltejs/kit/vite", "@tanstack/react-query", "@vitejs/plugin-react", "express", "fastify", "msw", "msw/node", "node:url", "react", "react-dom/client", "vite", "vitest", "vitest/config"];
const AMBIENT = `${FOREIGN.map((name) => `declare module "${name}";\n`).join("")}declare module "hono" { export class Hono<Environment> { [method: string]: any; environment: Environment } }
declare namespace JSX { interface IntrinsicElements { [name: string]: any } }
declare const require: (name: string) => any, module: { exports: unknown }, test: any, expect: any, process: { env: Record<string, string | undefined> };
`;

/** The examples' own files, as far as TypeScript reads them. */
const isSource = (path) => /\.(c?js|jsx|ts)$/.test(path) && !/node_modules|\.next|\.svelte-kit|\.wrangler|dist\//.test(path);

test("the blocks and the examples lie beside the packages that they import", async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(support, folder, { recursive: true });
  // The end of a block makes it a module, so that its names are its own.
  for (const { file, code } of blocks) await writeFile(new URL(file, folder), `${code}\nexport {};\n`);
  const from = new URL("www/examples/", root);
  const paths = (await readdir(from, { recursive: true })).filter(isSource);
  for (const path of paths) await cp(new URL(path, from), new URL(`examples/${path}`, folder));
  assert.ok(paths.length >= 20, `${paths.length} files`);
  await writeFile(new URL("examples/ambient.d.ts", folder), AMBIENT);
  const compilerOptions = {
    strict: true, noEmit: true, allowJs: true, checkJs: true, noImplicitAny: false, skipLibCheck: true, maxNodeModuleJsDepth: 0, types: [], jsx: "preserve",
    target: "es2022", lib: ["es2022", "dom", "dom.iterable"], module: "esnext", moduleResolution: "bundler",
  };
  await writeFile(new URL("tsconfig.json", folder), JSON.stringify({ compilerOptions, files: [...blocks.map(({ file }) => file), "ambient.d.ts"] }));
  // Most are JavaScript, where nothing says that an element of the page is there.
  const ofExamples = { ...compilerOptions, strictNullChecks: false, useUnknownInCatchVariables: false };
  await writeFile(new URL("examples/tsconfig.json", folder), JSON.stringify({ compilerOptions: ofExamples, files: [...paths, "ambient.d.ts"] }));
});

// The oldest TypeScript that is supported, the last of the old compiler, and the newest.
for (const typescript of ["typescript-5.0", "typescript", "typescript-newest"]) {
  for (const [what, project] of [["block", "."], ["example", "examples"]]) {
    test(`every ${what} compiles under strict ${typescript}`, { timeout: 120_000 }, async () => {
      const tsc = fileURLToPath(new URL(`../node_modules/${typescript}/bin/tsc`, import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [tsc, "--project", project, "--pretty", "false", "--listFiles"], { cwd: fileURLToPath(folder), maxBuffer: 2 ** 24 }).catch((error) => error);
      // The DOM of that time had no Response.json().
      const problems = stdout.split("\n").filter((line) => /: error TS/.test(line) && !(typescript.endsWith("5.0") && /'json' does not exist on type '\{ new \(body/.test(line)));
      assert.deepEqual(problems, []);
      const expected = what === "block" ? blocks.map(({ file }) => `/${file}`) : ["/next/app/page.jsx", "/hono-workers/src/index.ts", "/testing/vitest/administrators.test.js"];
      for (const file of expected) assert.ok(stdout.split("\n").some((line) => line.endsWith(file)), `${file} was not checked`);
    });
  }
}

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
