// Each of the ten operations with each fault of the table, in workerd.
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expected, FAULTS } from "../js/faults.table.mjs";
import { asData, check, pool, serveFaults } from "../js/support/faults.mjs";
import { OPERATIONS } from "../js/support/operations.mjs";
import { start } from "./start.mjs";

const CREDENTIALS = ["API token", "Bearer token", "token function"];
const SECRET = "v1u:AQIBAHj-5ecre7b70w5e7_LzTNK2yuuaaLqifzhWb9crUNKTpk4FlQ9rjnXqp";

let server;
let worker;
before(async () => {
  [server, worker] = [await serveFaults(), await start(dirname(fileURLToPath(import.meta.resolve("pipedrive-users"))))];
  // So that no attempt's time is spent on loading.
  await callInWorkerd("good", OPERATIONS[0], 0);
});
after(async () => {
  await worker?.stop();
  await server?.close();
});

const queue = pool(20);
const unhandled = [];
let runs = 0;

async function callInWorkerd(fault, operation, place, more) {
  const run = `run-${++runs}`;
  const call = { baseUrl: server.url(fault, run), ...asData(operation), credential: CREDENTIALS[place % CREDENTIALS.length], secret: SECRET, ...more };
  const { result, unhandled: late } = await worker.ask(`/call?call=${encodeURIComponent(JSON.stringify(call))}`);
  unhandled.push(...late);
  // JSON leaves out what is not known.
  if (result.typed) result.outcome = { status: undefined, scope: undefined, retryAfterSeconds: undefined, requestId: undefined, ...result.outcome };
  return { run, result };
}

let matrix;
/** All of it at once; each test then looks at its part. */
const ask = () => (matrix ??= FAULTS.map((row) => OPERATIONS.map((operation, place) => queue(() => callInWorkerd(row.fault, operation, place, row.timeoutMs && { timeoutMs: row.timeoutMs })))));

for (const [index, row] of FAULTS.entries()) {
  test(`${row.fault}: ${row.what}`, { timeout: 90_000 }, async (t) => {
    const cells = ask()[index];
    for (const [place, operation] of OPERATIONS.entries()) {
      await t.test(operation.name, async () => {
        const { run, result } = await cells[place];
        const { requests } = expected(row, operation.method, "workerd");
        check(row, operation, result, await server.reachedBy(run, requests), "workerd");
        for (const text of result.texts) assert.ok(!text.includes(SECRET.slice(4)), text.replaceAll(SECRET.slice(4), "<<<THE SECRET>>>"));
      });
    }
  });
}

test("nothing follows a redirect, and nothing continues after its call has ended", async () => {
  await Promise.all(ask().flat());
  await sleep(300);
  assert.deepEqual(server.elsewhere, []);
  for (const [index, row] of FAULTS.entries()) {
    for (const [place, { name, method }] of OPERATIONS.entries()) {
      const { run } = await ask()[index][place];
      assert.equal(server.reached(run).length, expected(row, method, "workerd").requests, `${row.fault}, ${name}`);
    }
  }
  // workerd itself reports each body whose next piece never comes, whoever handles that: not if it is read as one text.
  const cutOff = FAULTS.filter(({ fault }) => ["reset-mid-body", "wrong-length", "slow-drip"].includes(fault)).flatMap((row) => OPERATIONS.map(({ method }) => expected(row, method, "workerd").attempts));
  assert.deepEqual(unhandled.filter((text) => !/^(Error: Network connection lost\.|AbortError: The operation was aborted)$/.test(text)), []);
  assert.ok(unhandled.length <= cutOff.reduce((sum, attempts) => sum + attempts), `${unhandled.length} are unhandled`);
});
