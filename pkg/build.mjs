// Makes dist/ of src/: one self-contained file per entry point and condition, with the module inside the script where the
// runtime allows compiling bytes, and beside it where it does not.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import binaryen from "binaryen";
import { build } from "esbuild";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import { minify } from "terser";
import { encodeAscii } from "./ascii.mjs";
import { glueOf, rawExports } from "./glue.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: { wasm: { type: "string", default: here("src/generated/wasm") }, out: { type: "string", default: here("dist") }, exports: { type: "string" } },
});

/** The modules, and what the package uses of each. */
const EXPORTS = JSON.parse(values.exports);

/** What decodes a module's text. */
const decoder = binaryen.parseText(await readFile(here("decoder.wat"), "utf8"));
binaryen.setShrinkLevel(2);
decoder.optimize();
const DECODER = decoder.emitBinary();

/** How a script gets its module: the text of its `module` function. */
const INSIDE = (name, bytes) => ({ head: `import { decodeModule } from "${here("ascii.mjs")}";`, module: `decodeModule(${encodeAscii(bytes, DECODER)})` });
const BESIDE = (query) => (name) => ({ head: `import wasm from "./${name}.wasm${query}";`, module: "Promise.resolve(wasm)" });
const PROVIDED = () => ({ head: `import { providedModule } from "${here("src/init.ts")}";`, module: "providedModule()" });

/** The scripts: `<entry><ending>`, their format, and how each gets its module. `core` names the one in the place of the core. */
const SCRIPTS = [
  // Where bytes may be compiled: no second request, loader or content type.
  { entries: ["index"], ending: ".js", format: "esm", module: INSIDE },
  { entries: ["index"], ending: ".cjs", format: "cjs", module: INSIDE },
  { entries: ["sandbox"], ending: ".js", format: "esm", module: INSIDE },
  { entries: ["sandbox"], ending: ".cjs", format: "cjs", module: INSIDE },
  // These forbid it, and take a module as an import instead.
  { entries: ["index"], ending: ".workerd.js", format: "esm", module: BESIDE("") },
  { entries: ["index"], ending: ".edge-light.js", format: "esm", module: BESIDE("?module") },
  { entries: ["sandbox"], ending: ".workerd.js", format: "esm", module: BESIDE("") },
  { entries: ["sandbox"], ending: ".edge-light.js", format: "esm", module: BESIDE("?module") },
  // The server's module contains the core.
  { entries: ["server"], ending: ".js", format: "esm", module: INSIDE, core: "server" },
  { entries: ["server"], ending: ".cjs", format: "cjs", module: INSIDE, core: "server" },
  { entries: ["server"], ending: ".workerd.js", format: "esm", module: BESIDE(""), core: "server" },
  { entries: ["server"], ending: ".edge-light.js", format: "esm", module: BESIDE("?module"), core: "server" },
  // Its classes of errors are the client's.
  { entries: ["directory"], ending: ".js", format: "esm", module: INSIDE, client: "./index.js" },
  { entries: ["directory"], ending: ".cjs", format: "cjs", module: INSIDE, client: "./index.cjs" },
  { entries: ["directory"], ending: ".workerd.js", format: "esm", module: BESIDE(""), client: "./index.workerd.js" },
  { entries: ["directory"], ending: ".edge-light.js", format: "esm", module: BESIDE("?module"), client: "./index.edge-light.js" },
  // The caller provides it.
  { entries: ["slim"], ending: ".js", format: "esm", module: PROVIDED },
  { entries: ["slim"], ending: ".cjs", format: "cjs", module: PROVIDED },
];

/** The source of an entry point. */
const sourceOf = (entry) => (["server", "sandbox", "directory"].includes(entry) ? `src/${entry}/index.ts` : `src/${entry}.ts`);

/** Puts a module and its glue in the place of `generated/core.js` and so on. */
const modules = (access, core = "core", isEdge = false) => ({
  name: "modules",
  setup(build) {
    build.onResolve({ filter: /\/generated\/(core|sandbox|directory)\.js$/ }, ({ path }) => ({ path: path.endsWith("core.js") ? core : basename(path, ".js"), namespace: "wasm" }));
    build.onLoad({ filter: /.*/, namespace: "wasm" }, async ({ path }) => {
      const bytes = await readFile(`${values.wasm}/${path}_bg.wasm`);
      const { head, module } = access(path, bytes);
      if (path === "directory") {
        const exports = await rawExports(values.wasm, path, EXPORTS[path]);
        return { contents: `${head}\nlet compiled;\nexport const instantiate = async () => (${exports})((await WebAssembly.instantiate(await (compiled ??= ${module}), {})).exports);\n`, resolveDir: here("src") };
      }
      const glue = await glueOf(values.wasm, path, EXPORTS[path], isEdge);
      return { contents: `${head}\nexport const source = { ...(${glue})(), module: () => ${module} };\n`, resolveDir: here("src") };
    });
  },
});

