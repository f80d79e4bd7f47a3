// Each of the ten operations with each fault of the table, over HTTP: the outcome, the requests that reached the server,
// and no secret in any error, event or line.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import * as sdk from "pipedrive-users";
import { expected, FAULTS, render } from "./faults.table.mjs";
import { asData, check, makeCall, pool, serveFaults } from "./support/faults.mjs";
import { OPERATIONS } from "./support/operations.mjs";

/** A secret for each kind of credential. */
const SECRETS = {
  "API token": "5ecre7a9e7ab1ecafe5ecre7a9e7ab1ecafe5ecr",
  "Bearer token": "v1u:AQIBAHj-5ecre7bea7e7_LzTNK2yuuaaLqifzhWb9crUNKTpk4FlQ9rjnXqp",
  "token function": "v1u:AQIBAHj-5ecre7f00c71_6AHVFbQ7jRbVzhWb9crUNKTpk4FlQ9rjnXqpLzT",
};
const CREDENTIALS = Object.keys(SECRETS);
/** What must not be found: the part of each that no encoding of a URL or of JSON changes. */
const MARKS = Object.values(SECRETS).map((secret) => secret.replace(/^v1u:/, ""));

const server = await serveFaults();
after(() => server.close());
// So that no attempt's time is spent on loading.
await makeCall(sdk, { baseUrl: server.url("good", "first"), ...asData(OPERATIONS[0]), credential: "API token", secret: SECRETS["API token"] });

const queue = pool(20);
let runs = 0;

/** One cell: a call, and what reached the server of it. */
function cell(fault, operation, credential, more = {}) {
  const run = `run-${++runs}`;
  return queue(async () => {
    const call = { baseUrl: server.url(fault, run), ...asData(operation), credential, secret: SECRETS[credential], ...more };
    return { run, result: await makeCall(sdk, call) };
  });
}

const matrix = FAULTS.map((row) => ({
  row,
  cells: OPERATIONS.map((operation) => ({
    operation,
    outcomes: CREDENTIALS.map((credential) => cell(row.fault, operation, credential, { timeoutMs: row.timeoutMs })),
  })),
}));
const all = () => Promise.all(matrix.flatMap(({ row, cells }) => cells.flatMap(({ operation, outcomes }) => outcomes.map(async (outcome) => ({ row, operation, ...(await outcome) })))));

/** The same with a server that repeats the credential. */
const ECHOES = [...FAULTS.filter(({ fault }) => fault !== "refused"), { fault: "redirect-encoded" }, { fault: "not-http" }].map(({ fault, timeoutMs }) => ({
  fault,
  cells: OPERATIONS.flatMap((operation) => CREDENTIALS.map((credential) => ({ operation, credential, outcome: cell(`${fault}+echo`, operation, credential, { timeoutMs }) }))),
}));

test("FAULTS.md is generated from the table", async () => {
  assert.equal(await readFile(new URL("../../FAULTS.md", import.meta.url), "utf8"), render());
});

test("the table has all twenty-seven faults", () => {
  assert.equal(new Set(FAULTS.map(({ fault }) => fault)).size, 27);
  for (const row of FAULTS) for (const { method } of OPERATIONS) for (const where of ["node", "page"]) assert.equal(typeof expected(row, method, where).requests, "number");
});

for (const { row, cells } of matrix) {
  test(`${row.fault}: ${row.what}`, async (t) => {
    for (const { operation, outcomes } of cells) {
      await t.test(operation.name, async () => {
        for (const { run, result } of await Promise.all(outcomes)) {
          const { requests } = expected(row, operation.method, "node");
          check(row, operation, result, await server.reachedBy(run, requests), "node");
        }
      });
    }
  });
}

test("nothing follows a redirect, and nothing is sent after its call has ended", async () => {
  const ended = await all();
  await Promise.all(ECHOES.flatMap(({ cells }) => cells.map(({ outcome }) => outcome)));
  await sleep(300);
  assert.deepEqual(server.elsewhere, []);
  for (const { run, row, operation } of ended) assert.equal(server.reached(run).length, expected(row, operation.method, "node").requests, `${row.fault}, ${operation.name}`);
  // Stalled requests were aborted, and their connections closed.
  assert.equal(await server.connections(), 0);
});

/** Looks for the secrets in all texts. */
function search(what, { thrown, texts, message }) {
  const inspected = [{}, { showHidden: true }].map((options) => inspect(thrown, { depth: 10, ...options }));
  for (const text of [...texts, ...inspected].filter((text) => MARKS.some((mark) => text.includes(mark)))) {
    let shown = text;
    for (const mark of MARKS) shown = shown.replaceAll(mark, "<<<THE SECRET>>>");
    assert.fail(`${what} shows a secret (${message}): ${shown.slice(0, 2000)}`);
  }
}

test("no secret in any error, log line or event of the matrix", async () => {
  let texts = 0;
  for (const { row, operation, result } of await all()) {
    search(`${row.fault}, ${operation.name}`, result);
    texts += result.texts.length;
  }
  assert.ok(texts > 540 * 3, `${texts} texts`);
});

test("no secret where the server repeats it in its status line, headers, body and texts", async (t) => {
  for (const { fault, cells } of ECHOES) {
    await t.test(fault, async () => {
      for (const { operation, credential, outcome } of cells) {
        const { run, result } = await outcome;
        const [{ headers }] = await server.reachedBy(run, 1);
        assert.ok([headers["x-api-token"], headers.authorization?.replace("Bearer ", "")].includes(SECRETS[credential]), "the server received it");
        search(`${operation.name} with the ${credential}`, result);
      }
    });
  }
});

