// The text that a module travels in inside a script: each byte is always the same character, with a blank or two before it
// where it is past the last one. Base64 shifts bytes across characters, so that a compressor sees no repetitions.
// Lower-case letters stand for themselves, so that a compressor's own dictionary sees the English texts.

/** What needs no escape in a string, in a template or in HTML, whatever quotes a minifier chooses. */
const isPlain = (character) => !/["'\\`$<a-z]/.test(character);

/** Returns the arguments of `decodeModule`, as the text of a script. */
export function encodeAscii(bytes) {
  const alphabet = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).filter(isPlain);
  const text = Array.from(bytes, (byte) => {
    if (byte > 96 && byte < 123) return String.fromCharCode(byte);
    const rank = byte < 97 ? byte : byte - 26;
    return " ".repeat(Math.floor(rank / alphabet.length)) + alphabet[rank % alphabet.length];
  });
  return [alphabet.join(""), text.join("")].map((text) => JSON.stringify(text)).join();
}

/** Compiles a module from its text: what a script does with it. */
export async function decodeModule(alphabet, text) {
  const ranks = new Uint8Array(128);
  for (let rank = 0; rank < alphabet.length; rank++) ranks[alphabet.charCodeAt(rank)] = rank;
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let base = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 32) base += alphabet.length;
    else {
      const rank = base + ranks[code];
      bytes[length++] = code > 96 && code < 123 ? code : rank < 97 ? rank : rank + 26;
      base = 0;
    }
  }
  return WebAssembly.compile(bytes.subarray(0, length));
}
