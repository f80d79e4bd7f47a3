// What calls cost: counted per operation and in all, and refused where the day's tokens would not do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UsersClient } from "pipedrive-users";
import { emptyData, OPERATIONS } from "./support/operations.mjs";
import { respond, good, held, scripted } from "./support/script.mjs";
import { rejection, settle, until } from "./support/wait.mjs";

// The module is there before any clock is stopped.
await new UsersClient({ apiToken: "secret", fetch: async () => good() }).getUser(1);

const NOON = Date.UTC(2026, 10, 22, 12);
const MIDNIGHT = Date.UTC(2026, 10, 23);
const HOUR = 3_600_000;

const newClient = (config) => new UsersClient({ apiToken: "secret", logLevel: "off", ...config });
const stopClock = (t, now = NOON) => t.mock.timers.enable({ apis: ["setTimeout", "Date"], now });
const total = ({ tokensSpent, callsSent, callsSaved }) => [tokensSpent, callsSent, callsSaved];
const left = (remaining) => ({ "x-daily-ratelimit-token-limit": "30000", "x-daily-ratelimit-token-remaining": `${remaining}` });
const dailyLimit = (headers = {}) => respond(429, { success: false, error: "daily request budget exceeded", errorCode: 429 }, headers);

/** Checks that a call is refused before it is sent. */
async function refused(call, resetAt) {
  const error = await rejection(call);
  assert.deepEqual([error.name, error.kind, error.scope, error.attempts, error.status], ["RateLimitError", "rate_limit", "daily", 0, undefined]);
  assert.ok(error.resetAt instanceof Date);
  assert.equal(error.resetAt.toISOString(), new Date(resetAt).toISOString());
  assert.equal(error.retryAfterSeconds, (resetAt - Date.now()) / 1000);
  assert.match(error.message, /^\w+: .*not sent.*estimate/);
  return error;
}

test("nothing is spent before the first call", () => {
  const { operations, ...all } = newClient().usage;
  assert.deepEqual(total(all), [0, 0, 0]);
  assert.deepEqual(Object.keys(operations), OPERATIONS.map(({ name }) => name));
  for (const spent of Object.values(operations)) assert.deepEqual(total(spent), [0, 0, 0]);
});

test("each operation costs what the table says, alone and in all", async () => {
  const { fetch } = scripted(({ path, method }) => good(emptyData(OPERATIONS.find(({ target, ...operation }) => path === target && method === operation.method))));
  const client = newClient({ fetch });
  let sum = 0;
  for (const { call, cost, name } of OPERATIONS) {
    await call(client);
    const { response } = await call(client).withResponse();
    assert.equal(response.cost, cost);
    assert.deepEqual(total(client.usage.operations[name]), [cost * 2, 2, 0]);
    sum += cost * 2;
    assert.deepEqual(total(client.usage), [sum, OPERATIONS.findIndex((one) => one.name === name) * 2 + 2, 0]);
  }
  const { usage } = client;
  client.close();
  assert.deepEqual(client.usage, usage, "close() forgets nothing");
});

test("calls that share a request are saved", async () => {
  const { fetch } = scripted(() => good());
  const client = newClient({ fetch });
  await Promise.all(Array.from({ length: 10 }, () => client.getCurrentUser()));
  assert.deepEqual(total(client.usage), [2, 1, 9]);
  assert.deepEqual(total(client.usage.operations.getCurrentUser), [2, 1, 9]);
  assert.deepEqual(total(client.usage.operations.getUser), [0, 0, 0]);
});

test("each page costs", async () => {
  const { fetch } = scripted((_, number) => good([{ user_id: number }], {}, number < 3 ? { additional_data: { next_cursor: `c${number}` } } : {}));
  const client = newClient({ fetch });
  assert.equal((await client.getUserFollowers(7).toArray({ limit: 100 })).length, 3);
  assert.deepEqual(total(client.usage), [30, 3, 0]);
});

// [what, answers, tokens, requests]: what the server surely charges nothing for is not counted as spent.
for (const [what, answers, tokens, sent] of [
  ["a 503 and its repetition", [() => respond(503, "{}", { "retry-after": "0" }), () => good()], 4, 2],
  ["a 404", [() => respond(404, "{}")], 2, 1],
  ["a 403", [() => respond(403, "{}")], 2, 1],
  ["a 401", [() => respond(401, "{}")], 0, 1],
  ["a 429 and its repetition", [() => respond(429, "{}", { "retry-after": "0" }), () => good()], 2, 2],
  ["a daily 429", [() => dailyLimit()], 0, 1],
  ["a refused connection", Array(3).fill(() => Promise.reject(Object.assign(new TypeError("fetch failed"), { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) }))), 0, 3],
  ["a connection that is lost later", [() => Promise.reject(new TypeError("fetch failed")), () => good()], 4, 2],
]) {
  test(`${what} costs ${tokens} tokens`, async (t) => {
    stopClock(t);
    const { fetch, requests } = scripted((_, number) => answers[number - 1]());
    const client = newClient({ fetch, dailyTokenBudget: 100 });
    let over = false;
    const call = Promise.resolve(client.getUser(7)).catch(() => undefined).finally(() => (over = true));
    while (!over) {
      t.mock.timers.tick(10_000);
      await settle(2);
    }
    await call;
    assert.equal(requests.length, sent);
    assert.deepEqual(total(client.usage), [tokens, sent, 0]);
    assert.deepEqual(total(client.usage.operations.getUser), [tokens, sent, 0]);
  });
}

