// wasm-bindgen's glue in a form that a script can hold.
import { readFile } from "node:fs/promises";

/**
 * What the client's glue has in the place of wasm-bindgen's own functions: only the core's own texts leave it, which are
 * ASCII, short, and always the same (`Text::new` in Rust takes no others). The first 1 028 values are constants.
 */
const RUNTIME = `
const heap = [...Array(1024), undefined, null, true, false];
let heap_next = heap.length;
function addHeapObject(object) {
  const index = heap_next;
  heap_next = heap[index] ?? index + 1;
  heap[index] = object;
  return index;
}
function takeObject(index) {
  const object = heap[index];
  if (index > 1027) {
    heap[index] = heap_next;
    heap_next = index;
  }
  return object;
}
const texts = [];
function getStringFromWasm0(start, length) {
  return ((texts[start] ??= [])[length] ??= String.fromCharCode(...new Uint8Array(wasm.memory.buffer, start, length)));
}
`;

/** The functions that these are in the place of. */
const REPLACED = ["addHeapObject", "dropObject", "getStringFromWasm0", "getUint8ArrayMemory0", "getObject", "handleError", "takeObject", "decodeText"];

/** What Jest's imitation of a page lacks, for the modules that take and give text of any kind. */
const TEXT = `
const TextDecoder = globalThis.TextDecoder ?? class { decode(bytes = []) { return decodeURIComponent(escape(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))); } };
const TextEncoder = globalThis.TextEncoder ?? class { encode(text) { return Uint8Array.from(unescape(encodeURIComponent(text)), (letter) => letter.charCodeAt(0)); } };
`;

/** Some test environments have a page's globals, but none of fetch's: a map is what fetch takes, too. */
const FETCH = `const Headers = globalThis.Headers ?? Map;\n`;

/** wasm-bindgen's `handleError` for arrow functions: what an import throws is kept for Rust. None takes more than four values. */
const CAUGHT = `const caught = (work) => (a, b, c, d) => {
  try {
    return work(a, b, c, d);
  } catch (error) {
    wasm.__wbindgen_exn_store(addHeapObject(error));
  }
};`;

/** What Workers and Edge do not need of wasm-bindgen's glue: they encode into an array, and are no Safari, which decodes two gigabytes at most. */
const ELSEWHERE = [
  /^if \(!\('encodeInto' in cachedTextEncoder\)\) \{[^]*?^\}$/m,
  /^const MAX_SAFARI_DECODE_BYTES = .*\nlet numBytesDecoded = 0;$/m,
  /^ *numBytesDecoded \+= bytes\.length;\n *if \(numBytesDecoded [^]*?^ {4}\}$/m,
];

/** What a replaced clock returns, as a number; nothing, which becomes NaN, where it throws or returns what is none. */
const NUMERIC = `
const numeric = (read) => () => {
  try {
    return +read();
  } catch {}
};`;

/** Reads a text that is one of the module's constants once only: decoding is slow. Others are in its stack and its heap. */
const remembered = (read, [begin, end]) => `${read.replace("getStringFromWasm0", "readText")}
const texts = [];
function getStringFromWasm0(start, length) {
  return length && (start < ${begin} || start >= ${end}) ? readText(start, length) : ((texts[start] ??= [])[length] ??= readText(start, length));
}`;

/**
 * The glue of a module as the text of a function that makes a `WasmSource` without its `module`: nothing of it runs at
 * import, and each instance of the module has a glue of its own, since after a fault both are thrown away. What Workers and Edge run
 * has nothing for other environments.
 */
