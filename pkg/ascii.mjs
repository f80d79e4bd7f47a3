// The text that a module travels in inside a script: each byte is always the same character, with a blank or two before it
// where the byte is rare. Base64 shifts bytes across characters, so that a compressor sees no repetitions.

/**
 * The character of each byte, from 0 to 255; a blank for the rare ones. What needs an escape in a string, in a template or
 * in HTML is not among them, whatever quotes a minifier chooses. Brotli predicts a character from the classes of the two
 * before it (letters, digits, each kind of punctuation): the common instructions of WebAssembly have characters whose
 * classes tell them apart, found by trying, and lower-case letters stand for themselves, for the English texts.
 */
const CHARACTERS =
  "2@>)&EPQ+JXI5|KM=H  6   Z  ^L 1 ;:, 8  YBW V %N D     R9  A     !(? 0CUF .          T      4/   }abcdefghijklmnopqrstuvwxyz *G 3" +
  "[                         _     O               7       #       ]                                               {   ~       -  S";

/** Returns the arguments of `decodeModule`, as the text of a script. */
export function encodeAscii(bytes) {
  const { order, characters } = read(CHARACTERS);
  const codes = order.map((_, rank) => " ".repeat(rank / characters.length) + characters[rank % characters.length]);
  const text = Array.from(bytes, (byte) => codes[order.indexOf(byte)]).join("");
  return [CHARACTERS, text].map((text) => JSON.stringify(text)).join();
}

/** The bytes in the order of their codes: those with a character of their own, and the others. */
function read(table) {
  const order = [];
  const others = [];
  for (let byte = 0; byte < 256; byte++) (table[byte] === " " ? others : order).push(byte);
  return { order: [...order, ...others], characters: table.replaceAll(" ", "") };
}

/** Compiles a module from its text: what a script does with it. */
export async function decodeModule(table, text) {
  const { order, characters } = read(table);
  const ranks = new Uint8Array(128);
  for (let rank = 0; rank < characters.length; rank++) ranks[characters.charCodeAt(rank)] = rank;
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let base = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 32) base += characters.length;
    else {
      bytes[length++] = order[base + ranks[code]];
      base = 0;
    }
  }
  return WebAssembly.compile(bytes.subarray(0, length));
}
