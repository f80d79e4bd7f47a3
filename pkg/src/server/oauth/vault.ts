import { makeError } from "../../errors.js";
import type { Generation } from "../core.js";
import type { TokenStore } from "../stores/store.js";

/** The tokens of a user, as they are kept. */
export interface TokenRecord extends Generation {
  readonly companyId: number;
  readonly userId: number;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
  /** The origin of the company's API. */
  readonly apiDomain: string;
}

/** What was read, and its version in the store. */
export interface Kept<T> {
  readonly value: T;
  readonly version: string;
}

const IV_BYTES = 12;

/** A key for AES-GCM, from the 32 bytes that it is, or from their base64 or hexadecimal. */
export type EncryptionKey = Uint8Array | string;

/** The records of a store, encrypted where there is a key. */
export class Vault {
  readonly #key: Promise<CryptoKey> | undefined;

  constructor(
    readonly store: TokenStore,
    key: Uint8Array<ArrayBuffer> | undefined,
  ) {
    this.#key = key && crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
    // It is awaited where it is used.
    this.#key?.catch(() => undefined);
  }

  async read<T>(at: string): Promise<Kept<T> | undefined> {
    const found = await this.store.get(at);
    if (!found) return undefined;
    return { value: JSON.parse(await this.#open(found.record, at)) as T, version: found.version };
  }

  /** Gives the new version; nothing where the record has another one by now. */
  async write(at: string, value: object, expectedVersion: string | undefined, ttlMs?: number): Promise<string | undefined> {
    return this.store.put(at, await this.#seal(JSON.stringify(value), at), expectedVersion, ttlMs);
  }

  async #seal(text: string, at: string): Promise<string> {
    if (!this.#key) return text;
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const sealed = await crypto.subtle.encrypt(bound(iv, at), await this.#key, new TextEncoder().encode(text));
    return btoa(String.fromCharCode(...iv, ...new Uint8Array(sealed)));
  }

  async #open(record: string, at: string): Promise<string> {
    const isPlain = record.startsWith("{");
    if (!this.#key) {
      if (isPlain) return record;
      throw unreadable(at, "it is encrypted, and there is no encryptionKey");
    }
    if (isPlain) throw unreadable(at, "it was written without an encryptionKey");
    try {
      const bytes = Uint8Array.from(atob(record), (letter) => letter.charCodeAt(0));
      const text = await crypto.subtle.decrypt(bound(bytes.subarray(0, IV_BYTES), at), await this.#key, bytes.subarray(IV_BYTES));
      return new TextDecoder().decode(text);
    } catch (cause) {
      throw unreadable(at, "it was encrypted with another encryptionKey, or changed", cause);
    }
  }
}

/** A record opens only at its own place: nobody can put one tenant's in the place of another's. */
const bound = (iv: Uint8Array<ArrayBuffer>, at: string) => ({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(at) });

const unreadable = (at: string, why: string, cause?: unknown) =>
  makeError(`the record ${/^\d+:\d+$/.test(at) ? at : "of an authorization"} cannot be read: ${why}. It was left as it is`, { kind: "config", cause });
