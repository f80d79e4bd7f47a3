import { isPipedriveError, makeError } from "../../errors.js";
import { configError, type Generation } from "../core.js";
import { decrypt, encrypt, keyBytes } from "../crypto.js";
import type { TokenStore } from "../stores/store.js";

/** The tokens of a user, as they are stored. */
export interface TokenRecord extends Generation {
  readonly companyId: number;
  readonly userId: number;
  /** A random id: each installation has its own, which its renewals keep. */
  readonly grantId: string;
  /** When Pipedrive granted access, by its own clock, in milliseconds since 1970. */
  readonly grantedAt: number;
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

/** A key for AES-GCM: its 32 bytes, or their base64 or hexadecimal. */
export type EncryptionKey = Uint8Array | string;

/** How long a record is kept: Pipedrive forgets a refresh token that was not used for 60 days. */
const RECORD_MS = 61 * 86_400_000;

/** Number of users whose newest record is remembered. */
const MAX_REMEMBERED = 10_000;

/** By how much the clocks of two processes may differ. */
const CLOCK_SKEW_MS = 10_000;

/** How often a record is changed that other processes are writing. */
const MAX_ATTEMPTS = 100;

/** Number of replaced grants of a user that are remembered. */
const MAX_ENDED = 8;

type Version = Pick<TokenRecord, "grantId" | "grantedAt" | "generation" | "isRevoked">;

/** The newest record of a user, and the ids of the grants that came before. */
type Newest = Version & { readonly ended: readonly string[] };

/** The records of a store, encrypted with the first of its keys. */
export class EncryptedStore {
  readonly #keys: readonly Promise<CryptoKey>[];
  /** The newest record of each user that this process has seen, so that an older one that was put back is noticed. */
  readonly #newest = new Map<string, Newest>();

  /** Without keys, records are plain text. */
  constructor(
    readonly store: TokenStore,
    keys: readonly Uint8Array<ArrayBuffer>[],
    private readonly isPipedrive: (apiDomain: string) => Promise<boolean>,
  ) {
    this.#keys = keys.map((key) => crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]));
    // They are awaited where they are used.
    for (const key of this.#keys) key.catch(() => undefined);
  }

  /** Reads the tokens of a user. */
  async read(key: string): Promise<Versioned<TokenRecord> | undefined> {
    // What is stored while this record is read is newer than it.
    const newest = this.#newest.get(key);
    const stored = await this.store.get(key);
    if (!stored) return undefined;
    const value = recordOf(await this.#decrypt(stored.record, key));
    if (!value) throw unreadable(key, "it has no tokens of a user");
    if (!(await this.isPipedrive(value.apiDomain))) throw unreadable(key, "its api_domain is not one of Pipedrive's");
    if (newest && isOlder(value, newest)) throw unreadable(key, "it is older than a record that was stored before, and must have been put back");
    this.#remember(key, value, isOlder);
    return { value, version: stored.version };
  }

  /** The same, and undefined for a record that nobody can read any more, such as after the loss of the encryption key. */
  async readIfReadable(key: string): Promise<Versioned<TokenRecord> | undefined> {
    return this.read(key).catch((error: unknown) => {
      if (isPipedriveError(error, "config")) return undefined;
      // The store failed, and the record may be a good one.
      throw error;
    });
  }

  /** Returns the new version, or undefined if the record no longer has the expected one. */
  async write(key: string, value: TokenRecord, expectedVersion: string | undefined): Promise<string | undefined> {
    const version = await this.store.put(key, await this.#encrypt(JSON.stringify(value), key), expectedVersion, RECORD_MS);
    if (version === undefined) return undefined;
    // It replaced what was stored: it is the newer one, whatever the clocks say.
    this.#remember(key, value, isReplaced);
    return version;
  }

  /** Attempts a change until it returns something: other processes may write the record meanwhile. */
  async retry<T>(key: string, change: () => Promise<T | undefined | false>): Promise<T> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const result = await change();
      if (result !== undefined && result !== false) return result;
    }
    throw makeError(`the token store has another version of record ${key} at each attempt to write it`, { kind: "timeout" });
  }

  /** Deletes a record, if it still has this version. */
  async delete(key: string, version: string): Promise<void> {
    await this.store.delete(key, version);
    const newest = this.#newest.get(key);
    // None of this grant is good any more.
    if (newest) this.#newest.set(key, { ...newest, generation: Infinity });
  }

  #remember(key: string, version: Version, isOutdated: typeof isOlder): void {
    const before = this.#newest.get(key);
    if (before && isOutdated(version, before)) return;
    const { grantId, grantedAt, generation, isRevoked } = version;
    const ended = before && before.grantId !== grantId ? [...before.ended, before.grantId].slice(-MAX_ENDED) : (before?.ended ?? []);
    this.#newest.delete(key);
    this.#newest.set(key, { grantId, grantedAt, generation, isRevoked, ended });
    if (this.#newest.size > MAX_REMEMBERED) this.#newest.delete(this.#newest.keys().next().value!);
  }

  async #encrypt(text: string, key: string): Promise<string> {
    const encryptionKey = await this.#keys[0];
    return encryptionKey ? encrypt(encryptionKey, text, key) : text;
  }

