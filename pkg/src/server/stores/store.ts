/** A record in a store, and its version. */
export interface Stored {
  /** A text that only {@link OAuth} reads, encrypted if there is an `encryptionKey`. */
  readonly record: string;
  /** Changes with each write. */
  readonly version: string;
}

/**
 * Stores the records of {@link OAuth}: one for each user of each company, under `"<company_id>:<user_id>"`. A custom store implements
 * these four methods, each atomic for each key and within five seconds.
 */
export interface TokenStore {
  /** Returns the record of a key. */
  get(key: string): Promise<Stored | undefined>;
  /**
   * Writes a record if the stored one still has the expected version (`undefined`: if there is none). Returns the new version,
   * or undefined if another process was faster. A record with a `ttlMs` may be deleted after that time.
   */
  put(key: string, record: string, expectedVersion: string | undefined, ttlMs?: number): Promise<string | undefined>;
  /** Deletes a record, if it still has the expected version (`undefined`: whatever it has). */
  delete(key: string, expectedVersion?: string): Promise<void>;
  /**
   * Lets one process at a time refresh a token or take a callback, for at most so many milliseconds. Returns a function that releases the lease,
   * or undefined while another process has it.
   */
  lease(key: string, milliseconds: number): Promise<(() => Promise<void>) | undefined>;
}

/** How often expired records and leases are deleted. */
const SWEEP_MS = 60_000;

/** Makes a store in the memory of this process, the default: after a restart users have to authorise the app again. */
export function memoryStore(): TokenStore {
  const records = new Map<string, Stored & { readonly expiresAt: number }>();
  const leases = new Map<string, { readonly expiresAt: number }>();
  let writes = 0;
  let sweepAt = 0;
  /** Deletes what has expired, once in a while: each time would cost as much as there is. */
  const sweep = () => {
    if (sweepAt > Date.now() && sweepAt <= Date.now() + SWEEP_MS) return;
    sweepAt = Date.now() + SWEEP_MS;
    for (const map of [records, leases]) for (const [key, { expiresAt }] of map) if (expiresAt <= Date.now()) map.delete(key);
  };
  const current = (key: string) => {
    const found = records.get(key);
    if (found && found.expiresAt <= Date.now()) records.delete(key);
    return records.get(key);
  };
  return {
    async get(key) {
      const found = current(key);
      return found && { record: found.record, version: found.version };
    },
    async put(key, record, expectedVersion, ttlMs = Infinity) {
      if (current(key)?.version !== expectedVersion) return undefined;
      sweep();
      const version = String(++writes);
      records.set(key, { record, version, expiresAt: Date.now() + ttlMs });
      return version;
    },
    async delete(key, expectedVersion) {
      if (expectedVersion === undefined || records.get(key)?.version === expectedVersion) records.delete(key);
    },
    async lease(key, milliseconds) {
      if ((leases.get(key)?.expiresAt ?? 0) > Date.now()) return undefined;
      sweep();
      const lease = { expiresAt: Date.now() + milliseconds };
      leases.set(key, lease);
      return async () => {
        if (leases.get(key) === lease) leases.delete(key);
      };
    },
  };
}
