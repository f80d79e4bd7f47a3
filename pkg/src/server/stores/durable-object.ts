import { BaseObject } from "./base-object.js";
import { checkClient } from "./checked.js";
import type { Stored, TokenStore } from "./store.js";

/** The part of a Durable Object's storage that is used. */
export interface ObjectStorage {
  get<T>(key: string): Promise<T | undefined>;
  put(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<boolean>;
  list<T>(): Promise<Map<string, T>>;
  getAlarm(): Promise<number | null>;
  setAlarm(time: number): Promise<void>;
  transaction<T>(work: (storage: Pick<ObjectStorage, "get" | "put" | "delete">) => Promise<T>): Promise<T>;
}

/** The methods of a {@link TokenObject} that its store calls. Only code with a binding of its namespace can call them. */
export interface TokenObjectMethods {
  /** Returns a record. */
  readRecord(key: string): Promise<Stored | undefined>;
  /** Writes a record, if it has the expected version. Returns the new version. */
  writeRecord(key: string, record: string, expectedVersion: string | undefined, ttlMs: number | undefined): Promise<string | undefined>;
  /** Deletes a record, if it has the expected version. */
  deleteRecord(key: string, expectedVersion: string | undefined): Promise<void>;
  /** Takes a lease, and returns its id; undefined while another process has it. */
  acquireLease(key: string, milliseconds: number): Promise<string | undefined>;
  /** Releases a lease. */
  releaseLease(key: string, id: string): Promise<void>;
}

/** The part of a namespace of Durable Objects that is used. Where its type names no class, its objects are of an unknown one. */
export interface ObjectNamespace {
  idFromName(name: string): unknown;
  get(id: never): object;
}

interface Row {
  /** When it expires, in milliseconds since 1970. */
  readonly until?: number | undefined;
}

type RecordRow = Stored & Row;
type LeaseRow = { readonly id: string } & Row;
type Rows = Pick<ObjectStorage, "get">;

const recordKey = (key: string) => `record:${key}`;
const leaseKey = (key: string) => `lease:${key}`;

/** Returns a row that has not expired. */
async function current<T extends Row>(storage: Rows, key: string): Promise<T | undefined> {
  const row = await storage.get<T>(key);
  return row?.until === undefined || row.until > Date.now() ? row : undefined;
}

/** Has the object's alarm delete a row that expires at this time. */
async function expireAt(storage: ObjectStorage, time: number): Promise<void> {
  const alarm = await storage.getAlarm();
  if (alarm === null || alarm > time) await storage.setAlarm(time);
}

/** Deletes the rows that have expired, and sets the alarm for the next one. */
async function deleteExpired(storage: ObjectStorage): Promise<void> {
  let next = Infinity;
  for (const [key, row] of await storage.list<Row | undefined>()) {
    if (!/^(record|lease):/.test(key) || row?.until === undefined) continue;
    if (row.until <= Date.now()) await storage.delete(key);
    else next = Math.min(next, row.until);
  }
  if (next < Infinity) await expireAt(storage, next);
}

function methodsOf(storage: ObjectStorage): TokenObjectMethods {
  return {
    async readRecord(key) {
      const row = await current<RecordRow>(storage, recordKey(key));
      return row && { record: row.record, version: row.version };
    },
    async writeRecord(key, record, expectedVersion, ttlMs) {
      const until = ttlMs === undefined ? undefined : Date.now() + ttlMs;
      const version = await storage.transaction(async (storage) => {
        if ((await current<RecordRow>(storage, recordKey(key)))?.version !== expectedVersion) return undefined;
        const version = crypto.randomUUID();
        await storage.put(recordKey(key), { record, version, until } satisfies RecordRow);
        return version;
      });
      if (version !== undefined && until !== undefined) await expireAt(storage, until);
      return version;
    },
    deleteRecord: (key, expectedVersion) =>
      storage.transaction(async (storage) => {
        if (expectedVersion !== undefined && (await storage.get<RecordRow>(recordKey(key)))?.version !== expectedVersion) return;
        await storage.delete(recordKey(key));
      }),
    async acquireLease(key, milliseconds) {
      const lease: LeaseRow & { until: number } = { id: crypto.randomUUID(), until: Date.now() + milliseconds };
      const isGranted = await storage.transaction(async (storage) => {
        if (await current<LeaseRow>(storage, leaseKey(key))) return false;
        await storage.put(leaseKey(key), lease);
        return true;
      });
      if (!isGranted) return undefined;
      await expireAt(storage, lease.until);
      return lease.id;
    },
    releaseLease: (key, id) =>
      storage.transaction(async (storage) => {
        if ((await storage.get<LeaseRow>(leaseKey(key)))?.id === id) await storage.delete(leaseKey(key));
      }),
  };
}

/** Makes a store of an object's methods. */
function storeOf(methodsFor: (key: string) => TokenObjectMethods): TokenStore {
  return {
    get: async (key) => methodsFor(key).readRecord(key),
    put: async (key, record, expectedVersion, ttlMs) => methodsFor(key).writeRecord(key, record, expectedVersion, ttlMs),
    delete: async (key, expectedVersion) => methodsFor(key).deleteRecord(key, expectedVersion),
    async lease(key, milliseconds) {
      const methods = methodsFor(key);
      const id = await methods.acquireLease(key, milliseconds);
      return id === undefined ? undefined : () => methods.releaseLease(key, id);
    },
  };
}

/** Makes a store in the storage of a Durable Object, for use inside it. */
export function objectStorageStore(storage: ObjectStorage): TokenStore {
  checkClient("the storage of a Durable Object", storage, ["get", "put", "delete", "transaction"]);
  const methods = methodsOf(storage);
  return storeOf(() => methods);
}

/** Refuses what is no namespace, such as a binding that is not configured. */
export const checkNamespace = (namespace: unknown): void => checkClient("the namespace of Durable Objects", namespace, ["idFromName", "get"]);

/** Number of objects that hold the leases of callbacks, which name no company yet. */
const STATE_OBJECTS = 16;

/** Returns the name of the object that has a key: a user's key begins with the company, and so does a directory's after its first word. */
function objectOf(key: string): string {
  const [, company, state] = /^(?:directory:)?(\d+)(?::|$)|^state:([0-9a-f]{2})/.exec(key) ?? [];
  return company ?? (state === undefined ? key : `state:${Number.parseInt(state, 16) % STATE_OBJECTS}`);
}

/**
 * Makes a store in Durable Objects, one for each company: `durableObjectStore(env.COMPANIES)`. The class of the namespace is
 * {@link TokenObject} or extends it.
 */
export function durableObjectStore(namespace: ObjectNamespace): TokenStore {
  checkNamespace(namespace);
  return storeOf((key) => namespace.get(namespace.idFromName(objectOf(key)) as never) as TokenObjectMethods);
}

/**
 * The Durable Object of {@link durableObjectStore}: one for each company, with the tokens of its users. Its methods are called by RPC,
 * which no request from outside can do. An alarm deletes what has expired: a class that extends this one and has an `alarm` of its
 * own calls this one too.
 */
export class TokenObject extends BaseObject implements TokenObjectMethods {
  /** Cloudflare's types take a class with it for a Durable Object. */
  declare readonly __DURABLE_OBJECT_BRAND: never;
  readonly #storage: ObjectStorage;
  readonly #methods: TokenObjectMethods;

