// Redis as it is found: Bun's own client, and a user of Redis that may not run scripts.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient } from "redis";
import { isPipedriveError, UsersClient } from "pipedrive-users";
import { redisLimits, redisStore } from "pipedrive-users/server";
import { makeApp } from "./support/app.mjs";
import { startRedis } from "./support/stores.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

test("Bun's own RedisClient keeps records, leases and limits", { timeout: 60_000 }, async (t) => {
  const redis = await startRedis();
  t.after(redis.stop);
  const { stdout } = await promisify(execFile)(here("../../target/packed/node_modules/bun/bin/bun.exe"), [here("support/bun-redis.mjs"), redis.url]);
  assert.deepEqual(JSON.parse(stdout), { id: 1, written: true, lost: true, record: "record", taken: true, again: "function", gone: true, ids: [1, 2] });
});

test("a user of Redis who may not run scripts: errors are typed and name the store, nothing is sent, and records survive", { timeout: 60_000 }, async (t) => {
  const redis = await startRedis();
  const owner = await createClient({ url: redis.url }).connect();
  await owner.sendCommand(["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all"]);
  const client = await createClient({ url: redis.url, username: "app", password: "secret" }).connect();
  t.after(() => (owner.destroy(), client.destroy(), redis.stop()));
  const app = makeApp({ store: redisStore(client) });
  const identity = await app.install();
  await owner.sendCommand(["ACL", "SETUSER", "app", "-@scripting"]);
  const sent = app.requests.length;
  const other = makeApp({ store: redisStore(client) });
  const error = await other.oauth.client(identity).getCurrentUser().catch((error) => error);
  assert.ok(isPipedriveError(error), String(error));
  assert.deepEqual([error.kind, error.code], ["connection", "token_store"]);
  assert.match(error.message, /the token store failed: NOPERM/);
  assert.equal(app.requests.length + other.requests.length, sent, "nothing was sent");
  const limited = new UsersClient({ apiToken: app.sandbox.apiToken, fetch: app.sandbox.fetch, limits: redisLimits(client), timeoutMs: 2_000, maxRetries: 0, logLevel: "off" });
  const refusal = await limited.getUser(1).catch((error) => error);
  assert.ok(refusal.id === 1 || isPipedriveError(refusal), String(refusal));
  await owner.sendCommand(["ACL", "SETUSER", "app", "+@scripting"]);
  assert.equal((await app.oauth.client(identity).getCurrentUser()).id, identity.userId);
});
