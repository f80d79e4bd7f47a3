// Upstash's own client, which parses JSON by itself, on a REST server as Upstash's in front of a real Redis.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { Redis } from "@upstash/redis";
import { createClient } from "redis";
import { createSandbox } from "pipedrive-users/sandbox";
import { OAuth, redisLimits, redisStore, UsersClient } from "pipedrive-users/server";
import { installWith, REDIRECT } from "./support/app.mjs";
import { startRedis } from "./support/stores.mjs";

const KEY = "0123456789abcdef".repeat(4);

describe("Upstash's client", () => {
  let redis, client, server, upstash;

  before(async () => {
    redis = await startRedis();
    client = await createClient({ url: redis.url }).connect();
    const toBase64 = (value) => (Array.isArray(value) ? value.map(toBase64) : typeof value === "string" && value !== "OK" ? Buffer.from(value).toString("base64") : value);
    const carryOut = async (command, isBase64) => {
      try {
        const result = await client.sendCommand(command.map(String));
        return { result: isBase64 ? toBase64(result) : result };
      } catch (error) {
        return { error: error.message };
      }
    };
    server = createServer(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += chunk;
      const [body, isBase64] = [JSON.parse(text), request.headers["upstash-encoding"] === "base64"];
      const isPipeline = Array.isArray(body[0]);
      const results = isPipeline ? await Promise.all(body.map((command) => carryOut(command, isBase64))) : await carryOut(body, isBase64);
      response.writeHead(isPipeline || !results.error ? 200 : 400, { "content-type": "application/json" }).end(JSON.stringify(results));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    upstash = new Redis({ url: `http://127.0.0.1:${server.address().port}`, token: "a-token", enableTelemetry: false });
  });

  after(async () => {
    server.closeAllConnections();
    server.close();
    await client.close();
    redis.stop();
  });

  for (const encryptionKey of ["none", KEY]) {
    test(`records survive it, ${encryptionKey === "none" ? "in plain text" : "encrypted"}: installed, refreshed by another process, uninstalled`, async () => {
      const sandbox = createSandbox();
      const store = redisStore(upstash, { prefix: `${encryptionKey.slice(0, 4)}:` });
      const make = () => new OAuth({ ...sandbox.app, redirectUri: REDIRECT, fetch: sandbox.fetch, store, encryptionKey });
      const { user } = await installWith(make(), sandbox.fetch);
      const who = { companyId: user.company_id, userId: user.id };
      await sandbox.fetch("https://sandbox.example/sandbox/oauth/expire", { method: "POST" });
      assert.equal((await make().client(who).getCurrentUser()).id, user.id);
      assert.equal(await make().isAuthorized(who), true);
      assert.equal((await make().handleUninstall(await sandbox.uninstallRequest({ userId: user.id }))).status, 204);
      assert.equal(await make().isAuthorized(who), false);
      for (const key of await client.keys("*")) assert.ok((await client.pTTL(key)) > 0, key);
    });
  }

  test("limits are shared through it", async () => {
    const sandbox = createSandbox();
    const limits = redisLimits(upstash);
    const clients = [1, 2].map(() => new UsersClient({ apiToken: sandbox.apiToken, baseUrl: "https://sandbox.example", fetch: sandbox.fetch, limits, dailyTokenBudget: 6, timeoutMs: 20_000 }));
    const results = await Promise.allSettled(clients.flatMap((client) => [1, 2, 3].map((id) => client.getUser(id))));
    const [good, bad] = ["fulfilled", "rejected"].map((status) => results.filter((result) => result.status === status));
    assert.ok(good.length >= 1 && good.length <= 3, String(good.length));
    for (const { reason } of bad) assert.equal(reason.kind, "rate_limit", String(reason));
    clients.forEach((client) => client.close());
  });
});
