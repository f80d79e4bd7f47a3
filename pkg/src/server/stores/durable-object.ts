import type { Stored, TokenStore } from "./store.js";

/** The part of a Durable Object's storage that is used. */
export interface ObjectStorage {
  get<T>(key: string): Promise<T | undefined>;
  put(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<boolean>;
  transaction<T>(work: (storage: ObjectStorage) => Promise<T>): Promise<T>;
}

/** The part of a namespace of Durable Objects that is used. */
export interface ObjectNamespace {
  idFromName(name: string): unknown;
  get(id: never): { fetch(url: string, init: RequestInit): Promise<Response> };
}

interface ExpiringRecord extends Stored {
  /** When the record expires, in milliseconds since 1970. */
  readonly until?: number | undefined;
}

/** Makes a store in the storage of a Durable Object, for use inside it. */
export function objectStorageStore(storage: ObjectStorage): TokenStore {
  const current = async (storage: ObjectStorage, key: string) => {
    const stored = await storage.get<ExpiringRecord>(`record:${key}`);
    return stored?.until === undefined || stored.until > Date.now() ? stored : undefined;
  };
  return {
    async get(key) {
      const stored = await current(storage, key);
      return stored && { record: stored.record, version: stored.version };
    },
    put: (key, record, expectedVersion, ttlMs) =>
      storage.transaction(async (storage) => {
        if ((await current(storage, key))?.version !== expectedVersion) return undefined;
        const version = crypto.randomUUID();
        await storage.put(`record:${key}`, { record, version, until: ttlMs === undefined ? undefined : Date.now() + ttlMs } satisfies ExpiringRecord);
        return version;
      }),
    async delete(key) {
      await storage.delete(`record:${key}`);
    },
    async lease(key, milliseconds) {
      const lease = { id: crypto.randomUUID(), until: Date.now() + milliseconds };
      const leaseKey = `lease:${key}`;
      const isGranted = await storage.transaction(async (storage) => {
        const held = await storage.get<typeof lease>(leaseKey);
        if (held && held.until > Date.now()) return false;
        await storage.put(leaseKey, lease);
        return true;
      });
      if (!isGranted) return undefined;
      return () =>
        storage.transaction(async (storage) => {
          if ((await storage.get<typeof lease>(leaseKey))?.id === lease.id) await storage.delete(leaseKey);
        });
    },
  };
}

/** The host of the store's requests to the object: no request from outside can have it. */
const HOST = "token-store.invalid";

/**
 * Makes a store in Durable Objects, one for each company: `durableObjectStore(env.COMPANIES)`. The class of the namespace is
 * {@link TokenObject} or extends it.
 */
export function durableObjectStore(namespace: ObjectNamespace): TokenStore {
  const send = async (method: string, key: string, params: object = {}): Promise<unknown> => {
    // A user's key begins with the company.
    const name = /^\d+:\d+$/.test(key) ? key.split(":")[0]! : key;
    const response = await namespace.get(namespace.idFromName(name) as never).fetch(`https://${HOST}/${method}`, { method: "POST", body: JSON.stringify({ key, ...params }) });
    if (!response.ok) throw new Error(`the Durable Object responded with ${response.status}: it must extend TokenObject`);
    return ((await response.json()) as { result?: unknown }).result;
  };
  return {
    get: async (key) => (await send("get", key)) as Stored | undefined,
    put: async (key, record, expectedVersion, ttlMs) => (await send("put", key, { record, expectedVersion, ttlMs })) as string | undefined,
    delete: async (key) => void (await send("delete", key)),
    async lease(key, milliseconds) {
      const id = (await send("lease", key, { milliseconds })) as string | undefined;
      return id === undefined ? undefined : async () => void (await send("release", key, { id }));
    },
  };
}

/** The body of a store's request to the object. */
interface StoreRequest {
  readonly key: string;
  readonly record: string;
  readonly expectedVersion?: string;
  readonly ttlMs?: number;
  readonly milliseconds: number;
  readonly id: string;
}

/** The Durable Object of {@link durableObjectStore}: one for each company, with the tokens of its users. */
export class TokenObject {
  /** The store itself, for code that runs inside the object, such as a company's proxy. */
  readonly store: TokenStore;
  readonly #leases = new Map<string, () => Promise<void>>();

  constructor(state: { readonly storage: ObjectStorage }, _env?: unknown) {
    this.store = objectStorageStore(state.storage);
  }

  /** Handles the requests of {@link durableObjectStore}. A class that extends this one calls it if {@link isStoreRequest} returns true. */
  async fetch(request: Request): Promise<Response> {
    if (!isStoreRequest(request)) return new Response(null, { status: 404 });
    const params = (await request.json()) as StoreRequest;
    const result = await this.#run(new URL(request.url).pathname.slice(1), params);
    return new Response(JSON.stringify({ result }), { headers: { "content-type": "application/json" } });
  }

  async #run(method: string, { key, record, expectedVersion, ttlMs, milliseconds, id }: StoreRequest): Promise<unknown> {
    const { store } = this;
    if (method === "get") return store.get(key);
    if (method === "put") return store.put(key, record, expectedVersion, ttlMs);
    if (method === "delete") return store.delete(key);
    if (method === "release") {
      const release = this.#leases.get(id);
      this.#leases.delete(id);
      return release?.();
    }
    const release = await store.lease(key, milliseconds);
    if (!release) return undefined;
    const leaseId = crypto.randomUUID();
    this.#leases.set(leaseId, release);
    return leaseId;
  }
}

/** Returns whether a Durable Object's request comes from {@link durableObjectStore}. No request from outside has its host. */
export const isStoreRequest = (request: Request): boolean => new URL(request.url).hostname === HOST;
