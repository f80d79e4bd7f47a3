// Makes dist/ of src/: one self-contained file per entry point and condition, the module inside the script where the
// runtime lets bytes be compiled, and beside it where it does not.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import { asText, glueOf } from "./glue.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: { wasm: { type: "string", default: here("src/generated/wasm") }, out: { type: "string", default: here("dist") } },
});

/** The modules, and what they export. */
const EXPORTS = {
  core: ["Core"],
  sandbox: ["Company"],
  // The client's, and what the server half decides beside it.
  server: ["Core", "verifySignedToken", "permit", "freshness", "replaces", "isPipedrive"],
};

/** How a script gets at its module: the text of its `module` function. */
const INSIDE = (name, bytes) => ({ head: `import { unpack } from "${here("src/load.ts")}";`, module: `unpack(${asText(bytes)})` });
const BESIDE = (query) => (name) => ({ head: `import wasm from "./${name}.wasm${query}";`, module: "Promise.resolve(wasm)" });
const GIVEN = () => ({ head: `import { given } from "${here("src/given.ts")}";`, module: "given()" });

/** The scripts: `<entry><ending>`, in which format, and how each gets at its module. `core` names the one in the core's place. */
const SCRIPTS = [
  // Everywhere bytes may be compiled: no second request, loader or content type.
  { entries: ["index", "sandbox"], ending: ".js", format: "esm", module: INSIDE },
  { entries: ["index", "sandbox"], ending: ".cjs", format: "cjs", module: INSIDE },
  // These forbid it, and take a module as an import instead.
  { entries: ["index", "sandbox"], ending: ".workerd.js", format: "esm", module: BESIDE("") },
  { entries: ["index", "sandbox"], ending: ".edge-light.js", format: "esm", module: BESIDE("?module") },
  // The server half's module has the core in it.
  { entries: ["server"], ending: ".js", format: "esm", module: INSIDE, core: "server" },
  { entries: ["server"], ending: ".cjs", format: "cjs", module: INSIDE, core: "server" },
  { entries: ["server"], ending: ".workerd.js", format: "esm", module: BESIDE(""), core: "server" },
  { entries: ["server"], ending: ".edge-light.js", format: "esm", module: BESIDE("?module"), core: "server" },
  // The caller has it.
  { entries: ["slim"], ending: ".js", format: "esm", module: GIVEN },
  { entries: ["slim"], ending: ".cjs", format: "cjs", module: GIVEN },
];

/** Puts a module and its glue in the place of `generated/core.js` and `generated/sandbox.js`. */
const modules = (access, core = "core") => ({
  name: "modules",
  setup(build) {
    build.onResolve({ filter: /\/generated\/(core|sandbox)\.js$/ }, ({ path }) => ({ path: path.endsWith("core.js") ? core : "sandbox", namespace: "wasm" }));
    build.onLoad({ filter: /.*/, namespace: "wasm" }, async ({ path }) => {
      const bytes = await readFile(`${values.wasm}/${path}_bg.wasm`);
      const { head, module } = access(path, bytes);
      const glue = await glueOf(values.wasm, path, EXPORTS[path]);
      return { contents: `${head}\nexport const source = { ...(${glue})(), module: () => ${module} };\n`, resolveDir: here("src") };
    });
  },
});

/** Leaves the check for drift a file of its own: not in the page of those who do not use it. */
const apart = (file) => ({
  name: "apart",
  setup: (build) => build.onResolve({ filter: /^\.\/drift\.js$/ }, () => ({ path: file, external: true })),
});

await rm(values.out, { recursive: true, force: true });
await mkdir(values.out, { recursive: true });

const options = {
  absWorkingDir: here("."),
  bundle: true,
  target: "es2022",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  sourcemap: true,
  // Fields that are not set need not be named.
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
};

/** Writes what esbuild made, the modules' bytes left out of the source maps: nobody can read them, and the script has them. */
async function write({ outputFiles }) {
  for (const { path, text } of outputFiles) {
    if (!path.endsWith(".map")) {
      await writeFile(path, text);
      continue;
    }
    const map = JSON.parse(text);
    map.sourcesContent = map.sources.map((source, index) => (source.startsWith("wasm:") ? "// The glue that wasm-bindgen makes, and the module.\n" : map.sourcesContent[index]));
    map.sources = map.sources.map((source) => source.replace(/^.*?src\//, "../src/"));
    await writeFile(path, JSON.stringify(map));
  }
}

for (const { entries, ending, format, module, core } of SCRIPTS) {
  const [, name, extension] = /^(.*)(\.c?js)$/.exec(ending);
  await write(
    await build({
      ...options,
      format,
      entryPoints: Object.fromEntries(entries.map((entry) => [entry + name, `src/${entry}.ts`])),
      outdir: values.out,
      outExtension: { ".js": extension },
      write: false,
      external: ["*.wasm", "*.wasm?module"],
      plugins: [modules(module, core), apart(`./drift${extension}`)],
      // Some test runners cannot import from a CommonJS script.
      supported: { "dynamic-import": format === "esm" },
    }),
  );
}
for (const [format, extension] of [["esm", ".js"], ["cjs", ".cjs"]]) {
  await write(await build({ ...options, format, entryPoints: { drift: "src/drift.ts" }, outdir: values.out, outExtension: { ".js": extension }, write: false }));
}
for (const name of Object.keys(EXPORTS)) await copyFile(`${values.wasm}/${name}_bg.wasm`, `${values.out}/${name}.wasm`);

/** The client's types stay the client's in the entries that have it too: a class is declared once. */
const fromIndex = {
  name: "from-index",
  resolveId(source, importer) {
    if (!importer || !source.startsWith(".")) return null;
    const isOwn = /\/(server\/.+|given)\.js$/.test(new URL(source, `file://${importer}`).pathname);
    return isOwn ? null : { id: "./index.js", external: true };
  },
};

for (const [entry, plugins] of [["index", []], ["sandbox", []], ["server", [fromIndex]], ["slim", [fromIndex]]]) {
  const bundle = await rollup({ input: here(`src/${entry}.ts`), plugins: [...plugins, dts({ tsconfig: here("tsconfig.json") })], logLevel: "warn" });
  const { output } = await bundle.generate({ format: "es" });
  for (const extension of ["ts", "cts"]) {
    const code = output[0].code.replaceAll('./index.js', `./index.${extension === "ts" ? "js" : "cjs"}`);
    await writeFile(`${values.out}/${entry}.d.${extension}`, code);
  }
  await bundle.close();
}