/** Lets the server's Durable Object extend Cloudflare's class, without which it has no RPC. */
const durableObjects = {
  name: "durable-objects",
  setup(build) {
    build.onLoad({ filter: /\/base-object\.ts$/ }, () => ({ contents: 'export { DurableObject as BaseObject } from "cloudflare:workers";\n' }));
  },
};

/** What the other entries take from the client's file: classes, of which a program has one each. */
const SHARED = {
  "client.ts": "export { preload, UsersClient } from './index.js';",
  "api-promise.ts": "export { ApiPromise } from './index.js';",
  "pages.ts": "export { CursorPage, OffsetPage, PagePromise } from './index.js';",
  "cached-token.ts": "export { cachedToken } from './index.js';",
  "helpers.ts": "export { formattingLocale, identityKey, isAdmin, languageTag, parseTimestamp } from './index.js';",
  "pipedrive-error.ts": "export { isPipedriveError as isBranded, PipedriveError } from './index.js';",
};

/** Takes the client's classes from the client's file, instead of bundling them again. */
const fromClient = (file) => ({
  name: "from-client",
  setup(build) {
    build.onResolve({ filter: /^\.\.?\/index\.js$/ }, ({ pluginData, importer }) => (pluginData === "shared" || importer.endsWith("/server/index.ts") ? { path: file, external: true } : null));
    build.onLoad({ filter: /\/src\/[\w-]+\.ts$/ }, ({ path }) => {
      const contents = SHARED[basename(path)];
      return contents && { contents, loader: "ts", pluginData: "shared" };
    });
    build.onLoad({ filter: /\/generated\/errors\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const names = [...text.matchAll(/^export class (\w+)/gm)].map(([, name]) => name).join(", ");
      const contents = `import { ${names} } from "./index.js";\nexport { ${names} };\n${/^export const CLASSES.*$/m.exec(text)[0]}\n`;
      return { contents, loader: "ts", pluginData: "shared" };
    });
  },
});

/** Leaves what an import names a file of its own: what pages that do not use it do not load, and other entries. */
const apart = (filter, file) => ({
  name: "apart",
  setup: (build) => build.onResolve({ filter }, () => ({ path: file, external: true })),
});

await rm(values.out, { recursive: true, force: true });
await mkdir(values.out, { recursive: true });

const options = {
  absWorkingDir: here("."),
  bundle: true,
  target: "es2022",
  minifySyntax: true,
  minifyWhitespace: true,
  // Members of wasm-bindgen's classes.
  mangleProps: /^__(wbg|destroy)_/,
  legalComments: "none",
  logLevel: "warning",
  sourcemap: true,
  define: { IS_EDGE: "false" },
  // Fields that are not set need no definition.
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
};

/** The classes whose names are seen, in stacks and in what consoles show; those of the errors are set by hand. */
const CLASSES = ["UsersClient", "ApiPromise", "PagePromise", "CursorPage", "OffsetPage", "OAuth", "TokenObject", "LimitsObject"];

/** Short names in a fixed order: terser's own follows the letters of the whole script, in which the module's text is most. */
const names = {
  get(index) {
    const letters = "etnrsaoicludmhpfgyvbwkxjqzSTEOCPRAINLDUMFGHBVKWXYJQZ$_";
    let name = letters[index % 54];
    for (let rest = Math.floor(index / 54); rest > 0; rest = Math.floor(rest / 64)) name += (letters + "0123456789")[--rest % 64];
    return name;
  },
};

/**
 * Writes what esbuild made, smaller still unless it is to be readable. The source maps leave out the modules' bytes: the scripts have
 * them.
 */
