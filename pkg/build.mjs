// Makes dist/ of src/: one self-contained file per entry point and condition, the module inside the script where the
// runtime lets bytes be compiled, and beside it where it does not.
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
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
  // Everywhere bytes may be compiled. As text it costs next to nothing more than as a file of its own once the script is
  // compressed, and no second request, loader or content type.
  "": (name, bytes) => ({ head: `import { unpack } from "${here("src/load.ts")}";`, module: `unpack(${asText(bytes)})` }),
  // These forbid it, and take a module as an import instead.
  ".workerd": (name) => ({ head: `import wasm from "./${name}.wasm";`, module: "Promise.resolve(wasm)" }),
  ".edge-light": (name) => ({ head: `import wasm from "./${name}.wasm?module";`, module: "Promise.resolve(wasm)" }),
};

/**
 * Bytes as ASCII that a compressor reads as well as the bytes: each byte is always the same letter, with a blank or two
 * before it where it is past the last letter. Base64 shifts bytes across characters, so that what repeats is not seen.
 */
function asText(bytes) {
  // What needs no escape in a string, in a template or in HTML, whatever quotes a minifier chooses.
  const letters = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).filter((letter) => !/["'\\`$<]/.test(letter));
  const text = Array.from(bytes, (byte) => " ".repeat(Math.floor(byte / letters.length)) + letters[byte % letters.length]);
  return [letters.join(""), text.join("")].map((text) => JSON.stringify(text)).join();
}

/** The part of the glue that decodes texts, where all texts of a module are ASCII: no text but literals leaves the core. */
const ASCII_DECODER = [/^let cachedTextDecoder[^]*?^function decodeText[^]*?^}$/m, "function decodeText(bytes) { return String.fromCharCode(...bytes); }"];

/**
 * wasm-bindgen's glue inside a function, so that nothing of it runs at import, and each instance of the module has a
 * glue of its own: after a fault both are thrown away.
 */
async function script(name, condition) {
  const glue = await readFile(`${values.wasm}/${name}_bg.js`, "utf8");
  const bytes = await readFile(`${values.wasm}/${name}_bg.wasm`);
  const names = JSON.parse(await readFile(`${values.wasm}/${name}_names.json`, "utf8"));
  const short = new Map([...names.imports.map(([, long, short]) => [long, short]), ...names.exports]);
  const imports = [];
  let body = glue
    // What the module does not import any more is not needed.
    .replace(/^export function (__wb(?:g|indgen)_\w+)\([^]*?^}$/gm, (text, id) => {
      if (id !== "__wbg_set_wasm" && !short.has(id)) return "";
      if (id !== "__wbg_set_wasm") imports.push(id);
      return text;
    })
    .replace(/^export (?=function|class|const|let)/gm, "")
    .replace(/\bwasm\.(\w+)/g, (_, id) => `wasm.${short.get(id)}`);
  if (name === "core") body = body.replace(...ASCII_DECODER);
  const left = /^\s*(import|export)\b.*$/m.exec(body) ?? /wasm\.undefined/.exec(body) ?? (name === "core" && /TextDecoder/.exec(body));
  if (left || !body.includes("__wbg_set_wasm")) throw new Error(`wasm-bindgen's glue has a new form: ${left?.[0]}`);
  const { head, module } = CONDITIONS[condition](name, bytes);
  return `${head}
export const source = {
  name: "a",
  module: () => ${module},
  glue() {
${body}
    return {
      imports: { ${imports.map((id) => `${short.get(id)}: ${id}`).join(", ")} },
      exports: { ${EXPORTS[name].join(", ")} },
      start(exports) {
        __wbg_set_wasm(exports);
        exports.${short.get("__wbindgen_start")}();
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

const options = { absWorkingDir: here("."), bundle: true, format: "esm", target: "es2022", minify: true, legalComments: "none", logLevel: "warning", tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } } };
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
