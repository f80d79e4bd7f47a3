// Makes dist/ of src/: the modules travel inside the scripts, one self-contained file per entry point.
import { readFile, writeFile, mkdir, rm } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import { build } from "esbuild";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";

const generated = new URL("src/generated/", import.meta.url);
const dist = new URL("dist/", import.meta.url);

/**
 * Wraps wasm-bindgen's glue into a function, so that nothing of it runs at import, and each instance of the module
 * has a glue of its own: after a fault both are thrown away.
 */
async function wrapGlue(name, exported) {
  const glue = await readFile(new URL(`wasm/${name}_bg.js`, generated), "utf8");
  const imports = [];
  const body = glue.replace(/^export (function|class|const|let) (\w+)/gm, (_, kind, id) => {
    if (id.startsWith("__wbg_") || id.startsWith("__wbindgen_")) if (id !== "__wbg_set_wasm") imports.push(id);
    return `${kind} ${id}`;
  });
  const left = /^\s*(import|export)\b.*$/m.exec(body);
  if (left || !body.includes("__wbg_set_wasm")) throw new Error(`the glue has a new form: ${left?.[0]}`);
  const wasm = await readFile(new URL(`wasm/${name}_bg.wasm`, generated));
  const packed = deflateRawSync(wasm, { level: 9 }).toString("base64");
  await writeFile(
    new URL(`${name}.js`, generated),
    `import { unpack } from "../load.js";
export const source = {
  name: "./${name}_bg.js",
  module: () => unpack("${packed}"),
  glue() {
${body}
    return { imports: { ${imports.join(", ")} }, exports: { ${exported.join(", ")} }, start(exports) { __wbg_set_wasm(exports); exports.__wbindgen_start(); } };
  },
};
`,
  );
}

await wrapGlue("core", ["Core"]);
await wrapGlue("sandbox", ["Company"]);

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });

const entries = { index: "src/index.ts", sandbox: "src/sandbox.ts" };
// Not in the page of those who do not use it.
const lazy = { drift: "src/drift.ts" };
await build({
  absWorkingDir: new URL(".", import.meta.url).pathname,
  entryPoints: { ...entries, ...lazy },
  external: ["./drift.js"],
  outdir: "dist",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  keepNames: false,
  legalComments: "none",
  logLevel: "warning",
});

for (const [name, input] of Object.entries(entries)) {
  const bundle = await rollup({ input: new URL(input, import.meta.url).pathname, plugins: [dts({ tsconfig: new URL("tsconfig.json", import.meta.url).pathname })], logLevel: "warn" });
  await bundle.write({ file: new URL(`${name}.d.ts`, dist).pathname, format: "es" });
  await bundle.close();
}
