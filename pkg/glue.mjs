// wasm-bindgen's glue in a form that a script can hold.
import { readFile } from "node:fs/promises";

/** What the client's glue does in another way, since only ASCII leaves the core and its memory is one buffer. */
const SMALLER = [
  [/^let cachedTextDecoder[^]*?^function decodeText[^]*?^}$/m, ""],
  [
    /^function getStringFromWasm0[^]*?^}$/m,
    `function getStringFromWasm0(ptr, len) {
  const bytes = getUint8ArrayMemory0();
  let text = "";
  for (let end = ptr + len; ptr < end; ptr++) text += String.fromCharCode(bytes[ptr]);
  return text;
}`,
  ],
];

/** What Jest's imitation of a page lacks, for the modules that take and give text of any kind. */
const TEXT = `
const TextDecoder = globalThis.TextDecoder ?? class { decode(bytes = []) { return decodeURIComponent(escape(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))); } };
const TextEncoder = globalThis.TextEncoder ?? class { encode(text) { return Uint8Array.from(unescape(encodeURIComponent(text)), (letter) => letter.charCodeAt(0)); } };
`;

/** Some test environments have a page's globals, but none of fetch's: a map is what fetch takes, too. */
const FETCH = `const Headers = globalThis.Headers ?? Map;\n`;

/** wasm-bindgen's `handleError` for arrow functions: what an import throws is kept for Rust. */
const CAUGHT = `const caught = (work) => (...args) => {
  try {
    return work(...args);
  } catch (error) {
    wasm.__wbindgen_exn_store(addHeapObject(error));
  }
};`;

/**
 * The glue of a module as the text of a function that makes a `WasmSource` without its `module`: nothing of it runs at
 * import, and each instance of the module has a glue of its own, since after a fault both are thrown away.
 */
export async function glueOf(folder, name, exported) {
  const read = (file) => readFile(`${folder}/${name}${file}`, "utf8");
  const names = JSON.parse(await read("_names.json"));
  const short = new Map([...names.imports.map(([, long, short]) => [long, short]), ...names.exports]);
  const imports = [];
  const importOf = (id, parameters, statements, throws) => {
    // What the module does not import any more is not needed.
    if (!short.has(id)) return "";
    // What an import returns is ignored where the module expects nothing.
    const [, expression] = /^\s*(?:return )?([^;{]*);\s*$/.exec(statements) ?? [];
    const work = `(${parameters}) => ${expression ?? `{${statements}}`}`;
    imports.push(`${short.get(id)}: ${throws ? `caught(${work})` : work}`);
    return "";
  };
  let body = (await read("_bg.js"))
    .replace(/\/\*\*[^]*?\*\/|^ *\/\/.*$/gm, "")
    .replace(/const ret = (.*);\s*return (\w+\()?ret(\))?;/g, "return $2$1$3;")
    // The engine converts numbers itself.
    .replace(/(?:const val\d = \+\w+;\s*)+.*;\s*\}$/gm, (text) => [...text.matchAll(/const (val\d) = \+(\w+);/g)].reduce((text, [line, value, name]) => text.replace(line, "").replaceAll(value, name), text))
    // A view of a memory that has grown is empty, or has the buffer of before.
    .replace(/(cached\w+Memory0) === null \|\| \1\.byteLength === 0/g, "!$1?.byteLength")
    .replace(/(cached\w+Memory0) === null \|\| \1\.buffer\.detached === true .*(?=\) \{$)/gm, "$1?.buffer !== wasm.memory.buffer")
    .replace(/^export function (__wb(?:g(?!_set_wasm)|indgen)_\w+)\(([^()]*)\) \{(\n[^]*?^)\}$/gm, (_, id, parameters, body) => importOf(id, parameters, body))
    .replace(/^export function (__wbg_\w+)\(\) \{ return handleError\(function \(([^()]*)\) \{(\n[^]*?^)\}, arguments\); \}$/gm, (_, id, parameters, body) => importOf(id, parameters, body, true))
    .replace(/^function handleError[^]*?^}$/m, CAUGHT)
    // The package frees its objects, and Rust its closures.
    .replace(/^if \(Symbol\.dispose\) .*$/gm, "")
    .replace(/^const CLOSURE_DTORS[^]*?;$/m, "")
    .replace(/^ *CLOSURE_DTORS\..*$/gm, "")
    .replace(/^export (?=function|class|const|let)/gm, "");
  if (name === "core") for (const [form, other] of SMALLER) body = body.replace(form, other);
  else body = TEXT + body;
  body = `${FETCH}${body}\nconst imports = {\n${imports.join(",\n")}\n};`.replace(/\bwasm\.(\w+)/g, (_, id) => `wasm.${short.get(id)}`);
  const unexpected = [/^\s*(import|export)\b.*$/m, /wasm\.undefined/, /CLOSURE_DTORS|handleError|.*=== null \|\| cached.*/, name === "core" ? /cachedText|TextEncoder/ : /^$(?!)/].map((form) => form.exec(body)?.[0]).filter(Boolean);
  if (unexpected.length || !body.includes("__wbg_set_wasm") || imports.length !== names.imports.length) throw new Error(`wasm-bindgen's glue has a new form: ${unexpected}`);
  const start = short.get("__wbindgen_start");
  return `() => ({
  name: "a",
  glue({ AbortController }) {
${body}
    return {
      imports,
      exports: { ${exported.join(", ")} },
      start(exports) {
        __wbg_set_wasm(exports);
        ${start ? `exports.${start}();` : ""}
      },
    };
  },
})`;
}
