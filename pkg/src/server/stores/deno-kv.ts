import { checkClient } from "./checked.js";
import type { TokenStore } from "./store.js";

/** The part of `Deno.Kv` that is used. */
export interface DenoKv {
  get(key: string[]): Promise<{ value: unknown; versionstamp: string | null }>;
  atomic(): DenoKvAtomic;
  delete(key: string[]): Promise<void>;
}

interface DenoKvAtomic {
  check(check: { key: string[]; versionstamp: string | null }): DenoKvAtomic;
  set(key: string[], value: unknown, options?: { expireIn?: number }): DenoKvAtomic;
  delete(key: string[]): DenoKvAtomic;
  commit(): Promise<{ ok: boolean; versionstamp?: string }>;
}

/** Deno KV takes values up to 64 KiB, of which its encoding needs some bytes. */
const MAX_VALUE = 65_000;

/** Retries while the database is locked: a local file, unlike Deno's service, rejects concurrent writes of other processes. */
export async function retryLocked<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 50 || !/database is locked/.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20 * Math.random() * Math.min(attempt, 10)));
    }
  }
}

/** Refuses what is no Deno KV, such as the promise of one. */
export const checkKv = (kv: DenoKv): void => checkClient("the Deno KV", kv, ["get", "atomic", "delete"]);

/** Makes a store in Deno KV: `denoKvStore(await Deno.openKv())`. */
export function denoKvStore(kv: DenoKv): TokenStore {
  checkKv(kv);
  const recordKey = (key: string) => ["pipedrive-users", "record", key];
  const leaseKey = (key: string) => ["pipedrive-users", "lease", key];
  const put = async (key: string[], value: unknown, versionstamp: string | null, expireIn?: number) => {
    const result = await retryLocked(() => kv.atomic().check({ key, versionstamp }).set(key, value, expireIn === undefined ? {} : { expireIn }).commit());
    return result.ok ? result.versionstamp : undefined;
  };
  return {
    async get(key) {
      const { value, versionstamp } = await retryLocked(() => kv.get(recordKey(key)));
      return versionstamp === null ? undefined : { record: value as string, version: versionstamp };
    },
    async put(key, record, expectedVersion, ttlMs) {
      if (record.length > MAX_VALUE) throw new RangeError(`the record ${key} has ${record.length} bytes, and Deno KV takes at most ${MAX_VALUE}: use another store`);
      return put(recordKey(key), record, expectedVersion ?? null, ttlMs);
    },
    delete: async (key, expectedVersion) => {
      if (expectedVersion === undefined) return retryLocked(() => kv.delete(recordKey(key)));
      await retryLocked(() => kv.atomic().check({ key: recordKey(key), versionstamp: expectedVersion }).delete(recordKey(key)).commit());
    },
    async lease(key, milliseconds) {
      const found = await retryLocked(() => kv.get(leaseKey(key)));
      // Deno deletes expired values with a delay.
      if (found.versionstamp !== null && (found.value as number) > Date.now()) return undefined;
      const versionstamp = await put(leaseKey(key), Date.now() + milliseconds, found.versionstamp, milliseconds);
      if (versionstamp === undefined) return undefined;
      return async () => {
        await retryLocked(() => kv.atomic().check({ key: leaseKey(key), versionstamp }).delete(leaseKey(key)).commit());
      };
    },
  };
}
