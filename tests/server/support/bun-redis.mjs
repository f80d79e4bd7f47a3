// Run by Bun: the stores of tokens and limits on Bun's own Redis client. Prints what came of it.
import { RedisClient } from "bun";
import { UsersClient } from "pipedrive-users";
import { redisLimits, redisStore } from "pipedrive-users/server";
import { makeApp } from "./app.mjs";

const redis = new RedisClient(process.argv[2]);
const store = redisStore(redis);
const app = makeApp({ store, encryptionKey: "0123456789abcdef".repeat(4) });
const identity = await app.install();
await app.expire();
const { id } = await app.oauth.client(identity).getCurrentUser();
const first = await store.put("key", "record", undefined, 60_000);
const lost = await store.put("key", "other", undefined, 60_000);
const { record, version } = await store.get("key");
const release = await store.lease("key", 60_000);
const taken = await store.lease("key", 60_000);
await release();
const again = await store.lease("key", 60_000);
await store.delete("key", version);
const gone = await store.get("key");
const { sandbox } = app;
const clients = [1, 2].map(() => new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch, limits: redisLimits(redis) }));
const ids = await Promise.all(clients.map(async (client, index) => (await client.getUser(index + 1)).id));
console.log(JSON.stringify({ id, written: version === first, lost: lost === undefined, record, taken: taken === undefined, again: typeof again, gone: gone === undefined, ids }));
process.exit(0);
