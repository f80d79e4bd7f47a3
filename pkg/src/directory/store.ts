import type { ConnectionError, isPipedriveError, TimeoutError } from "../index.js";
import { within } from "../server/deadline.js";
import { textOf } from "../server/log.js";

/** Two functions of one's own: what a store needs to have. */
export interface DirectoryStore {
  /** Returns the text of a key. */
  get(key: string): Promise<string | null | undefined> | string | null | undefined;
  /** Keeps a text for so many milliseconds. */
  set(key: string, text: string, ttlMs: number): unknown;
}

/** The stores of `pipedrive-users/server`. */
export interface RecordStore {
  get(key: string): Promise<{ readonly record: string; readonly version: string } | undefined>;
  put(key: string, record: string, expectedVersion: string | undefined, ttlMs?: number): Promise<string | undefined>;
  lease(key: string, milliseconds: number): Promise<(() => Promise<void>) | undefined>;
}

/** A list, and when it was asked for. */
export type Dated<T> = readonly [askedAt: number, list: T[]];

/** Longer than a call with its retries. */
const LEASE_MS = 100_000;
const POLL_MS = 200;
/** The stores take so much text in one value, whatever its letters. */
const PART = 30_000;

/** How long a store may take to read a list, to write one, or to give a lease. */
const STORE_MS = 10_000;

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The errors of the client, which this module does not have. */
interface Errors {
  readonly ConnectionError: typeof ConnectionError;
  readonly TimeoutError: typeof TimeoutError;
  readonly isPipedriveError: typeof isPipedriveError;
}

/**
 * Asks for a list once for all processes that share a store. `isRecent` says whether a list that another process asked for then will do.
 */
export async function shared<T>(store: DirectoryStore | RecordStore, key: string, ttlMs: number, isRecent: (askedAt: number) => boolean, ask: () => Promise<Dated<T>>, errors: Errors): Promise<Dated<T>> {
  /** Ends the wait for a store that does not respond, and gives what it throws a kind. */
  const timed = <Result>(work: () => Promise<Result>): Promise<Result> =>
    within(STORE_MS, work, () => new errors.TimeoutError(`the directory's store did not respond within ${STORE_MS} ms`)).catch((cause: unknown) => {
      throw errors.isPipedriveError(cause) ? cause : new errors.ConnectionError(`the directory's store failed: ${textOf(cause)}`, { cause });
    });
  const { get, set, lease } = functions(store, ttlMs);
  const head = async () => {
    const [askedAt = 0, parts = 0, count = 0] = parse<number>(await get(key));
    return { askedAt, parts, count };
  };
  const read = async () => {
    const { askedAt, parts, count } = await head();
    // So many parts are a hundred thousand users.
    if (!isRecent(askedAt) || count > 5_000) return undefined;
    const texts = await Promise.all(Array.from({ length: count }, (_, index) => get(`${key}:${parts}:${index}`)));
    // Each part begins with the time of its list: another process may have written meanwhile.
    const prefix = `${askedAt} `;
    const list = texts.every((text) => text?.startsWith(prefix)) ? parse<T>(texts.map((text) => text!.slice(prefix.length)).join("")) : [];
    return list.length ? ([askedAt, list] as const) : undefined;
  };
  const write = async ([askedAt, list]: Dated<T>) => {
    const text = JSON.stringify(list);
    const parts = 1 - (await head()).parts;
    const count = Math.ceil(text.length / PART);
    await Promise.all(Array.from({ length: count }, (_, index) => set(`${key}:${parts}:${index}`, `${askedAt} ${text.slice(index * PART, (index + 1) * PART)}`)));
    await set(key, JSON.stringify([askedAt, parts, count]));
  };
  for (const until = Date.now() + LEASE_MS; ; ) {
    const known = await timed(read);
    if (known) return known;
    // No process has a lease for longer: a store that gives none to anybody keeps nobody waiting.
    const release = (await timed(() => lease(key))) ?? (Date.now() >= until ? () => undefined : undefined);
    if (!release) await sleep(POLL_MS);
    else {
      try {
        // Another process may have finished in between.
        const latest = await timed(read);
        if (latest) return latest;
        const fresh = await ask();
        // What cannot be written is still good here.
        await timed(() => write(fresh)).catch(() => undefined);
        return fresh;
      } finally {
        await timed(async () => release()).catch(() => undefined);
      }
    }
  }
}

/** What both kinds of stores can do. */
function functions(store: DirectoryStore | RecordStore, ttlMs: number) {
  if ("put" in store) {
    return {
      get: async (key: string) => (await store.get(key))?.record,
      set: async (key: string, text: string) => store.put(key, text, (await store.get(key))?.version, ttlMs),
      lease: async (key: string) => store.lease(key, LEASE_MS),
    };
  }
  const get = async (key: string) => store.get(key);
  const set = async (key: string, text: string) => store.set(key, text, ttlMs);
  return {
    get,
    set,
    // The last who wrote has it: each waits until the others who saw it free have written too.
    async lease(key: string) {
      const name = `${key}:lease`;
      const [, until = 0] = parse<number>(await get(name));
      if (until > Date.now()) return undefined;
      const mine = JSON.stringify([Math.random(), Date.now() + LEASE_MS]);
      await store.set(name, mine, LEASE_MS);
      await sleep(POLL_MS / 4);
      const found = await get(name);
      // What is neither is of a store that does not return what it was given, or not yet.
      const [, others = 0] = found === mine ? [] : parse<number>(found);
      return others > Date.now() ? undefined : () => store.set(name, "[]", 1);
    },
  };
}

/** Returns a list from its text: an empty one if it is none. A company has somebody. */
function parse<T>(text: unknown): T[] {
  try {
    const value: unknown = JSON.parse(text as string);
    return Array.isArray(value) ? (value as T[]) : [];
  } catch {
    return [];
  }
}
