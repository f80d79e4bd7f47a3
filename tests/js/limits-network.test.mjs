// The rolling window over real sockets. In a file of its own: Node 20's fetch keeps timers of its own, which an advanced clock
// lets fire on sockets that are long gone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UsersClient } from "pipedrive-users";
import { startSandbox } from "./support/sandbox.mjs";

test("200 calls at once where 20 go in 2 s: all succeed, none is refused, and it takes no longer than it must", { timeout: 60_000 }, async () => {
  const sandbox = await startSandbox("--users", 250, "--burst", 20);
  const ids = Array.from({ length: 200 }, (_, index) => index + 1);
  const refused = [];
  const client = new UsersClient({ logLevel: "off", baseUrl: sandbox.url, apiToken: sandbox.apiToken, onEvent: (event) => event.type === "response" && event.status === 429 && refused.push(event) });
  const started = performance.now();
  const users = await Promise.all(ids.map((id) => client.getUser(id)));
  const seconds = (performance.now() - started) / 1000;
  await sandbox.stop();
  assert.deepEqual(users.map(({ id }) => id), ids);
  assert.deepEqual(refused, []);
  assert.equal(client.usage.callsSent, 200);
  // Ten windows of two seconds, of which the last need not end.
  assert.ok(seconds >= 17.9 && seconds <= 18 * 1.15, `${seconds.toFixed(2)} s`);
});
