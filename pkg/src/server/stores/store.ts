/** A record in a store, and its version there. */
export interface Stored {
  /** A text that only {@link OAuth} reads; it is encrypted where there is an `encryptionKey`. */
  readonly record: string;
  /** Another one after each change. */
  readonly version: string;
}

/**
 * Where OAuth's records are kept: one for each user of each company, under `"<company_id>:<user_id>"`, and one for each
 * authorization under way. A store of your own needs these four methods, the first three atomic for each key.
 */
export interface TokenStore {
  /** The record of a key. */
  get(key: string): Promise<Stored | undefined>;
  /**
   * Writes a record, if the one that is there has still this version (`undefined`: if there is none). Gives the new version,
   * or nothing where another was faster. What has a `ttlMs` may be forgotten after so long.
   */
  put(key: string, record: string, expectedVersion: string | undefined, ttlMs?: number): Promise<string | undefined>;
  /** Forgets a record. */
  delete(key: string): Promise<void>;
  /**
   * Lets one process at a time renew a token, for so many milliseconds at most: gives what lets go of it again, or nothing while
   * another has it.
   */
  lease(key: string, milliseconds: number): Promise<(() => Promise<void>) | undefined>;
}

/** A store in the memory of this process: the default, for one process that may ask its users again after a restart. */
export function memoryStore(): TokenStore {
  const records = new Map<string, Stored & { readonly until: number }>();
  const leases = new Map<string, number>();
  let changes = 0;
  const current = (key: string) => {
    const found = records.get(key);
    if (found && found.until <= Date.now()) records.delete(key);
    return records.get(key);
  };
  return {
    async get(key) {
      const found = current(key);
      return found && { record: found.record, version: found.version };
    },
    async put(key, record, expectedVersion, ttlMs = Infinity) {
      if (current(key)?.version !== expectedVersion) return undefined;
      // Whoever begins an authorization and never ends it leaves a record behind.
      for (const [old, { until }] of records) if (until <= Date.now()) records.delete(old);
      const version = String(++changes);
      records.set(key, { record, version, until: Date.now() + ttlMs });
      return version;
    },
    async delete(key) {
      records.delete(key);
    },
    async lease(key, milliseconds) {
      if ((leases.get(key) ?? 0) > Date.now()) return undefined;
      const until = Date.now() + milliseconds;
      leases.set(key, until);
      return async () => {
        if (leases.get(key) === until) leases.delete(key);
      };
    },
  };
}
