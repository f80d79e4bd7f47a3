// wasm-bindgen's glue, and a module's bytes, in a form that a script can hold.
import { readFile } from "node:fs/promises";

/** The parts of the glue that decode texts. Those of the core are ASCII and stay where they are: no text but literals leaves it. */
const DECODER = /^let cachedTextDecoder[^]*?^function decodeText[^]*?^}$/m;
const GETTER = /^function getStringFromWasm0[^]*?^}$/m;
const LITERALS = "function getStringFromWasm0(ptr, len) { return String.fromCharCode(...getUint8ArrayMemory0().subarray(ptr, ptr + len)); }";

/** What Jest's imitation of a page lacks, for the module that takes and gives texts of any kind. */
const TEXTS = `
const TextDecoder = globalThis.TextDecoder ?? class { decode(bytes = []) { return decodeURIComponent(escape(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))); } };
const TextEncoder = globalThis.TextEncoder ?? class { encode(text) { return Uint8Array.from(unescape(encodeURIComponent(text)), (letter) => letter.charCodeAt(0)); } };
`;

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
    // The face alone holds these objects, and lets them go itself.
    .replace(/^if \(Symbol\.dispose\) .*$/gm, "")
    .replace(/^export (?=function|class|const|let)/gm, "")
    .replace(/\bwasm\.(\w+)/g, (_, id) => `wasm.${short.get(id)}`);
  body = name === "core" ? body.replace(DECODER, "").replace(GETTER, LITERALS) : TEXTS + body;
  const strange = [/^\s*(import|export)\b.*$/m, /wasm\.undefined/, name === "core" ? /TextDecoder/ : /^$(?!)/].map((form) => form.exec(body)?.[0]).filter(Boolean);
  if (strange.length || !body.includes("__wbg_set_wasm")) throw new Error(`wasm-bindgen's glue has a new form: ${strange}`);
  return `() => ({
  name: "a",
  glue() {
${body}
    return {
      imports: { ${imports.join(", ")} },
      exports: { ${exported.join(", ")} },
      start(exports) {
        __wbg_set_wasm(exports);
        exports.${short.get("__wbindgen_start")}();
      },
    };
  },
})`;
}

/**
 * Bytes as ASCII that a compressor reads as well as the bytes: each byte is always the same letter, with a blank or two
 * before it where it is past the last letter. Base64 shifts bytes across characters, so that what repeats is not seen.
 */
export function asText(bytes) {
  // What needs no escape in a string, in a template or in HTML, whatever quotes a minifier chooses.
  const letters = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).filter((letter) => !/["'\\`$<]/.test(letter));
  const text = Array.from(bytes, (byte) => " ".repeat(Math.floor(byte / letters.length)) + letters[byte % letters.length]);
  return [letters.join(""), text.join("")].map((text) => JSON.stringify(text)).join();
}