  constructor(state: { readonly storage: ObjectStorage }, env?: unknown) {
    super(state, env);
    this.#storage = state.storage;
    this.#methods = methodsOf(state.storage);
  }

  /** The store itself, for code that runs inside the object, such as a company's proxy. */
  get store(): TokenStore {
    return storeOf(() => this.#methods);
  }

  /** Returns a record. */
  async readRecord(key: string): Promise<Stored | undefined> {
    return this.#methods.readRecord(key);
  }

  /** Writes a record, if it has the expected version. */
  async writeRecord(key: string, record: string, expectedVersion: string | undefined, ttlMs: number | undefined): Promise<string | undefined> {
    return this.#methods.writeRecord(key, record, expectedVersion, ttlMs);
  }

  /** Deletes a record. */
  async deleteRecord(key: string, expectedVersion: string | undefined): Promise<void> {
    return this.#methods.deleteRecord(key, expectedVersion);
  }

  /** Takes a lease, and returns its id. */
  async acquireLease(key: string, milliseconds: number): Promise<string | undefined> {
    return this.#methods.acquireLease(key, milliseconds);
  }

  /** Releases a lease. */
  async releaseLease(key: string, id: string): Promise<void> {
    return this.#methods.releaseLease(key, id);
  }

  /** Deletes what has expired. */
  async alarm(): Promise<void> {
    await deleteExpired(this.#storage);
  }
}
