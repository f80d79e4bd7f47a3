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

/** Deno's own file, unlike its service, lets one process at a time write, and does not wait for the other. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === 50 || !/database is locked/.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20 * Math.random() * Math.min(tries, 10)));
    }
  }
}

/** A store in Deno KV: `denoKvStore(await Deno.openKv())`. */
export function denoKvStore(kv: DenoKv): TokenStore {
  const at = (key: string) => ["pipedrive-users", "record", key];
  const leaseAt = (key: string) => ["pipedrive-users", "lease", key];
  const put = async (key: string[], value: unknown, versionstamp: string | null, expireIn?: number) => {
    const done = await patiently(() => kv.atomic().check({ key, versionstamp }).set(key, value, expireIn === undefined ? {} : { expireIn }).commit());
    return done.ok ? done.versionstamp : undefined;
  };
  return {
    async get(key) {
      const { value, versionstamp } = await patiently(() => kv.get(at(key)));
      return versionstamp === null ? undefined : { record: value as string, version: versionstamp };
    },
    put: (key, record, expectedVersion, ttlMs) => put(at(key), record, expectedVersion ?? null, ttlMs),
    delete: (key) => patiently(() => kv.delete(at(key))),
    async lease(key, milliseconds) {
      const found = await patiently(() => kv.get(leaseAt(key)));
      // Deno forgets what has expired, but not at once.
      if (found.versionstamp !== null && (found.value as number) > Date.now()) return undefined;
      const mine = await put(leaseAt(key), Date.now() + milliseconds, found.versionstamp, milliseconds);
      if (mine === undefined) return undefined;
      return async () => {
        await patiently(() => kv.atomic().check({ key: leaseAt(key), versionstamp: mine }).delete(leaseAt(key)).commit());
      };
    },
  };
}
