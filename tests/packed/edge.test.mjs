// Edge runtimes, which forbid compiling bytes: workerd by itself and as wrangler bundles for it, and Vercel's.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { command } from "./support/command.mjs";
import { installed, project, run, SERVER_ENTRIES } from "./support/project.mjs";
import { packageVersion, row, stop } from "./support/rows.mjs";

after(stop);

const { Miniflare } = await import(pathToFileURL(installed("miniflare/dist/src/index.js")).href);

const WORKER = 'import { run } from "./run.mjs";\nexport default { fetch: async (request, env) => Response.json(await run(JSON.parse(env.FACTS))) };\n';

/** Runs a worker's files in workerd. */
async function inWorkerd(modules, facts) {
  const miniflare = new Miniflare({ modules, compatibilityDate: "2026-01-01", cf: false, bindings: { FACTS: JSON.stringify(facts) } });
  try {
    const response = await miniflare.dispatchFetch("http://worker.example/");
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return JSON.parse(text);
  } finally {
    await miniflare.dispose();
  }
}

const compressed = async (folder, files) => (await Promise.all(files.map(async (file) => brotliCompressSync(await readFile(join(folder, file))).length))).reduce((sum, bytes) => sum + bytes, 0);

for (const entry of SERVER_ENTRIES) {
  row({ what: "Cloudflare Workers, bundled by wrangler", version: () => packageVersion("wrangler"), entry }, async (facts) => {
    const cwd = await project(`wrangler-${entry}`, { "run.mjs": run(entry), "worker.mjs": WORKER, "wrangler.toml": 'name = "worker"\nmain = "worker.mjs"\ncompatibility_date = "2026-01-01"\n' });
    await command(process.execPath, [installed("wrangler/bin/wrangler.js"), "deploy", "--dry-run", "--minify", "--outdir", "out"], { cwd, env: { HOME: cwd, XDG_CONFIG_HOME: cwd } });
    const files = (await readdir(join(cwd, "out"))).filter((file) => /\.(js|wasm)$/.test(file));
    const modules = await Promise.all(files.sort((a, b) => b.endsWith(".js") - a.endsWith(".js")).map(async (path) => ({ type: path.endsWith(".js") ? "ESModule" : "CompiledWasm", path, contents: await readFile(join(cwd, "out", path)) })));
    return { ...(await inWorkerd(modules, facts)), bytes: await compressed(join(cwd, "out"), files) };
  });

  row({ what: "Vercel Edge (edge-runtime), bundled by esbuild", version: () => packageVersion("edge-runtime"), entry }, async (facts) => {
    const cwd = await project(`edge-${entry}`, {
      "run.mjs": run(entry),
      "function.mjs": 'import { run } from "./run.mjs";\naddEventListener("fetch", (event) => event.respondWith(run(JSON.parse(FACTS)).then((result) => Response.json(result), (error) => new Response(error.stack, { status: 500 }))));\n',
    });
    const { build } = await import(pathToFileURL(installed("esbuild/lib/main.js")).href);
    // As Vercel does: a module comes in from outside, compiled.
    const modules = {};
    let count = 0;
    const compiled = { name: "compiled", setup: (build) => {
      build.onResolve({ filter: /\.wasm\?module$/ }, ({ path, resolveDir }) => ({ path: join(resolveDir, path.replace("?module", "")), namespace: "compiled" }));
      build.onLoad({ filter: /.*/, namespace: "compiled" }, async ({ path }) => {
        const name = `WASM_${count++}`;
        modules[name] = await WebAssembly.compile(await readFile(path));
        return { contents: `export default ${name};` };
      });
    } };
    const { outputFiles } = await build({ absWorkingDir: cwd, entryPoints: ["function.mjs"], bundle: true, minify: true, write: false, format: "iife", conditions: ["edge-light"], plugins: [compiled] });
    const [{ text }] = outputFiles;
    if (/WebAssembly\.compile|new Function|\beval\(/.test(text)) throw new Error("the function compiles code");
    const { EdgeRuntime } = await import(pathToFileURL(installed("edge-runtime/dist/index.js")).href);
    const runtime = new EdgeRuntime({ initialCode: text, extend: (context) => Object.assign(context, modules, { FACTS: JSON.stringify(facts) }) });
    const response = await runtime.dispatchFetch("https://function.example/");
    if (!response.ok) throw new Error(await response.text());
    return { ...(await response.json()), bytes: brotliCompressSync(text).length };
  });
}