export async function glueOf(folder, name, exported, isEdge = false) {
  const read = (file) => readFile(`${folder}/${name}${file}`, "utf8");
  const names = JSON.parse(await read("_names.json"));
  const short = new Map([...names.imports.map(([, long, short]) => [long, short]), ...names.exports]);
  const imports = [];
  const importOf = (id, parameters, statements, throws) => {
    // What the module does not import any more is not needed.
    if (!short.has(id)) return "";
    // What an import returns is ignored where the module expects nothing.
    const [, found] = /^\s*(?:return )?([^;{]*);\s*$/.exec(statements) ?? [];
    // Most timers have no clock.
    const expression = found?.replace(/^(setTimeout\.clock)(\.now)\.valueOf\(\)$/, "$1?$2");
    const work = `(${parameters}) => ${expression ?? `{${statements}}`}`;
    // Clocks and randomness may be replaced by anything.
    const isNumber = /^(?:(?:Date|Math|performance)\.\w+\(\)|setTimeout\.clock.*)$/.test(expression);
    if (throws && parameters.split(",").length > 4) throw new Error(`${id} takes more values than CAUGHT hands on`);
    imports.push([short.get(id), isNumber ? `numeric(${work})` : throws ? `caught(${work})` : work]);
    return "";
  };
  let body = (await read("_bg.js"))
    .replace(/\/\*\*[^]*?\*\/|^ *\/\/.*$/gm, "")
    .replace(/const ret = (.*);\s*return (\w+\()?ret(\))?;/g, "return $2$1$3;")
    // The engine converts numbers itself.
    .replace(/(?:const val\d = \+\w+;\s*)+.*;\s*\}$/gm, (text) => [...text.matchAll(/const (val\d) = \+(\w+);/g)].reduce((text, [line, value, name]) => text.replace(line, "").replaceAll(value, name), text))
    .replace(/^export function (__wb(?:g(?!_set_wasm)|indgen)_\w+)\(([^()]*)\) \{(\n[^]*?^)\}$/gm, (_, id, parameters, body) => importOf(id, parameters, body))
    .replace(/^export function (__wbg_\w+)\(\) \{ return handleError\(function \(([^()]*)\) \{(\n[^]*?^)\}, arguments\); \}$/gm, (_, id, parameters, body) => importOf(id, parameters, body, true))
    // A polyfill of `detached`, such as that of SES, does not know that a memory has grown.
    .replace(/(\w+)\.buffer\.detached === true \|\| \(\1\.buffer\.detached === undefined && (\1\.buffer !== wasm\.memory\.buffer)\)/g, "$2")
    // Some engines have no finalizers.
    .replace(/\(typeof (FinalizationRegistry) === 'undefined'\)\s*\?.*\s*:/g, "globalThis.$1 &&")
    .replace(/Finalization\./g, "Finalization?.")
    // The package frees its objects, and Rust its closures.
    .replace(/^if \(Symbol\.dispose\) .*$/gm, "")
    .replace(/^const CLOSURE_DTORS[^]*?;$/m, "")
    .replace(/^ *CLOSURE_DTORS\..*$/gm, "")
    .replace(/^export (?=function|class|const|let)/gm, "");
  // What is alike stands together, for a compressor.
  const ofWork = ([, one], [, other]) => (one < other ? -1 : 1);
  body += `\nconst imports = {\n${imports.sort(ofWork).map((pair) => pair.join(": ")).join(",\n")}\n};`;
  let replaced = [];
  if (name === "core") {
    body = body
      .replace(/^function addHeapObject[^]*(?=^let wasm;)/m, (functions) => {
        replaced = [...functions.matchAll(/^function (\w+)|idx < (?!1028\b).*/gm)].map(([form, id]) => id ?? form);
        return RUNTIME + CAUGHT;
      })
      .replace(/getObject\((\w+)\)/g, "heap[$1]")
      // No number of the core has 32 bits, but for an end that no text has.
      .replace(/(?<!slice.*) >>> 0/g, "");
  } else {
    if (isEdge) {
      replaced = ELSEWHERE.filter((form) => !form.test(body)).map(String);
      body = ELSEWHERE.reduce((body, form) => body.replace(form, ""), body);
    } else {
      body = TEXT + body;
    }
    body = body.replace(/^function handleError[^]*?^}$/m, CAUGHT).replace(/^function getStringFromWasm0[^]*?^}$/m, (read) => remembered(read, names.constants));
    if (!body.includes("function readText(")) replaced.push("the function that reads a text");
  }
  body = (isEdge ? "" : FETCH) + NUMERIC + body.replace(/\bwasm\.(\w+)/g, (_, id) => `wasm.${short.get(id)}`);
  const unexpected = [/^\s*(import|export)\b.*$/m, /wasm\.undefined/, /CLOSURE_DTORS|handleError|\.detached\b/, name === "core" ? /getObject|getUint8|TextEncoder|getDataView|isLikeNone/ : /^$(?!)/].map((form) => form.exec(body)?.[0]).filter(Boolean);
  unexpected.push(...replaced.filter((id) => !REPLACED.includes(id)));
  if (unexpected.length || !body.includes("__wbg_set_wasm") || imports.length !== names.imports.length) throw new Error(`wasm-bindgen's glue has a new form: ${unexpected}`);
  if (short.has("__wbindgen_start")) throw new Error("the module wants to be started");
  return `() => ({
  glue(AbortController) {
${body}
    return {
      imports: { a: imports },
      exports: { ${exported.join(", ")} },
      start: __wbg_set_wasm,
    };
  },
})`;
}

/** The exports of a module that needs no glue, as the text of a function that gives them their names again. */
export async function rawExports(folder, name, exported) {
  const { imports, exports } = JSON.parse(await readFile(`${folder}/${name}_names.json`, "utf8"));
  const short = new Map(exports);
  const missing = exported.filter((id) => !short.has(id));
  if (imports.length || missing.length) throw new Error(`the module ${name} needs glue: ${[...imports, ...missing]}`);
  return `(wasm) => ({ ${["memory", ...exported].map((id) => `${id}: wasm.${short.get(id) ?? id}`).join(", ")} })`;
}
