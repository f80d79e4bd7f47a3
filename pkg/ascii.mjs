// The text that a module travels in inside a script: each byte is always the same character, with a blank or two before it
// where the byte is rare. Base64 shifts bytes across characters, so that a compressor sees no repetitions.

/**
 * The character of each byte, from 0 to 255; a blank for the rare ones. What needs an escape in a string, in a template or
 * in HTML is not among them, whatever quotes a minifier chooses. Brotli predicts a character from the classes of the two
 * before it (letters, digits, each kind of punctuation): the common instructions of WebAssembly have characters whose
 * classes tell them apart, found by trying, and lower-case letters stand for themselves, for the English texts.
 */
const CHARACTERS =
  "08>)6L7K1OBJ%@ID=Y  C   E  WZ - ;:, H  4UN V .Q X     RG  /     M(^ }35{ F          T      SA   2abcdefghijklmnopqrstuvwxyz !  9" +
  "[                        ]_     *               &       #       ?                                               +   ~       P  |";

/** Returns the arguments of `decodeModule`, as the text of a script: `decoder` is the module of decoder.wat. */
export function encodeAscii(bytes, decoder) {
  const codes = codesOf(CHARACTERS).map((code) => " ".repeat(code >> 7) + String.fromCharCode(code & 127));
  const text = Array.from(bytes, (byte) => codes[byte]).join("");
  return [[...decoder], CHARACTERS, text].map((argument) => JSON.stringify(argument)).join();
}

/** The code of each byte: that of its character, and 128 for each blank before it. */
function codesOf(table) {
  const characters = table.replaceAll(" ", "");
  let rare = characters.length;
  return Array.from(table, (character) => (character === " " ? ((rare / characters.length) << 7) + characters.charCodeAt(rare++ % characters.length) : character.charCodeAt()));
}

/** Compiles a module from its text: what a script does with it. A loop of JavaScript that runs once is interpreted, which takes longer. */
export async function decodeModule(decoder, table, text) {
  const { m, d } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(decoder))).exports;
  const bytes = new Uint8Array(m.buffer);
  codesOf(table).forEach((code, byte) => (bytes[code] = byte));
  // Jest's imitation of a page has no encoder.
  bytes.set(globalThis.TextEncoder ? new TextEncoder().encode(text) : Array.from(text, (character) => character.charCodeAt()), 512);
  const module = bytes.subarray(512, d(512, 512, 512 + text.length));
  try {
    // The first call waits for it, and another thread would be later.
    return new WebAssembly.Module(module);
  } catch {
    return WebAssembly.compile(module); // A page in Chromium before 114 compiles only 4 KB at once.
  }
}
