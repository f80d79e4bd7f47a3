// A process of its own, in Node.js or Deno: opens a store and does what it is told.
import * as server from "pipedrive-users/server";
import { carryOut } from "./work.mjs";

const isDeno = "Deno" in globalThis;
const { store: where, ...work } = JSON.parse(isDeno ? Deno.args[0] : process.argv[2]);
const exit = isDeno ? Deno.exit : process.exit;

async function open() {
  // Deno forgets what has expired in its own time.
  if (where.kv) return { ...server.denoKvStore(await Deno.openKv(where.kv)), forgetsLater: true };
  if (where.client === "ioredis") return server.redisStore(new (await import("ioredis")).Redis(where.redis));
  const { createClient } = await import("redis");
  return server.redisStore(await createClient({ url: where.redis }).connect());
}

console.log(JSON.stringify(await carryOut(server, await open(), work, () => exit(9))));
exit(0);
