import type { SharedLimits } from "../../types.js";
import { sha1 } from "../crypto.js";
import type { RedisClient, RedisEval, RedisStoreOptions } from "../stores/redis.js";
import { evalOf, prefixOf } from "../stores/redis.js";
import { Limits } from "./limits.js";
import { type LimitKeys, StoreKind } from "./store.js";
import { FORGET_AFTER_MS } from "./memory.js";

/** How long a server that has started grants nothing, in seconds. */
const COLD_S = 7;

/** The limit of a token before Pipedrive has reported one. */
const FIRST_LIMIT = 10;

/** Pipedrive's window, and how long a slot rests after its response. */
const WINDOW_MS = 2000;
const COOLING_MS = 2002;

/**
 * The same as `reserve` in `src/limits/shared/store.rs`, on Redis's own time. The arguments are those of `Reservation::to_numbers`
 * in `messages.rs`, and the reply is that of `Grant::to_numbers`.
 *
 * Keys: the slots of a token by the time when each is free; the processes that want more slots, and until when that counts; what
 * else is known of the token; what is known of the company.
 */
const reserveScript = () => `
local call, a = redis.call, {}
for i = 1, 14 do a[i] = tonumber(ARGV[i]) end
local owner, limit, new_limit, wanted, first, hold, held, needed, units_wanted, units_back, budget, day_of_units, paused, spent = unpack(a)
owner = ARGV[1]
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function name(number) return owner .. ':' .. string.format('%.0f', number % 4294967296) end
for i = 15, #ARGV - 2, 3 do
  call('ZADD', KEYS[1], ARGV[i + 2] == '1' and 'CH' or 'XX', now + 1 + ARGV[i + 1], name(tonumber(ARGV[i])))
end
call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
call('ZREM', KEYS[2], owner)
if call('EXISTS', KEYS[3]) == 0 then
  -- A server that has just started may have lost what processes hold: it grants nothing until their leases have ended.
  local info = redis.pcall('INFO', 'server')
  local uptime = type(info) == 'string' and tonumber(info:match('uptime_in_seconds:(%d+)')) or ${COLD_S}
  call('HSET', KEYS[3], 'cold', now + math.max(${COLD_S} - uptime, 0) * 1000)
end
local known = call('HMGET', KEYS[3], 'cold', 'limit', 'paused')
local cold = math.max((tonumber(known[1]) or 0) - now, 0)
local stored = tonumber(known[2]) or 0
if new_limit > 0 then stored = new_limit elseif stored == 0 then stored = limit end
local paused_until = math.max(tonumber(known[3]) or 0, paused > 0 and now + paused or 0)
call('HSET', KEYS[3], 'limit', stored, 'paused', paused_until)
local spent_until = tonumber(call('HGET', KEYS[4], 'spent') or 0)
if spent > 0 then
  spent_until = math.max(spent_until, now + spent)
  call('HSET', KEYS[4], 'spent', spent_until)
end
local most_slots, granted = stored > 0 and stored or ${FIRST_LIMIT}, {}
local wants = cold > 0 and 0 or wanted
local others = call('ZCARD', KEYS[2])
local free = most_slots - call('ZCARD', KEYS[1])
local most = others == 0 and wants or math.min(wants, math.max(math.ceil(most_slots / (others + 1)) - held, 0))
for i = 1, math.min(most, math.max(free, 0)) do granted[i] = 0 end
if #granted < most and free >= 0 then
  local cooling = call('ZRANGEBYSCORE', KEYS[1], now, now + ${COOLING_MS} + 1, 'WITHSCORES', 'LIMIT', 0, most - #granted)
  for i = 1, #cooling, 2 do
    call('ZREM', KEYS[1], cooling[i])
    granted[#granted + 1] = math.ceil(cooling[i + 1] - now)
  end
end
for i, wait in ipairs(granted) do call('ZADD', KEYS[1], now + wait + hold, name(first + i - 1)) end
if #granted < wanted and cold == 0 then call('ZADD', KEYS[2], now + ${WINDOW_MS}, owner) end
local day, units = math.floor(now / 86400000), 0
if budget >= 0 and (units_wanted > 0 or units_back > 0) then
  local company = call('HMGET', KEYS[4], 'day', 'leased')
  local leased = tonumber(company[1]) == day and tonumber(company[2]) or 0
  if day_of_units == day then leased = math.max(leased - units_back, 0) end
  local left = budget - leased
  if units_wanted > 0 and left >= needed then units = math.max(math.min(left, units_wanted), 0) end
  call('HSET', KEYS[4], 'day', day, 'leased', leased + units)
end
call('PEXPIRE', KEYS[1], 2 * hold)
call('PEXPIRE', KEYS[2], ${WINDOW_MS})
call('PEXPIRE', KEYS[3], ${FORGET_AFTER_MS})
call('PEXPIRE', KEYS[4], ${FORGET_AFTER_MS})
return { others, math.max(most_slots - call('ZCARD', KEYS[1]), 0), math.max(paused_until - now, 0), math.max(spent_until - now, 0), stored, units, day, (day + 1) * 86400000 - now, cold, unpack(granted) }`;

/**
 * Makes limits in Redis, for any number of processes, from a client (node-redis, ioredis, Bun's own, Upstash's) or a function that runs a script.
 * Each trip is one script, so that the server's time counts and no process's clock matters.
 */
export function redisLimits(client: RedisClient | RedisEval, options: RedisStoreOptions = {}): SharedLimits {
  const prefix = prefixOf(options, "pipedrive-users:limits:");
  const run = scriptOf(client, reserveScript());
  return new Limits({
    kind: StoreKind.Redis,
    async reserve({ token, company }: LimitKeys, request) {
      // The braces keep all keys of a company in one slot of a cluster, as a script needs.
      const key = (part: string) => `${prefix}{${company}}:${part}`;
      const reply = await run([key(`${token}:slots`), key(`${token}:waiting`), key(`${token}:state`), key("day")], request.map(String));
      return (reply as unknown[]).map(Number);
    },
  });
}

/** Returns a function that runs a script by its hash, and sends the script itself where the server does not know it. */
function scriptOf(client: RedisClient | RedisEval, script: string): (keys: string[], args: string[]) => Promise<unknown> {
  if (typeof client === "function") return (keys, args) => client(script, keys, args);
  const run = evalOf(client);
  const { evalSha, evalsha } = client as { evalSha?: unknown; evalsha?: unknown };
  const method = evalSha ?? evalsha;
  if (typeof method !== "function") return (keys, args) => run(script, keys, args);
  const runHash = evalOf(Object.assign(Object.create(client), { eval: method.bind(client) }) as RedisClient);
  const hash = sha1(script);
  return async (keys, args) => {
    try {
      return await runHash(await hash, keys, args);
    } catch (error) {
      if (!/NOSCRIPT/.test(String(error))) throw error;
      return run(script, keys, args);
    }
  };
}