async function write({ outputFiles }, format, isReadable = false) {
  const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
  for (const [path, text] of texts) {
    if (path.endsWith(".map")) continue;
    const name = basename(path);
    const content = JSON.parse(texts.get(`${path}.map`));
    const contents = new Map(content.sources.map((source, index) => [source, content.sourcesContent[index]]));
    const size = isReadable ? { compress: false, mangle: false } : { mangle: { nth_identifier: names, reserved: CLASSES } };
    const { code, map } = await minify(
      { [name]: text },
      { module: format === "esm", toplevel: true, ecma: 2020, ...size, format: { preserve_annotations: true, beautify: isReadable, comments: false }, sourceMap: { content, url: `${name}.map`, asObject: true } },
    );
    map.sourcesContent = map.sources.map((source) => (source.startsWith("wasm:") ? "// wasm-bindgen's glue, and the module.\n" : contents.get(source)));
    map.sources = map.sources.map((source) => source.replace(/^.*?src\//, "../src/"));
    await writeFile(path, `${code}\n`);
    await writeFile(`${path}.map`, JSON.stringify(map));
  }
}

for (const { entries, ending, format, module, core, client } of SCRIPTS) {
  const [, name, extension] = /^(.*)(\.c?js)$/.exec(ending);
  const isClient = entries.includes("index") || module === PROVIDED;
  const isEdge = module !== INSIDE && module !== PROVIDED;
  // What Node.js runs shows in its terminal where an error was made. What pages load is small instead.
  const isReadable = module === INSIDE && (format === "cjs" || (!isClient && !client));
  // A Worker would carry the core twice: its own classes know each other's errors all the same.
  const isShared = !isClient && !client && (module === INSIDE || entries.includes("sandbox"));
  await write(
    await build({
      ...options,
      format,
      entryPoints: Object.fromEntries(entries.map((entry) => [entry + name, sourceOf(entry)])),
      outdir: values.out,
      outExtension: { ".js": extension },
      write: false,
      ...(isReadable && { minifySyntax: false, minifyWhitespace: false }),
      define: { IS_EDGE: String(isEdge) },
      external: ["*.wasm", "*.wasm?module", "cloudflare:workers"],
      plugins: [modules(module, core, isEdge), ...(isShared ? [fromClient(`./index${ending}`)] : []), apart(/^\.\/drift\.js$/, `./drift${extension}`), ...(ending === ".workerd.js" && core ? [durableObjects] : []), ...(client ? [apart(/^\.\.\/index\.js$/, client), apart(/^\.\/store\.js$/, `./directory-store${extension}`)] : [])],
      // Some test runners cannot import from a CommonJS script.
      supported: { "dynamic-import": format === "esm" },
    }),
    format,
    isReadable,
  );
}
for (const [format, extension] of [["esm", ".js"], ["cjs", ".cjs"]]) {
  await write(await build({ ...options, format, entryPoints: { drift: "src/drift.ts", "directory-store": "src/directory/store.ts" }, outdir: values.out, outExtension: { ".js": extension }, write: false }), format);
}
// The command runs in Node.js alone.
await write(
  await build({ ...options, format: "esm", platform: "node", entryPoints: { cli: "src/sandbox/cli.js" }, loader: { ".html": "text", ".css": "text", ".page.js": "text" }, outdir: values.out, write: false, plugins: [apart(/^\.\/index\.js$/, "./sandbox.js")] }),
  "esm",
);
for (const name of Object.keys(EXPORTS)) await copyFile(`${values.wasm}/${name}_bg.wasm`, `${values.out}/${name}.wasm`);

/** The client's types are imported by the other entries: a class is declared once. */
const fromIndex = {
  name: "from-index",
  resolveId(source, importer) {
    if (!importer || !source.startsWith(".")) return null;
    const isOwn = /\/(server\/.+|directory\/.+|sandbox\/.+|generated\/sandbox-data|init)\.js$/.test(new URL(source, `file://${importer}`).pathname);
    return isOwn ? null : { id: "./index.js", external: true };
  },
};

for (const [entry, plugins] of [["index", []], ["sandbox", [fromIndex]], ["server", [fromIndex]], ["directory", [fromIndex]], ["slim", [fromIndex]]]) {
  const bundle = await rollup({ input: here(sourceOf(entry)), plugins: [...plugins, dts({ tsconfig: here("tsconfig.json") })], logLevel: "warn" });
  const { output } = await bundle.generate({ format: "es" });
  for (const extension of ["ts", "cts"]) {
    const code = output[0].code.replaceAll('./index.js', `./index.${extension === "ts" ? "js" : "cjs"}`);
    await writeFile(`${values.out}/${entry}.d.${extension}`, code);
  }
  await bundle.close();
}
