// The package in workerd, where there is no code generation, no file and no Buffer: the module travels beside the script.
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

/** What the worker answers, where nothing happened unheard. */
async function ask(path) {
  const { result, unheard } = await worker.ask(path);
  assert.deepEqual(unheard, []);
  return result;
}

test("the ten operations give what they give in Node", async () => {
  const { outcomes, drifts, usage } = await ask("/operations");
  const sandbox = createSandbox({ users: 30 });
  const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch });
  assert.equal(outcomes.length, 10);
  for (const [place, { name, call, cost, paged }] of OPERATIONS.entries()) {
    const data = await call(client);
    const { requestId, ...outcome } = outcomes[place];
    // Times are those of the moment.
    const still = (value) => JSON.parse(JSON.stringify(value, (_, text) => (typeof text === "string" && /^\d{4}-\d\d-\d\d[ T]/.test(text) ? "a time" : text)));
    assert.deepEqual(still(outcome), still({ name, data: paged ? data.items : data, status: name === "addUser" ? outcome.status : 200, cost }));
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

test("workerd's own fetch, with a repetition", async () => {
  const server = await serve((_, response, number) =>
    number === 1 ? response.writeHead(503, { "retry-after": "0" }).end("{}") : response.writeHead(200, { "content-type": "application/json" }).end('{"success":true,"data":{"id":7}}'));
  try {
    assert.deepEqual(await ask(`/own-fetch?base=${encodeURIComponent(server.url)}`), { data: { id: 7 }, attempts: 2 });
    assert.deepEqual(server.requests.map(({ path, headers }) => [path, headers["x-api-token"]]), Array(2).fill(["/v1/users/7", "secret"]));
  } finally {
    await server.close();
  }
});

test("the same calls at once are one request", async () => {
  const { distinct, usage } = await ask("/shared");
  assert.deepEqual([distinct, usage.callsSent, usage.callsSaved], [100, 1, 99]);
});

test("a rejection that is awaited is heard, also where a call is refused at once", async () => {
  const names = await ask("/awaited");
  assert.deepEqual(names, ["ArgumentError", "ArgumentError", "enough", "ArgumentError", "NotFoundError"].flatMap((name) => Array(3).fill(name)));
});
