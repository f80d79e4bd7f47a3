// The package in workerd, which has no code generation, files or Buffer: the module is a file beside the script.
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createSandbox } from "pipedrive-users/sandbox";
import { UsersClient } from "pipedrive-users";
import { OPERATIONS } from "../js/support/operations.mjs";
import { serve } from "../js/support/server.mjs";
import { start } from "./start.mjs";

let worker;
before(async () => (worker = await start(dirname(fileURLToPath(import.meta.resolve("pipedrive-users"))))));
after(() => worker?.stop());

/** Returns the result of the worker, and checks that no error was unhandled. */
async function ask(path) {
  const { result, unhandled } = await worker.ask(path);
  assert.deepEqual(unhandled, []);
  return result;
}

test("the ten operations return what they return in Node.js", async () => {
  const { outcomes, drifts, usage } = await ask("/operations");
  const sandbox = createSandbox({ users: 30 });
  const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch });
  assert.equal(outcomes.length, 10);
  for (const [index, { name, call, cost, paged }] of OPERATIONS.entries()) {
    const data = await call(client);
    const { requestId, ...outcome } = outcomes[index];
    // Times differ.
    const timeless = (value) => JSON.parse(JSON.stringify(value, (_, text) => (typeof text === "string" && /^\d{4}-\d\d-\d\d[ T]/.test(text) ? "a time" : text)));
    assert.deepEqual(timeless(outcome), timeless({ name, data: paged ? data.items : data, status: name === "addUser" ? outcome.status : 200, cost }));
    assert.ok([200, 201].includes(outcome.status));
    assert.match(requestId, /^[\w-]{36}$/);
  }
  assert.deepEqual(drifts, []);
  assert.deepEqual([usage.callsSent, usage.tokensSpent], [10, OPERATIONS.reduce((sum, { cost }) => sum + cost, 0)]);
});

test("pages, with an async token", async () => {
  const { items, all } = await ask("/pages");
  assert.deepEqual(items, all);
});

test("errors, a timeout and an abort", async () => {
  const [missing, refused, late, aborted] = await ask("/errors");
  assert.deepEqual([missing.name, missing.status], ["NotFoundError", 404]);
  assert.deepEqual([refused.name, refused.status], ["AuthenticationError", 401]);
  assert.ok(!refused.text.includes("wrong-secret"));
  assert.equal(late.name, "TimeoutError");
  assert.equal(aborted, "enough");
});

test("workerd's own fetch, with a retry", async () => {
  const server = await serve((_, response, number) =>
    number === 1 ? response.writeHead(503, { "retry-after": "0" }).end("{}") : response.writeHead(200, { "content-type": "application/json" }).end('{"success":true,"data":{"id":7}}'));
  try {
    assert.deepEqual(await ask(`/own-fetch?base=${encodeURIComponent(server.url)}`), { data: { id: 7 }, attempts: 2 });
    assert.deepEqual(server.requests.map(({ path, headers }) => [path, headers["x-api-token"]]), Array(2).fill(["/v1/users/7", "secret"]));
  } finally {
    await server.close();
  }
});

test("identical concurrent calls share one request", async () => {
  const { distinct, usage } = await ask("/shared");
  assert.deepEqual([distinct, usage.callsSent, usage.callsSaved], [100, 1, 99]);
});

test("an awaited rejection is never reported as unhandled, even if the call is refused at once", async () => {
  const names = await ask("/awaited");
  assert.deepEqual(names, ["ArgumentError", "ArgumentError", "enough", "ArgumentError", "NotFoundError"].flatMap((name) => Array(3).fill(name)));
});
