/** Bytes as hexadecimal. */
const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** So many random bytes. */
export const randomHex = (bytes: number): string => hex(crypto.getRandomValues(new Uint8Array(bytes)));

export const sha256 = async (text: string): Promise<string> => hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));

/** Whether two texts are the same, in a time that does not tell how much of them is. */
export async function isSame(one: string, other: string): Promise<boolean> {
  // Of one length, and unlike wherever the texts are.
  const [a, b] = await Promise.all([one, other].map(sha256)) as [string, string];
  let difference = 0;
  for (let place = 0; place < a.length; place++) difference |= a.charCodeAt(place) ^ b.charCodeAt(place);
  return difference === 0;
}

/** Bytes, from themselves, base64, base64url or hexadecimal. */
export function keyBytes(key: Uint8Array | string): Uint8Array<ArrayBuffer> | undefined {
  if (typeof key !== "string") return key instanceof Uint8Array ? new Uint8Array(key) : undefined;
  try {
    if (/^[0-9a-f]{64}$/i.test(key)) return Uint8Array.from(key.match(/../g)!, (byte) => Number.parseInt(byte, 16));
    return Uint8Array.from(atob(key.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}
