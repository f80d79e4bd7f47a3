import { makeError } from "../../errors.js";
import type { Generation } from "../core.js";
import type { TokenStore } from "../stores/store.js";

/** The tokens of a user, as they are stored. */
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

/** A value, and its version in the store. */
export interface Versioned<T> {
  readonly value: T;
  readonly version: string;
}

const IV_BYTES = 12;

/** A key for AES-GCM: its 32 bytes, or their base64 or hexadecimal. */
export type EncryptionKey = Uint8Array | string;

/** The records of a store, encrypted if there is a key. */
export class EncryptedStore {
  readonly #encryptionKey: Promise<CryptoKey> | undefined;

  constructor(
    readonly store: TokenStore,
    encryptionKey: Uint8Array<ArrayBuffer> | undefined,
  ) {
    this.#encryptionKey = encryptionKey && crypto.subtle.importKey("raw", encryptionKey, "AES-GCM", false, ["encrypt", "decrypt"]);
    // It is awaited where it is used.
    this.#encryptionKey?.catch(() => undefined);
  }

  async read<T>(key: string): Promise<Versioned<T> | undefined> {
    const stored = await this.store.get(key);
    if (!stored) return undefined;
    return { value: JSON.parse(await this.#decrypt(stored.record, key)) as T, version: stored.version };
  }

  /** Reads the tokens of a user. */
  async readTokens(key: string): Promise<Versioned<TokenRecord> | undefined> {
    // Older records have isSpent instead.
    const stored = await this.read<TokenRecord & { isSpent?: boolean }>(key);
    if (!stored) return undefined;
    const { isSpent = false, isRevoked = isSpent, ...value } = stored.value;
    return { value: { ...value, isRevoked }, version: stored.version };
  }

  /** Returns the new version, or undefined if the record no longer has the expected one. */
  async write(key: string, value: object, expectedVersion: string | undefined, ttlMs?: number): Promise<string | undefined> {
    return this.store.put(key, await this.#encrypt(JSON.stringify(value), key), expectedVersion, ttlMs);
  }

  async #encrypt(text: string, key: string): Promise<string> {
    if (!this.#encryptionKey) return text;
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const encrypted = await crypto.subtle.encrypt(algorithm(iv, key), await this.#encryptionKey, new TextEncoder().encode(text));
    return btoa(String.fromCharCode(...iv, ...new Uint8Array(encrypted)));
  }

  async #decrypt(record: string, key: string): Promise<string> {
    const isPlain = record.startsWith("{");
    if (!this.#encryptionKey) {
      if (isPlain) return record;
      throw unreadable(key, "it is encrypted, and there is no encryptionKey");
    }
    if (isPlain) throw unreadable(key, "it was written without an encryptionKey");
    try {
      const bytes = Uint8Array.from(atob(record), (character) => character.charCodeAt(0));
      const text = await crypto.subtle.decrypt(algorithm(bytes.subarray(0, IV_BYTES), key), await this.#encryptionKey, bytes.subarray(IV_BYTES));
      return new TextDecoder().decode(text);
    } catch (cause) {
      throw unreadable(key, "it was encrypted with another encryptionKey, or changed", cause);
    }
  }
}

/** Binds a record to its key, so that one tenant's cannot be put in the place of another's. */
const algorithm = (iv: Uint8Array<ArrayBuffer>, key: string) => ({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(key) });

const unreadable = (key: string, why: string, cause?: unknown) =>
  makeError(`the record ${/^\d+:\d+$/.test(key) ? key : "of an authorization"} cannot be read: ${why}. It was left as it is`, { kind: "config", cause });