test("dailyTokenBudget refuses a call that would go over it before it is sent, and lets a cheaper one go", async (t) => {
  stopClock(t);
  const { fetch, requests } = scripted(() => good());
  const client = newClient({ fetch, dailyTokenBudget: 13 });
  await client.getUserPermissions(7);
  const error = await refused(client.getUserRoleSettings(7), MIDNIGHT);
  assert.equal(error.operation, "getUserRoleSettings");
  assert.match(error.message, /\b10 tokens\b/);
  await client.getUser(7);
  await refused(client.getUser(8), MIDNIGHT);
  assert.equal(requests.length, 2);
  assert.deepEqual(total(client.usage), [12, 2, 0]);
});

test("a budget of 0 sends nothing", async (t) => {
  stopClock(t);
  const { fetch, requests } = scripted(() => good());
  await refused(newClient({ fetch, dailyTokenBudget: 0 }).getUser(7), MIDNIGHT);
  assert.equal(requests.length, 0);
});

test("a budget is kept to the token among calls at once", async (t) => {
  stopClock(t);
  const { fetch, requests } = scripted(async () => (await settle(1), good()));
  const client = newClient({ fetch, dailyTokenBudget: 20 });
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, (_, index) => Promise.resolve(client.getUser(index + 1))));
  assert.equal(requests.length, 10);
  assert.deepEqual(outcomes.map(({ status }) => status), [...Array(10).fill("fulfilled"), ...Array(20).fill("rejected")]);
});

test("the budget is there again at midnight UTC", async (t) => {
  stopClock(t, MIDNIGHT - 1_000);
  const { fetch, requests } = scripted(() => good());
  const client = newClient({ fetch, dailyTokenBudget: 2 });
  await client.getUser(7);
  await refused(client.getUser(7), MIDNIGHT);
  t.mock.timers.tick(999);
  await refused(client.getUser(7), MIDNIGHT);
  t.mock.timers.tick(1);
  await client.getUser(7);
  await refused(client.getUser(7), MIDNIGHT + 24 * HOUR);
  assert.equal(requests.length, 2);
});

test("what was not charged is in the budget again", async (t) => {
  stopClock(t);
  const { fetch } = scripted((_, number) => (number === 1 ? respond(401, "{}") : good()));
  const client = newClient({ fetch, dailyTokenBudget: 2 });
  assert.equal((await rejection(client.getUser(7))).name, "AuthenticationError");
  await client.getUser(7);
  await refused(client.getUser(7), MIDNIGHT);
});

test("a call that is refused when it would be sent again tells how often it was sent", async (t) => {
  stopClock(t);
  const { fetch, requests } = scripted(() => respond(503, "{}", { "retry-after": "0" }));
  const error = rejection(newClient({ fetch, dailyTokenBudget: 3 }).getUser(7));
  await settle();
  t.mock.timers.tick(1_000);
  const { scope, attempts } = await error;
  assert.equal(requests.length, 1);
  assert.deepEqual({ scope, attempts }, { scope: "daily", attempts: 1 });
});

test("a daily 429 ends the call at once, and later calls are refused here until the reset", async (t) => {
  for (const [headers, resetAt] of [[{}, MIDNIGHT], [{ "retry-after": "7200" }, NOON + 2 * HOUR]]) {
    stopClock(t);
    const { fetch, requests } = scripted((_, number) => (number === 1 ? dailyLimit(headers) : good()));
    const client = newClient({ fetch });
    const error = await rejection(client.getUser(7));
    assert.deepEqual([error.name, error.scope, error.attempts, error.status, error.resetAt.getTime()], ["RateLimitError", "daily", 1, 429, resetAt]);
    await refused(client.getUser(7), resetAt);
    await refused(client.getUserPermissions(7), resetAt);
    t.mock.timers.tick(resetAt - NOON - 1);
    await refused(client.getUser(7), resetAt);
    assert.equal(requests.length, 1);
    t.mock.timers.tick(1);
    await client.getUser(7);
    assert.equal(requests.length, 2);
    t.mock.timers.reset();
  }
});

test("what the server tells of the tokens that are left counts alike", async (t) => {
  stopClock(t);
  const rests = [9, 7, 30];
  const { fetch, requests } = scripted((_, number) => good({}, left(rests[number - 1])));
  const client = newClient({ fetch });
  await client.getUser(7);
  await refused(client.getUserPermissions(7), MIDNIGHT);
  await client.getUser(7);
  await refused(client.getUserRoleSettings(7), MIDNIGHT);
  // Somebody has bought more.
  await client.getUser(7);
  await client.getUserPermissions(7);
  assert.equal(requests.length, 4);
});

test("what the server told yesterday does not count today", async (t) => {
  stopClock(t);
  const { fetch, requests } = scripted(() => good({}, left(0)));
  const client = newClient({ fetch });
  await client.getUser(7);
  await refused(client.getUser(7), MIDNIGHT);
  t.mock.timers.tick(12 * HOUR);
  await client.getUser(7);
  assert.equal(requests.length, 2);
});

test("calls that wait in the queue are refused too when the day's tokens end before them", async (t) => {
  stopClock(t);
  const { fetch, requests } = held();
  const client = newClient({ fetch, maxConcurrency: 1 });
  const calls = [1, 2, 3].map((id) => rejection(client.getUser(id)));
  await until(() => requests.length === 1);
  requests[0].give(dailyLimit());
  const [first, ...others] = await Promise.all(calls);
  assert.equal(first.attempts, 1);
  for (const error of others) assert.deepEqual([error.scope, error.attempts], ["daily", 0]);
  assert.equal(requests.length, 1);
});

test("two clients do not share a budget", async (t) => {
  stopClock(t);
  const { fetch } = scripted(() => good());
  const [one, other] = [1, 2].map(() => newClient({ fetch, dailyTokenBudget: 2 }));
  await one.getUser(7);
  await refused(one.getUser(7), MIDNIGHT);
  await other.getUser(7);
  assert.deepEqual(total(other.usage), [2, 1, 0]);
});
