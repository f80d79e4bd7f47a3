// wasm-bindgen's glue, and a module's bytes, in a form that a script can hold.
import { readFile } from "node:fs/promises";

/** The parts of the glue that decode text. Only ASCII leaves the core, in pieces of any length. */
const DECODER = /^let cachedTextDecoder[^]*?^function decodeText[^]*?^}$/m;
const GETTER = /^function getStringFromWasm0[^]*?^}$/m;
const ASCII_GETTER = `function getStringFromWasm0(ptr, len) {
  const bytes = getUint8ArrayMemory0();
  let text = "";
  for (let end = ptr + len; ptr < end; ptr++) text += String.fromCharCode(bytes[ptr]);
  return text;
}`;

/** What Jest's imitation of a page lacks, for the modules that take and give text of any kind. */
const TEXT = `
const TextDecoder = globalThis.TextDecoder ?? class { decode(bytes = []) { return decodeURIComponent(escape(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))); } };
const TextEncoder = globalThis.TextEncoder ?? class { encode(text) { return Uint8Array.from(unescape(encodeURIComponent(text)), (letter) => letter.charCodeAt(0)); } };
`;

/** Some test environments have a page's globals, but none of fetch's: a map is what fetch takes, too. */
const FETCH = `const Headers = globalThis.Headers ?? Map;\n`;

/**
 * The glue of a module as the text of a function that makes a `WasmSource` without its `module`: nothing of it runs at
 * import, and each instance of the module has a glue of its own, since after a fault both are thrown away.
 */
export async function glueOf(folder, name, exported) {
  const read = (file) => readFile(`${folder}/${name}${file}`, "utf8");
  const names = JSON.parse(await read("_names.json"));
  const short = new Map([...names.imports.map(([, long, short]) => [long, short]), ...names.exports]);
  const imports = [];
  let body = (await read("_bg.js"))
    // What the module does not import any more is not needed.
    .replace(/^export function (__wb(?:g|indgen)_\w+)\([^]*?^}(?:, arguments\); })?$/gm, (text, id) => {
      if (id === "__wbg_set_wasm") return text;
      if (!short.has(id)) return "";
      imports.push(`${short.get(id)}: ${id}`);
      return text;
    })
    // The package frees its objects, and Rust its closures.
    .replace(/^if \(Symbol\.dispose\) .*$/gm, "")
    .replace(/^const CLOSURE_DTORS[^]*?;$/m, "")
    .replace(/^ *CLOSURE_DTORS\..*$/gm, "")
    .replace(/^export (?=function|class|const|let)/gm, "")
    .replace(/\bwasm\.(\w+)/g, (_, id) => `wasm.${short.get(id)}`);
  body = name === "core" ? body.replace(DECODER, "").replace(GETTER, ASCII_GETTER) : TEXT + body;
  const unexpected = [/^\s*(import|export)\b.*$/m, /wasm\.undefined/, /CLOSURE_DTORS/, name === "core" ? /cachedText|TextEncoder/ : /^$(?!)/].map((form) => form.exec(body)?.[0]).filter(Boolean);
  if (unexpected.length || !body.includes("__wbg_set_wasm")) throw new Error(`wasm-bindgen's glue has a new form: ${unexpected}`);
  const start = short.get("__wbindgen_start");
  return `() => ({
  name: "a",
  glue({ AbortController }) {
${FETCH}${body}
    return {
      imports: { ${imports.join(", ")} },
      exports: { ${exported.join(", ")} },
      start(exports) {
        __wbg_set_wasm(exports);
        ${start ? `exports.${start}();` : ""}
      },
    };
  },
})`;
}

/**
 * Bytes as ASCII that a compressor reads as well as the bytes: each byte is always the same character, with a blank or two
 * before it where it is past the last one. Base64 shifts bytes across characters, so that repetitions are not seen.
 * Lower-case letters stand for themselves, so that a compressor's own dictionary sees the English texts.
 */
export function encodeAscii(bytes) {
  // What needs no escape in a string, in a template or in HTML, whatever quotes a minifier chooses.
  const alphabet = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).filter((character) => !/["'\\`$<a-z]/.test(character));
  const text = Array.from(bytes, (byte) => {
    if (byte > 96 && byte < 123) return String.fromCharCode(byte);
    const rank = byte < 97 ? byte : byte - 26;
    return " ".repeat(Math.floor(rank / alphabet.length)) + alphabet[rank % alphabet.length];
  });
  return [alphabet.join(""), text.join("")].map((text) => JSON.stringify(text)).join();
}