/** The waits between the requests of a call, in milliseconds. */
const waits = (requests) => requests.slice(1).map(({ arrived }, index) => arrived - requests[index].arrived);
const getUser = OPERATIONS.find(({ name }) => name === "getUser");
/** How late a timer and a request may be on a busy machine. */
const SLACK = 250;

test("the backoff doubles and is spread", async () => {
  const cells = await Promise.all(Array.from({ length: 12 }, () => cell("500", getUser, "API token", { maxRetries: 2 })));
  const first = [];
  for (const { run, result } of cells) {
    const [one, two, ...more] = waits(server.reached(run));
    assert.ok(one >= 374 && one <= 500 + SLACK, `the first wait is ${one} ms`);
    assert.ok(two >= 749 && two <= 1000 + SLACK, `the second wait is ${two} ms`);
    assert.deepEqual([more.length, result.outcome.attempts], [0, 3]);
    const [reported, reportedLater] = result.events.filter(({ type }) => type === "retry").map(({ durationMs }) => durationMs);
    assert.ok(reported >= 375 && reported <= 500 && reportedLater >= 750 && reportedLater <= 1000, `the events have ${reported} and ${reportedLater} ms`);
    first.push(reported);
  }
  assert.ok(Math.max(...first) - Math.min(...first) > 5, `all wait alike: ${first}`);
});

/** A run with responses of its own: `[status, body, headers]` for the first, the second and so on. */
function responding(...list) {
  const run = `run-${++runs}`;
  server.responses.set(run, ({ send, nth }) => send(...list[Math.min(nth, list.length) - 1]));
  return async (more) => {
    const call = { baseUrl: server.url("own", run), ...asData(getUser), credential: "API token", secret: SECRETS["API token"], ...more };
    const result = await makeCall(sdk, call);
    return { result, requests: server.reached(run) };
  };
}

const GOOD = [200, { success: true, data: {} }];
const NO = { success: false, error: "Request over limit" };

test("Retry-After as a date is kept to", async () => {
  for (const [status, body] of [[503, {}], [429, NO]]) {
    const date = new Date(Math.ceil((Date.now() + 1200) / 1000) * 1000);
    const { result, requests } = await responding([status, body, { "retry-after": date.toUTCString() }], GOOD)();
    assert.deepEqual(result.outcome, { name: "success", status: 200, attempts: 2 });
    const arrived = performance.timeOrigin + requests[1].arrived;
    // The pause after a 429 is spread by up to a quarter.
    const spread = status === 429 ? 2_200 / 4 : 0;
    assert.ok(arrived >= date.getTime() - 5 && arrived <= date.getTime() + spread + SLACK, `${status}: ${arrived - date} ms after the date`);
  }
});

test("x-ratelimit-reset after a 429 is seconds from now", async () => {
  const { result, requests } = await responding([429, NO, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2" }], GOOD)();
  assert.deepEqual(result.outcome, { name: "success", status: 200, attempts: 2 });
  const [wait] = waits(requests);
  assert.ok(wait >= 1995 && wait <= 2500 + SLACK, `${wait} ms`);
});

for (const seconds of [61, 3939]) {
  const date = () => new Date(Date.now() + seconds * 1000).toUTCString();
  for (const [spelling, header] of [["seconds", () => String(seconds)], ["a date", date]]) {
    test(`Retry-After of ${seconds} s, as ${spelling}, is too long: the call fails at once`, async () => {
      for (const status of [429, 503]) {
        const { result, requests } = await responding([status, NO, { "retry-after": header() }], GOOD)({ maxRetries: 5 });
        const { outcome, began, ended, resetAt } = result;
        assert.deepEqual([outcome.name, outcome.status, outcome.attempts, requests.length], [status === 429 ? "RateLimitError" : "ServerError", status, 1, 1]);
        assert.ok(Math.abs(outcome.retryAfterSeconds - seconds) <= 1, `${outcome.retryAfterSeconds} s`);
        assert.ok(ended - began < 300, `it took ${ended - began} ms`);
        assert.ok(Math.abs(resetAt - ended - seconds * 1000) < 1500, `resetAt is in ${resetAt - ended} ms`);
        assert.deepEqual(result.events.filter(({ type }) => type === "wait" || type === "retry"), []);
      }
    });
  }

  test(`x-ratelimit-reset of ${seconds} s after a 429 is too long: the call fails at once, with resetAt`, async () => {
    const { result, requests } = await responding([429, NO, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(seconds) }], GOOD)();
    assert.deepEqual([result.outcome.name, result.outcome.attempts, requests.length], ["RateLimitError", 1, 1]);
    assert.ok(Math.abs(result.resetAt - result.ended - seconds * 1000) < 1500, `resetAt is in ${result.resetAt - result.ended} ms`);
  });
}

test("Retry-After of 60 s is kept to", async () => {
  const run = `run-${++runs}`;
  server.responses.set(run, ({ send }) => send(503, {}, { "retry-after": "60" }));
  const client = new sdk.UsersClient({ apiToken: SECRETS["API token"], baseUrl: server.url("own", run), onEvent: (event) => event.type === "retry" && retry(event) });
  const controller = new AbortController();
  let retry;
  const retrying = new Promise((resolve) => (retry = resolve));
  const call = client.getUser(2, { signal: controller.signal });
  call.catch(() => {});
  assert.equal((await retrying).durationMs, 60_000);
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(Promise.resolve(call), reason);
  assert.equal(server.reached(run).length, 1);
});