  /** The context of the encryption is the key of the record, so that one user's cannot be put in the place of another's. */
  async #decrypt(record: string, key: string): Promise<string> {
    const isPlain = record.startsWith("{");
    if (!this.#keys.length) {
      if (isPlain) return record;
      throw unreadable(key, 'it is encrypted, and encryptionKey is "none"');
    }
    if (isPlain) throw unreadable(key, "it was written without an encryptionKey");
    let cause: unknown;
    for (const encryptionKey of this.#keys) {
      try {
        return await decrypt(await encryptionKey, record, key);
      } catch (error) {
        cause = error;
      }
    }
    throw unreadable(key, "it was encrypted with another encryptionKey, or changed", cause);
  }
}

/** Checks the keys of a configuration, and returns their bytes; none for `"none"`. */
export function keysOf(encryptionKey: unknown): Uint8Array<ArrayBuffer>[] {
  if (encryptionKey === "none") return [];
  // Spread, so that a hole in the list is a key that is missing.
  const keys: unknown[] = Array.isArray(encryptionKey) ? [...(encryptionKey as unknown[])] : [encryptionKey];
  if (encryptionKey === undefined || encryptionKey === null || !keys.length) {
    throw configError('encryptionKey is missing: it must be 32 random bytes, or their base64 or hexadecimal, or "none", which stores tokens in plain text');
  }
  return keys.map((key) => {
    const bytes = keyBytes(key);
    if (bytes?.length !== 32) throw configError("encryptionKey must be 32 bytes, or their base64 or hexadecimal, or a list of such keys");
    if (bytes.every((byte) => byte === bytes[0])) throw configError("encryptionKey must be random: all its bytes are the same");
    return bytes;
  });
}

/** Parses a record, or returns undefined. */
function recordOf(text: string): TokenRecord | undefined {
  try {
    // Records of earlier versions have isSpent instead of isRevoked, and no grant.
    const { isSpent = false, isRevoked = isSpent, grantId = "", grantedAt = 0, ...value } = JSON.parse(text) as TokenRecord & { isSpent?: boolean };
    const isText = [value.accessToken, value.refreshToken, value.apiDomain].every((member) => typeof member === "string");
    return isText && typeof value.expiresAt === "number" && typeof value.generation === "number" ? { ...value, isRevoked, grantId, grantedAt } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a record is one that was replaced before the newest was seen. */
const isReplaced = (found: Version, newest: Newest) =>
  newest.ended.includes(found.grantId) ||
  (found.grantId === newest.grantId && (found.generation < newest.generation || (found.generation === newest.generation && newest.isRevoked && !found.isRevoked)));

/** Whether a record is older than the newest that was seen, by the time of its grant if nothing else is known of it. */
const isOlder = (found: Version, newest: Newest) => isReplaced(found, newest) || (found.grantId !== newest.grantId && found.grantedAt < newest.grantedAt - CLOCK_SKEW_MS);

const unreadable = (key: string, why: string, cause?: unknown) => makeError(`the record ${key} cannot be read: ${why}. It was left as it is`, { kind: "config", cause });
