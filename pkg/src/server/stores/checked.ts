import { describeType } from "../../check.js";
import { isPipedriveError, makeError } from "../../errors.js";
import { configError } from "../core.js";
import { bytesOf } from "../crypto.js";
import { within } from "../deadline.js";
import { textOf } from "../log.js";
import type { Stored, TokenStore } from "./store.js";

/** How long an operation of a store may take. */
export const STORE_TIMEOUT_MS = 5_000;

/** The `code` of an error that a store threw. */
export const STORE_FAILED = "token_store";

/** Gives what a store threw a kind, and a code that names the store: what a driver throws has neither. */
function failed(cause: unknown): Error {
  if (isPipedriveError(cause)) return cause;
  const { message } = Object(cause) as { message?: unknown };
  return makeError(`the token store failed: ${typeof message === "string" ? message : textOf(cause)}`, { kind: "connection", code: STORE_FAILED, cause });
}

/** Refuses a client of a store that lacks a method, such as one that is not there yet. */
export function checkClient(what: string, client: unknown, methods: readonly string[]): void {
  for (const method of methods) {
    if (typeof (client as Record<string, unknown> | null | undefined)?.[method] !== "function") throw configError(`${what} must have a method ${method}, got ${describeType(client)}`);
  }
}

/** Returns a store whose operations end, whatever the app's own does, whose failures are errors of the package, and whose results are what a `TokenStore` promises. */
export function checkedStore(store: TokenStore): TokenStore {
  const run = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    within(STORE_TIMEOUT_MS, work, () => makeError(`the token store did not respond to ${name} within ${STORE_TIMEOUT_MS} ms`, { kind: "timeout" })).catch((cause: unknown) => {
      throw failed(cause);
    });
  return {
    get: async (key) => storedOf(await run("get", () => store.get(key))),
    // A store may return null or false.
    put: async (key, record, expectedVersion, ttlMs) => (await run("put", () => store.put(key, record, expectedVersion, ttlMs))) || undefined,
    delete: async (key, expectedVersion) => {
      await run("delete", () => store.delete(key, expectedVersion));
    },
    async lease(key, milliseconds) {
      const release: unknown = await run("lease", () => store.lease(key, milliseconds));
      if (!release) return undefined;
      if (typeof release !== "function") throw configError(`the token store's lease must return a function or undefined, got ${describeType(release)}`);
      return () => run("release", async () => void (await release()));
    },
  };
}

/** Reads a stored record: some clients return bytes, or parse what looks like JSON. */
function storedOf(found: unknown): Stored | undefined {
  if (found === undefined || found === null) return undefined;
  const { record, version } = found as Partial<Stored>;
  if (record === undefined || record === null || version === undefined || version === null) {
    throw configError(`the token store's get must return { record, version } or undefined, got ${describeType(found)}`);
  }
  return { record: recordText(record), version };
}

/** Returns a text, whatever a store's client made of it. */
export function recordText(value: unknown): string {
  if (typeof value === "string") return value;
  const bytes = bytesOf(value);
  return bytes ? new TextDecoder().decode(bytes) : JSON.stringify(value);
}
