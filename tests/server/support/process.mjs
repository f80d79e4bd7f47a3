// A separate process, in Node.js or Deno: opens a store and carries out the work of its argument.
import * as server from "pipedrive-users/server";
import { carryOut } from "./work.mjs";

const isDeno = "Deno" in globalThis;
const { store: location, ...work } = JSON.parse(isDeno ? Deno.args[0] : process.argv[2]);
const exit = isDeno ? Deno.exit : process.exit;

async function open() {
  // Deno deletes expired values with a delay.
  if (location.kv) return { ...server.denoKvStore(await Deno.openKv(location.kv)), expiresLater: true };
  if (location.client === "ioredis") return server.redisStore(new (await import("ioredis")).Redis(location.redis));
  const { createClient } = await import("redis");
  return server.redisStore(await createClient({ url: location.redis }).connect());
}

console.log(JSON.stringify(await carryOut(server, await open(), work, () => exit(9))));
exit(0);
