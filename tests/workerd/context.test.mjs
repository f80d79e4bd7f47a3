// One client of a Worker for all its users, and what in workerd waits for a promise.
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { serve } from "../js/support/server.mjs";
import { until } from "../js/support/wait.mjs";
import { start } from "./start.mjs";

let server;
let worker;
const completed = [];
const failing = new Set(["/v1/users/33"]);

before(async () => {
  server = await serve(async ({ method, path, headers }, response) => {
    const send = (status, body) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const [user, version] = (headers.authorization ?? "").replace("Bearer ", "").split(/-(?=\d$)/);
    if (version === "1" && user.endsWith("2")) return send(401, { success: false, error: "unauthorized access", errorCode: 401 });
    const id = Number(path.split("/")[3]);
    if (path.endsWith("/404")) return send(404, { success: false, error: "User not found" });
    if (failing.delete(path)) return send(503, {});
    await sleep(id > 30 ? 400 : Math.random() * 10);
    response.on("close", () => response.writableFinished && completed.push(`${method} ${path}`));
    send(200, { success: true, data: path.includes("followers") ? [{ user_id: 1 }] : { id, name: user } });
  });
  worker = await start(dirname(fileURLToPath(import.meta.resolve("pipedrive-users"))), {
    entry: "context.worker.mjs",
    compatibilityFlags: ["nodejs_als"],
    durableObjects: { KEEPER: "Keeper" },
    bindings: { BASE: server.url },
  });
});
after(async () => {
  await worker?.stop();
  await server?.close();
});

async function ask(path) {
  const { result, unhandled } = await worker.ask(path);
  assert.deepEqual(unhandled, []);
  return result;
}

test("three users at once on a client at module level, with AsyncLocalStorage: none gets or changes another's record", { timeout: 60_000 }, async () => {
  const started = server.requests.length;
  const users = [1, 2, 3];
  const results = await Promise.all(Array.from({ length: 30 }, async (_, index) => [`user-${users[index % 3]}`, await ask(`/users?user=user-${users[index % 3]}&id=${users[index % 3]}`)]));
  (await ask("/batch")).forEach((result, index) => results.push([`user-${index + 1}`, result]));
  for (const [user, result] of results) assert.deepEqual(result, Array(6).fill([user, user]));
  const writes = server.requests.slice(started).filter(({ method }) => method === "PUT");
  for (const { path, headers } of writes) assert.match(headers.authorization, new RegExp(`^Bearer user-${path.at(-1)}-[12]$`));
  // The second one's first token is refused each time.
  assert.equal(writes.length, 33 * 3 + 11 * 3);
});

test("waitUntil waits for a call, for its retry and for a page", { timeout: 30_000 }, async () => {
  await Promise.all(["/waits?id=31", "/waits?id=33", "/waits?id=32&pages"].map(ask));
  const expected = ["GET /api/v2/users/32/followers", "PUT /v1/users/31", "PUT /v1/users/33"];
  await until(() => completed.filter((line) => /3\d/.test(line)).length === 3, () => completed.join(), 10_000).catch(() => undefined);
  assert.deepEqual(completed.filter((line) => /3\d/.test(line)).sort(), expected);
});

test("a Durable Object waits for a call, and returns it to its caller", { timeout: 30_000 }, async () => {
  const [id, both, message] = await ask("/object");
  assert.deepEqual([id, both], [7, [7, 9]]);
  assert.match(message, /User not found/);
});

test("workerd itself logs nothing", () => assert.deepEqual(worker.lines, []));
