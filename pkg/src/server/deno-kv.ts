import type { TokenStore } from "./store.js";

/** What is used of a `Deno.Kv`. */
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

/** A store in Deno KV: `denoKvStore(await Deno.openKv())`. */
export function denoKvStore(kv: DenoKv): TokenStore {
  const at = (key: string) => ["pipedrive-users", "record", key];
  const leaseAt = (key: string) => ["pipedrive-users", "lease", key];
  const put = async (key: string[], value: unknown, versionstamp: string | null, expireIn?: number) => {
    const done = await kv.atomic().check({ key, versionstamp }).set(key, value, expireIn === undefined ? {} : { expireIn }).commit();
    return done.ok ? done.versionstamp : undefined;
  };
  return {
    async get(key) {
      const { value, versionstamp } = await kv.get(at(key));
      return versionstamp === null ? undefined : { record: value as string, version: versionstamp };
    },
    put: (key, record, expectedVersion, ttlMs) => put(at(key), record, expectedVersion ?? null, ttlMs),
    delete: (key) => kv.delete(at(key)),
    async lease(key, milliseconds) {
      const found = await kv.get(leaseAt(key));
      // Deno forgets what has expired, but not at once.
      if (found.versionstamp !== null && (found.value as number) > Date.now()) return undefined;
      const mine = await put(leaseAt(key), Date.now() + milliseconds, found.versionstamp, milliseconds);
      if (mine === undefined) return undefined;
      return async () => {
        await kv.atomic().check({ key: leaseAt(key), versionstamp: mine }).delete(leaseAt(key)).commit();
      };
    },
  };
}
