import type { Stored, TokenStore } from "./store.js";

/** What is used of a Durable Object's storage. */
export interface ObjectStorage {
  get<T>(key: string): Promise<T | undefined>;
  put(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<boolean>;
  transaction<T>(work: (storage: ObjectStorage) => Promise<T>): Promise<T>;
}

/** What is used of a namespace of Durable Objects. */
export interface ObjectNamespace {
  idFromName(name: string): unknown;
  get(id: never): { fetch(url: string, init: RequestInit): Promise<Response> };
}

interface Kept extends Stored {
  readonly until?: number | undefined;
}

/** A store in the storage of the Durable Object that it is used in. */
export function objectStorageStore(storage: ObjectStorage): TokenStore {
  const current = async (storage: ObjectStorage, key: string) => {
    const kept = await storage.get<Kept>(`record:${key}`);
    return kept?.until === undefined || kept.until > Date.now() ? kept : undefined;
  };
  return {
    async get(key) {
      const kept = await current(storage, key);
      return kept && { record: kept.record, version: kept.version };
    },
    put: (key, record, expectedVersion, ttlMs) =>
      storage.transaction(async (storage) => {
        if ((await current(storage, key))?.version !== expectedVersion) return undefined;
        const version = crypto.randomUUID();
        await storage.put(`record:${key}`, { record, version, until: ttlMs === undefined ? undefined : Date.now() + ttlMs } satisfies Kept);
        return version;
      }),
    async delete(key) {
      await storage.delete(`record:${key}`);
    },
    async lease(key, milliseconds) {
      const mine = { id: crypto.randomUUID(), until: Date.now() + milliseconds };
      const at = `lease:${key}`;
      const isMine = await storage.transaction(async (storage) => {
        const held = await storage.get<typeof mine>(at);
        if (held && held.until > Date.now()) return false;
        await storage.put(at, mine);
        return true;
      });
      if (!isMine) return undefined;
      return () =>
        storage.transaction(async (storage) => {
          if ((await storage.get<typeof mine>(at))?.id === mine.id) await storage.delete(at);
        });
    },
  };
}

/** Where a store asks the object that keeps its records: no host that anybody could reach. */
const HOST = "token-store.invalid";

/**
 * A store in Durable Objects, one for each company, of a class that extends {@link TokenObject} or is it. Give it the
 * namespace: `durableObjectStore(env.COMPANIES)`.
 */
export function durableObjectStore(namespace: ObjectNamespace): TokenStore {
  const ask = async (method: string, key: string, more: object = {}): Promise<unknown> => {
    // A user's key begins with the company.
    const name = /^\d+:\d+$/.test(key) ? key.split(":")[0]! : key;
    const response = await namespace.get(namespace.idFromName(name) as never).fetch(`https://${HOST}/${method}`, { method: "POST", body: JSON.stringify({ key, ...more }) });
    if (!response.ok) throw new Error(`the Durable Object answered ${response.status}: it must extend TokenObject`);
    return ((await response.json()) as { answer?: unknown }).answer;
  };
  return {
    get: async (key) => (await ask("get", key)) as Stored | undefined,
    put: async (key, record, expectedVersion, ttlMs) => (await ask("put", key, { record, expectedVersion, ttlMs })) as string | undefined,
    delete: async (key) => void (await ask("delete", key)),
    async lease(key, milliseconds) {
      const id = (await ask("lease", key, { milliseconds })) as string | undefined;
      return id === undefined ? undefined : async () => void (await ask("release", key, { id }));
    },
  };
}

/** What a store asks of an object. */
interface Asked {
  readonly key: string;
  readonly record: string;
  readonly expectedVersion?: string;
  readonly ttlMs?: number;
  readonly milliseconds: number;
  readonly id: string;
}

/** The Durable Object behind {@link durableObjectStore}: one for each company, with the tokens of its users. */
export class TokenObject {
  /** The store itself, for what runs inside of the object, such as a company's proxy. */
  readonly store: TokenStore;
  readonly #leases = new Map<string, () => Promise<void>>();

  constructor(state: { readonly storage: ObjectStorage }, _env?: unknown) {
    this.store = objectStorageStore(state.storage);
  }

  /** Answers {@link durableObjectStore}; a class that extends this one hands on what {@link isStoreRequest} says yes to. */
  async fetch(request: Request): Promise<Response> {
    if (!isStoreRequest(request)) return new Response(null, { status: 404 });
    const { key, ...asked } = (await request.json()) as Asked;
    const answer = await this.#answer(new URL(request.url).pathname.slice(1), key, asked);
    return new Response(JSON.stringify({ answer }), { headers: { "content-type": "application/json" } });
  }

  async #answer(method: string, key: string, asked: Omit<Asked, "key">): Promise<unknown> {
    const { store } = this;
    if (method === "get") return store.get(key);
    if (method === "put") return store.put(key, asked.record, asked.expectedVersion, asked.ttlMs);
    if (method === "delete") return store.delete(key);
    if (method === "release") {
      const release = this.#leases.get(asked.id);
      this.#leases.delete(asked.id);
      return release?.();
    }
    const release = await store.lease(key, asked.milliseconds);
    if (!release) return undefined;
    const id = crypto.randomUUID();
    this.#leases.set(id, release);
    return id;
  }
}

/** Whether a request that a Durable Object got is one of {@link durableObjectStore}'s. No request from outside has its host. */
export const isStoreRequest = (request: Request): boolean => new URL(request.url).hostname === HOST;
