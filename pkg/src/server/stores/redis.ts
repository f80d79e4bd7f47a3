import { checkKeys, checkSetting } from "../../check.js";
import { checkClient, recordText } from "./checked.js";
import type { TokenStore } from "./store.js";

/** A Redis client that can run a script, such as node-redis, ioredis, Bun's own, Upstash's or Deno's. */
export interface RedisClient {
  eval(...args: never[]): unknown;
}

/** Runs a script with keys and arguments, and returns its result. */
export type RedisEval = (script: string, keys: string[], args: string[]) => Promise<unknown>;

/** The options of {@link redisStore}. */
export interface RedisStoreOptions {
  /** Prefix of each key. Default: `pipedrive-users:`. */
  prefix?: string;
}

// A record is a hash of `record` and `version`. Redis runs each script atomically.
const GET = "return redis.call('HMGET', KEYS[1], 'record', 'version')";
const PUT = `
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[2] then return false end
redis.call('HSET', KEYS[1], 'record', ARGV[1], 'version', ARGV[4])
if ARGV[3] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[3]) else redis.call('PERSIST', KEYS[1]) end
return ARGV[4]`;
const DELETE = "if ARGV[1] ~= '' and redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end return redis.call('DEL', KEYS[1])";
const LEASE = "return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])";
const RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/**
 * Makes a store in Redis, for any number of processes, from a client (node-redis, ioredis, Bun's own, Upstash's) or a function that runs a script.
 */
export function redisStore(client: RedisClient | RedisEval, options: RedisStoreOptions = {}): TokenStore {
  const prefix = prefixOf(options, "pipedrive-users:");
  const run = typeof client === "function" ? client : evalOf(client);
  // The braces keep the keys of a user in one slot of a cluster, as a script needs.
  const keyFor = (key: string, part: string) => `${prefix}{${key}}:${part}`;
  return {
    async get(key) {
      const [record, version] = (await run(GET, [keyFor(key, "record")], [])) as unknown[];
      return record == null || version == null ? undefined : { record: recordText(record), version: recordText(version) };
    },
    async put(key, record, expectedVersion, ttlMs) {
      const version = crypto.randomUUID();
      const written = await run(PUT, [keyFor(key, "record")], [record, expectedVersion ?? "", ttlMs === undefined ? "" : String(Math.ceil(ttlMs)), version]);
      return written == null || written === false ? undefined : version;
    },
    async delete(key, expectedVersion) {
      await run(DELETE, [keyFor(key, "record")], [expectedVersion ?? ""]);
    },
    async lease(key, milliseconds) {
      const id = crypto.randomUUID();
      if (!(await run(LEASE, [keyFor(key, "lease")], [id, String(milliseconds)]))) return undefined;
      return async () => {
        await run(RELEASE, [keyFor(key, "lease")], [id]);
      };
    },
  };
}

/** Checks the options of what is in Redis, and returns the prefix of its keys. */
export function prefixOf(options: RedisStoreOptions, standard: string): string {
  checkKeys("config", undefined, "the options of Redis", options, ["prefix"]);
  const { prefix = standard } = options;
  checkSetting("prefix", prefix, [(value) => typeof value === "string", "a string"]);
  return prefix;
}

/** Returns how a client runs a script. */
export function evalOf(client: RedisClient): RedisEval {
  checkClient("the client of Redis", client, ["eval"]);
  const evaluate = client.eval.bind(client) as (...args: unknown[]) => Promise<unknown>;
  const kind = client as { send?: unknown; sendCommand?: unknown; status?: unknown };
  // ioredis (with `status`) and Bun's own (with `send`) take a count of keys, node-redis (with `sendCommand`) an object, Upstash's two lists.
  if (typeof kind.status === "string" || typeof kind.send === "function") return (script, keys, args) => evaluate(script, keys.length, ...keys, ...args);
  if (typeof kind.sendCommand === "function") return (script, keys, args) => evaluate(script, { keys, arguments: args });
  return (script, keys, args) => evaluate(script, keys, args);
}
