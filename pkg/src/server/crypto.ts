/** Encodes bytes as hexadecimal. */
const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Returns random bytes as hexadecimal. */
export const randomHex = (length: number): string => hex(crypto.getRandomValues(new Uint8Array(length)));

/** Returns the SHA-256 of a text as hexadecimal. */
export const sha256 = async (text: string): Promise<string> => hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));

/** Returns the SHA-1 of a text as hexadecimal: the name of a script in Redis. */
export const sha1 = async (text: string): Promise<string> => hex(new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text))));

/** Compares two texts in constant time. */
export async function isSame(one: string, other: string): Promise<boolean> {
  // Hashes have the same length, and their difference says nothing about that of the texts.
  const [a, b] = (await Promise.all([one, other].map(sha256))) as [string, string];
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
}

/** Decodes a key of base64, base64url or 64 hexadecimal digits. Returns undefined if it is none of them. */
export function keyBytes(key: Uint8Array | string): Uint8Array<ArrayBuffer> | undefined {
  if (typeof key !== "string") return key instanceof Uint8Array ? new Uint8Array(key) : undefined;
  try {
    if (/^[0-9a-f]{64}$/i.test(key)) return Uint8Array.from(key.match(/../g)!, (byte) => Number.parseInt(byte, 16));
    return Uint8Array.from(atob(key.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
