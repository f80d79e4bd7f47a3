// What calls cost: counted per operation and in all, and refused where the daily budget does not cover them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UsersClient } from "pipedrive-users";
import { HOUR, NOON, stopClock } from "./support/clock.mjs";
import { emptyData, OPERATIONS } from "./support/operations.mjs";
import { good, held, respond, scripted } from "./support/script.mjs";
import { rejection, settle, until } from "./support/wait.mjs";

// The module is loaded before any clock is stopped.
await new UsersClient({ apiToken: "secret", fetch: async () => good() }).getUser(1);

const MIDNIGHT = NOON + 12 * HOUR;

const newClient = (config) => new UsersClient({ apiToken: "secret", logLevel: "off", ...config });
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

test("each operation has the cost of the table, alone and in all", async () => {
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
  assert.deepEqual(client.usage, usage, "close() keeps them");
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

// [what, responses, cost, requests]: what the server certainly charges nothing for is not counted as spent.
for (const [what, responses, cost, sent] of [
  ["a 503 and its retry", [() => respond(503, "{}", { "retry-after": "0" }), () => good()], 4, 2],
  ["a 404", [() => respond(404, "{}")], 2, 1],
  ["a 403", [() => respond(403, "{}")], 2, 1],
  ["a 401", [() => respond(401, "{}")], 0, 1],
  ["a 429 and its retry", [() => respond(429, "{}", { "retry-after": "0" }), () => good()], 2, 2],
  ["a daily 429", [() => dailyLimit()], 0, 1],
  ["a refused connection", Array(3).fill(() => Promise.reject(Object.assign(new TypeError("fetch failed"), { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) }))), 0, 3],
  ["a connection that is lost later", [() => Promise.reject(new TypeError("fetch failed")), () => good()], 4, 2],
]) {
  test(`${what} costs ${cost}`, async (t) => {
    const pass = stopClock(t);
    const { fetch, requests } = scripted((_, number) => responses[number - 1]());
    const client = newClient({ fetch, dailyTokenBudget: 100 });
    let over = false;
    const call = Promise.resolve(client.getUser(7)).catch(() => undefined).finally(() => (over = true));
    while (!over) await pass(500);
    await call;
    assert.equal(requests.length, sent);
    assert.deepEqual(total(client.usage), [cost, sent, 0]);
    assert.deepEqual(total(client.usage.operations.getUser), [cost, sent, 0]);
  });
}

test("dailyTokenBudget refuses a call that would go over it before it is sent, and lets a cheaper one go", async (t) => {
  stopClock(t);
  const { fetch, requests } = scripted(() => good());
  const client = newClient({ fetch, dailyTokenBudget: 13 });
  await client.getUserPermissions(7);
  const error = await refused(client.getUserRoleSettings(7), MIDNIGHT);
  assert.equal(error.operation, "getUserRoleSettings");
  assert.match(error.message, /\bcost of 10\b/);
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

test("a budget is kept exactly among calls at once", async (t) => {
  stopClock(t);
  const { fetch, requests } = scripted(async () => (await settle(1), good()));
  const client = newClient({ fetch, dailyTokenBudget: 20 });
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, (_, index) => Promise.resolve(client.getUser(index + 1))));
  assert.equal(requests.length, 10);
  assert.deepEqual(outcomes.map(({ status }) => status), [...Array(10).fill("fulfilled"), ...Array(20).fill("rejected")]);
});

test("the budget is there again at midnight UTC", async (t) => {
  const pass = stopClock(t, { now: MIDNIGHT - 1_000 });
  const { fetch, requests } = scripted(() => good());
  const client = newClient({ fetch, dailyTokenBudget: 2 });
  await client.getUser(7);
  await refused(client.getUser(7), MIDNIGHT);
  pass.jump(999);
  await refused(client.getUser(7), MIDNIGHT);
  pass.jump(1);
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

test("a call that is refused when it would be sent again has the number of requests that were sent", async (t) => {
  const pass = stopClock(t);
  const { fetch, requests } = scripted(() => respond(503, "{}", { "retry-after": "0" }));
  const error = rejection(newClient({ fetch, dailyTokenBudget: 3 }).getUser(7));
  await pass(1_000);
  const { scope, attempts } = await error;
  assert.equal(requests.length, 1);
  assert.deepEqual({ scope, attempts }, { scope: "daily", attempts: 1 });
});

test("a daily 429 ends the call at once, and later calls are refused here until the reset", async (t) => {
  for (const [headers, resetAt] of [[{}, MIDNIGHT], [{ "retry-after": "7200" }, NOON + 2 * HOUR]]) {
    const pass = stopClock(t);
    const { fetch, requests } = scripted((_, number) => (number === 1 ? dailyLimit(headers) : good()));
    const client = newClient({ fetch });
    const error = await rejection(client.getUser(7));
    assert.deepEqual([error.name, error.scope, error.attempts, error.status, error.resetAt.getTime()], ["RateLimitError", "daily", 1, 429, resetAt]);
    await refused(client.getUser(7), resetAt);
    await refused(client.getUserPermissions(7), resetAt);
    pass.jump(resetAt - NOON - 1);
    await refused(client.getUser(7), resetAt);
    assert.equal(requests.length, 1);
    pass.jump(1);
    await client.getUser(7);
    assert.equal(requests.length, 2);
    pass.restart();
  }
});

test("what the server reports of the budget that is left counts too", async (t) => {
  stopClock(t);
  const rests = [9, 7, 30];
  const { fetch, requests } = scripted((_, number) => good({}, left(rests[number - 1])));
  const client = newClient({ fetch });
  await client.getUser(7);
  await refused(client.getUserPermissions(7), MIDNIGHT);
  await client.getUser(7);
  await refused(client.getUserRoleSettings(7), MIDNIGHT);
  // The company has bought more.
  await client.getUser(7);
  await client.getUserPermissions(7);
  assert.equal(requests.length, 4);
});

test("what the server reported yesterday does not count today", async (t) => {
  const pass = stopClock(t);
  const { fetch, requests } = scripted(() => good({}, left(0)));
  const client = newClient({ fetch });
  await client.getUser(7);
  await refused(client.getUser(7), MIDNIGHT);
  pass.jump(12 * HOUR);
  await client.getUser(7);
  assert.equal(requests.length, 2);
});

test("calls that wait in the queue are refused too when the daily budget is spent before their turn", async (t) => {
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

test("calls that are aborted or time out take nothing of what the server reported", { timeout: 20_000 }, async () => {
  for (const end of ["aborted", "timed out"]) {
    let remaining = 1_000;
    const { fetch } = scripted(async ({ path, signal }) => {
      if (!/=b(ond)?$/.test(path)) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      return good([], left((remaining -= 40)));
    });
    const client = newClient({ fetch, maxRetries: 0 });
    await client.findUsersByName("b");
    // As a search does at each letter.
    for (let index = 0; index < 30; index++) {
      const controller = new AbortController();
      const call = rejection(client.findUsersByName(`bo${index}`, end === "aborted" ? { signal: controller.signal } : { timeoutMs: 2 }));
      await settle(1);
      controller.abort("a letter more");
      await call;
    }
    assert.equal(remaining, 960);
    assert.deepEqual(await client.findUsersByName("bond"), [], end);
  }
});

for (const retryAfter of ["604800", "31536000", "4294967296", String(NOON / 1000 + 30 * 86_400), "Thu, 01 Jan 2099 00:00:00 GMT"]) {
  test(`after a daily 429 with Retry-After ${retryAfter} the server is asked again within a day`, async (t) => {
    const pass = stopClock(t);
    const { fetch, requests } = scripted((_, number) => (number === 1 ? dailyLimit({ "retry-after": retryAfter }) : good()));
    const client = newClient({ fetch });
    const error = await rejection(client.getUser(7));
    assert.deepEqual([error.scope, error.attempts], ["daily", 1]);
    assert.ok(error.resetAt.getTime() > NOON + 24 * HOUR && Number.isFinite(error.resetAt.getTime()));
    pass.jump(24 * HOUR - 1);
    assert.equal((await rejection(client.getUser(7))).scope, "daily");
    assert.equal(requests.length, 1);
    pass.jump(1);
    await client.getUser(7);
    assert.equal(requests.length, 2);
  });
}

test("a time of day that is set moves no end of a day", async (t) => {
  const pass = stopClock(t);
  const { fetch, requests } = scripted(() => good());
  const client = newClient({ fetch, dailyTokenBudget: 2 });
  await client.getUser(7);
  for (const milliseconds of [-48 * HOUR, 96 * HOUR, -NOON]) {
    pass.adjust(milliseconds);
    assert.equal((await rejection(client.getUser(7))).scope, "daily");
  }
  pass.jump(12 * HOUR);
  await client.getUser(7);
  assert.equal(requests.length, 2);
});
