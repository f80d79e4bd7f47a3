import type { TokenStore } from "./store.js";

/** A client of Redis, such as node-redis, ioredis, Upstash's or Deno's: whatever runs a script. */
export interface RedisClient {
  eval(...args: never[]): unknown;
}

/** How to run a script: its text, its keys, its arguments. Gives what the script returns. */
export type RedisEval = (script: string, keys: string[], args: string[]) => Promise<unknown>;

/** Where in Redis. */
export interface RedisStoreOptions {
  /** What stands before each key. Default: `pipedrive-users:`. */
  prefix?: string;
}

// A record is a hash of `record` and `version`. Scripts run one after the other, each as a whole.
const GET = "return redis.call('HMGET', KEYS[1], 'record', 'version')";
const PUT = `
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[2] then return false end
local version = redis.call('INCR', KEYS[2])
redis.call('HSET', KEYS[1], 'record', ARGV[1], 'version', version)
if ARGV[3] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[3]) else redis.call('PERSIST', KEYS[1]) end
return tostring(version)`;
const DELETE = "return redis.call('DEL', KEYS[1])";
const LEASE = "return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])";
const RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/**
 * A store in Redis, for many processes. Give it a client of node-redis, ioredis or Upstash's, or a function that runs a script.
 */
export function redisStore(client: RedisClient | RedisEval, { prefix = "pipedrive-users:" }: RedisStoreOptions = {}): TokenStore {
  const run = typeof client === "function" ? client : evalOf(client);
  // In one slot of a cluster: a script may touch no other.
  const at = (key: string, what: string) => `${prefix}{${key}}:${what}`;
  return {
    async get(key) {
      const [record, version] = (await run(GET, [at(key, "record")], [])) as (string | null)[];
      return record == null || version == null ? undefined : { record, version: String(version) };
    },
    async put(key, record, expectedVersion, ttlMs) {
      const version = await run(PUT, [at(key, "record"), at(key, "versions")], [record, expectedVersion ?? "", ttlMs === undefined ? "" : String(Math.ceil(ttlMs))]);
      return version == null || version === false ? undefined : String(version);
    },
    async delete(key) {
      await run(DELETE, [at(key, "record")], []);
    },
    async lease(key, milliseconds) {
      const mine = crypto.randomUUID();
      if (!(await run(LEASE, [at(key, "lease")], [mine, String(milliseconds)]))) return undefined;
      return async () => {
        await run(RELEASE, [at(key, "lease")], [mine]);
      };
    },
  };
}

/** How each client takes a script. */
function evalOf(client: RedisClient): RedisEval {
  const own = client.eval.bind(client) as (...args: unknown[]) => Promise<unknown>;
  const kind = client as { sendCommand?: unknown; status?: unknown };
  // ioredis has a status and takes a count of keys; node-redis sends commands and takes an object; Upstash's takes two lists.
  if (typeof kind.status === "string") return (script, keys, args) => own(script, keys.length, ...keys, ...args);
  if (typeof kind.sendCommand === "function") return (script, keys, args) => own(script, { keys, arguments: args });
  return (script, keys, args) => own(script, keys, args);
}
