// Makes dist/ of src/: one self-contained file per entry point and condition, the module inside the script where the
// runtime lets bytes be compiled, and beside it where it does not.
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { deflateRawSync } from "node:zlib";
import { build } from "esbuild";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: { wasm: { type: "string", default: here("src/generated/wasm") }, out: { type: "string", default: here("dist") } },
});

/** The scripts with a module in them: what they export, and which module it is. */
const ENTRIES = { index: "core", sandbox: "sandbox" };
const EXPORTS = { core: ["Core"], sandbox: ["Company"] };

/** How a runtime gets at the module: the text of the script's `module` function. */
const CONDITIONS = {
  // Everywhere bytes may be compiled. Raw deflate and base64 cost a sixth more than the module as a file of its own,
  // and no second request, loader or content type.
  "": (name, packed) => ({ head: `import { unpack } from "${here("src/load.ts")}";`, module: `unpack("${packed}")` }),
  // These forbid it, and take a module as an import instead.
  ".workerd": (name) => ({ head: `import wasm from "./${name}.wasm";`, module: "Promise.resolve(wasm)" }),
  ".edge-light": (name) => ({ head: `import wasm from "./${name}.wasm?module";`, module: "Promise.resolve(wasm)" }),
};

/**
 * wasm-bindgen's glue inside a function, so that nothing of it runs at import, and each instance of the module has a
 * glue of its own: after a fault both are thrown away.
 */
async function script(name, condition) {
  const glue = await readFile(`${values.wasm}/${name}_bg.js`, "utf8");
  const imports = [];
  const body = glue.replace(/^export (function|class|const|let) (\w+)/gm, (_, kind, id) => {
    if (/^__wb(g|indgen)_/.test(id) && id !== "__wbg_set_wasm") imports.push(id);
    return `${kind} ${id}`;
  });
  const left = /^\s*(import|export)\b.*$/m.exec(body);
  if (left || !body.includes("__wbg_set_wasm")) throw new Error(`wasm-bindgen's glue has a new form: ${left?.[0]}`);
  const packed = deflateRawSync(await readFile(`${values.wasm}/${name}_bg.wasm`), { level: 9 }).toString("base64");
  const { head, module } = CONDITIONS[condition](name, packed);
  return `${head}
export const source = {
  name: "./${name}_bg.js",
  module: () => ${module},
  glue() {
${body}
    return {
      imports: { ${imports.join(", ")} },
      exports: { ${EXPORTS[name].join(", ")} },
      start(exports) {
        __wbg_set_wasm(exports);
        exports.__wbindgen_start();
      },
    };
  },
};
`;
}

/** Puts the scripts in the place of `generated/core.js` and `generated/sandbox.js`. */
const modules = (condition) => ({
  name: "modules",
  setup(build) {
    build.onResolve({ filter: /\/generated\/(core|sandbox)\.js$/ }, ({ path }) => ({
      path: /(core|sandbox)\.js$/.exec(path)[1],
      namespace: "wasm",
    }));
    build.onLoad({ filter: /.*/, namespace: "wasm" }, async ({ path }) => ({
      contents: await script(path, condition),
      resolveDir: here("src"),
    }));
  },
});

await rm(values.out, { recursive: true, force: true });
await mkdir(values.out, { recursive: true });

const options = { absWorkingDir: here("."), bundle: true, format: "esm", target: "es2022", minify: true, legalComments: "none", logLevel: "warning" };
for (const condition of Object.keys(CONDITIONS)) {
  await build({
    ...options,
    entryPoints: Object.fromEntries(Object.keys(ENTRIES).map((entry) => [entry + condition, `src/${entry}.ts`])),
    outdir: values.out,
    external: ["./drift.js", "*.wasm", "*.wasm?module"],
    plugins: [modules(condition)],
  });
}
// Not in the page of those who do not use it.
await build({ ...options, entryPoints: { drift: "src/drift.ts" }, outdir: values.out });
for (const name of Object.keys(EXPORTS)) await copyFile(`${values.wasm}/${name}_bg.wasm`, `${values.out}/${name}.wasm`);

for (const entry of Object.keys(ENTRIES)) {
  const bundle = await rollup({ input: here(`src/${entry}.ts`), plugins: [dts({ tsconfig: here("tsconfig.json") })], logLevel: "warn" });
  await bundle.write({ file: `${values.out}/${entry}.d.ts`, format: "es" });
  await bundle.close();
}
