/** Encodes bytes as hexadecimal. */
const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Encodes a text as UTF-8. */
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Returns random bytes as hexadecimal. */
export const randomHex = (length: number): string => hex(crypto.getRandomValues(new Uint8Array(length)));

/** Returns the SHA-256 of a text as hexadecimal. */
export const sha256 = async (text: string): Promise<string> => hex(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text))));

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

/** Returns a copy of bytes. Not by instanceof: a test's environment may have a Uint8Array of its own. */
export const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> | undefined =>
  Object.prototype.toString.call(value) === "[object Uint8Array]" ? new Uint8Array(value as Uint8Array) : undefined;

/** Decodes a key of base64, base64url or 64 hexadecimal digits. Returns undefined if it is none of them. */
export function keyBytes(key: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof key !== "string") return bytesOf(key);
  try {
    if (/^[0-9a-f]{64}$/i.test(key)) return Uint8Array.from(key.match(/../g)!, (byte) => Number.parseInt(byte, 16));
    return decodeBase64(key);
  } catch {
    return undefined;
  }
}

const IV_BYTES = 12;

const algorithm = (iv: Uint8Array<ArrayBuffer>, context: string) => ({ name: "AES-GCM", iv, additionalData: utf8(context) });

/** Encrypts a text with AES-GCM, as base64. It can be decrypted only with the same context. */
export async function encrypt(key: CryptoKey, text: string, context: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const encrypted = new Uint8Array(await crypto.subtle.encrypt(algorithm(iv, context), key, utf8(text)));
  return btoa(String.fromCharCode(...iv) + Array.from(encrypted, (byte) => String.fromCharCode(byte)).join(""));
}

/** Decrypts a text of {@link encrypt}. Rejects if it was encrypted with another key or context, or changed. */
export async function decrypt(key: CryptoKey, encrypted: string, context: string): Promise<string> {
  const bytes = decodeBase64(encrypted);
  return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm(bytes.subarray(0, IV_BYTES), context), key, bytes.subarray(IV_BYTES)));
}

/** Decodes base64 or base64url. */
const decodeBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
