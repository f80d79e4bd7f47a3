// The burst limit: learned from what the server tells, kept by one queue per client, first come first served.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UsersClient } from "pipedrive-users";
import { startSandbox } from "./support/sandbox.mjs";
import { respond, good, held, scripted } from "./support/script.mjs";
import { rejection, settle, until } from "./support/wait.mjs";

// The module is there before any clock is stopped.
await new UsersClient({ apiToken: "secret", fetch: async () => good() }).getUser(1);

const newClient = (config) => new UsersClient({ apiToken: "secret", logLevel: "off", ...config });
const ids = (requests) => requests.map(({ path }) => Number(path.split("/").pop()));
const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const told = (limit, remaining, reset = 2) => ({ "x-ratelimit-limit": `${limit}`, "x-ratelimit-remaining": `${remaining}`, "x-ratelimit-reset": `${reset}` });
const tooMany = (headers = {}) => respond(429, { success: false, error: "rate limit exceeded", errorCode: 429 }, headers);

/** Stops the clock, and gives what lets it go on. */
function stopClock(t) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.UTC(2026, 10, 22, 10) });
  return async (milliseconds) => {
    t.mock.timers.tick(milliseconds);
    await settle();
  };
}

test("200 calls at once where 20 go in 2 s: all succeed, none is refused, and it takes no longer than it must", { timeout: 60_000 }, async () => {
  const sandbox = await startSandbox("--users", 250, "--burst", 20);
  const refused = [];
  const client = newClient({ baseUrl: sandbox.url, apiToken: sandbox.apiToken, onEvent: (event) => event.type === "response" && event.status === 429 && refused.push(event) });
  const started = performance.now();
  const users = await Promise.all(numbers(1, 200).map((id) => client.getUser(id)));
  const seconds = (performance.now() - started) / 1000;
  await sandbox.stop();
  assert.deepEqual(users.map(({ id }) => id), numbers(1, 200));
  assert.deepEqual(refused, []);
  assert.equal(client.usage.callsSent, 200);
  // Ten windows of two seconds, of which the last need not end.
  assert.ok(seconds >= 17.9 && seconds <= 18 * 1.15, `${seconds.toFixed(2)} s`);
});

test("a 429 pauses the whole queue once: nothing goes until it is over, then all, in order", async (t) => {
  const go = stopClock(t);
  const server = scripted((_, number) => (number === 1 ? tooMany({ "retry-after": "1" }) : good()));
  const limited = [];
  const client = newClient({ fetch: server.fetch, maxConcurrency: 1, onEvent: (event) => event.type === "limited" && limited.push(event) });
  const calls = numbers(1, 11).map((id) => client.getUser(id));
  await settle(50);
  assert.deepEqual(ids(server.requests), [1]);
  await go(999);
  assert.deepEqual(ids(server.requests), [1], "it is not over yet");
  await go(1);
  await Promise.all(calls);
  assert.deepEqual(ids(server.requests), [1, ...numbers(1, 11)]);
  assert.equal(limited.length, 1);
});

test("a 429 while others are on their way: they are answered, and no further call goes until the pause is over", async (t) => {
  const go = stopClock(t);
  const { fetch, requests } = held();
  const client = newClient({ fetch, maxConcurrency: 5 });
  const calls = numbers(1, 10).map((id) => client.getUser(id));
  await settle(50);
  assert.deepEqual(ids(requests), numbers(1, 5));
  requests[2].give(tooMany({ "retry-after": "3" }));
  await settle();
  for (const index of [0, 1, 3, 4]) requests[index].give(good({}, told(100, 50)));
  await settle();
  await go(2_999);
  assert.equal(requests.length, 5);
  await go(1);
  assert.deepEqual(ids(requests).slice(5).sort((a, b) => a - b), [3, 6, 7, 8, 9]);
  requests.slice(5).forEach(({ give }) => give());
  await settle();
  requests.slice(10).forEach(({ give }) => give());
  await Promise.all(calls);
  assert.equal(requests.length, 11);
});

test("many 429s at once are one pause", async (t) => {
  const go = stopClock(t);
  const server = scripted((_, number) => (number <= 10 ? tooMany({ "retry-after": "2" }) : good()));
  const client = newClient({ fetch: server.fetch });
  const calls = numbers(1, 30).map((id) => client.getUser(id));
  await settle(50);
  assert.equal(server.requests.length, 10);
  await go(1_999);
  assert.equal(server.requests.length, 10);
  await go(1);
  await Promise.all(calls);
  assert.equal(server.requests.length, 40);
});

test("at nothing remaining the queue waits for the reset instead of earning a 429", async (t) => {
  const go = stopClock(t);
  const waits = [];
  const server = scripted((_, number) => good({}, told(3, number % 3 === 0 ? 0 : 3 - (number % 3))));
  const client = newClient({ fetch: server.fetch, maxConcurrency: 1, onEvent: (event) => event.type === "wait" && waits.push(event) });
  const calls = numbers(1, 7).map((id) => client.getUser(id));
  await settle(50);
  assert.deepEqual(ids(server.requests), [1, 2, 3]);
  await go(1_999);
  assert.equal(server.requests.length, 3);
  await go(1);
  assert.deepEqual(ids(server.requests), numbers(1, 6));
  await go(2_000);
  await Promise.all(calls);
  assert.deepEqual(ids(server.requests), numbers(1, 7));
  assert.deepEqual(waits.map(({ operation, durationMs }) => [operation, durationMs]), [["getUser", 2_000], ["getUser", 2_000]]);
});

test("no more go at once than remain, since those on their way may not be counted yet", async (t) => {
  const go = stopClock(t);
  const { fetch, requests } = held();
  const client = newClient({ fetch });
  const first = client.getUser(1);
  await until(() => requests.length === 1);
  requests[0].give(good({}, told(20, 4)));
  await first;
  const calls = numbers(2, 9).map((id) => client.getUser(id));
  await settle();
  assert.deepEqual(ids(requests), numbers(1, 5));
  numbers(1, 4).forEach((index) => requests[index].give(good({}, told(20, 0))));
  await settle();
  assert.equal(requests.length, 5);
  await go(2_000);
  assert.deepEqual(ids(requests), numbers(1, 9));
  requests.slice(5).forEach(({ give }) => give());
  await Promise.all(calls);
});

for (const maxConcurrency of [1, 3, undefined, 25]) {
  test(`maxConcurrency ${maxConcurrency ?? "by default (10)"} is kept, first come first served`, async () => {
    const server = scripted(async () => (await settle(1), good()));
    const client = newClient({ fetch: server.fetch, ...(maxConcurrency && { maxConcurrency }) });
    await Promise.all(numbers(1, 100).map((id) => client.getUser(id)));
    assert.equal(server.most, maxConcurrency ?? 10);
    assert.deepEqual(ids(server.requests), numbers(1, 100));
  });
}

test("a call that is sent again goes before those that came later", async (t) => {
  const go = stopClock(t);
  const { fetch, requests } = held();
  const client = newClient({ fetch, maxConcurrency: 1 });
  const calls = numbers(1, 3).map((id) => client.getUser(id));
  await until(() => requests.length === 1);
  requests[0].give(respond(503, "{}", { "retry-after": "1" }));
  await until(() => requests.length === 2, "the second call, which need not wait for the first");
  await go(1_000);
  assert.deepEqual(ids(requests), [1, 2]);
  requests[1].give();
  await until(() => requests.length === 3);
  requests[2].give();
  await until(() => requests.length === 4);
  requests[3].give();
  await Promise.all(calls);
  assert.deepEqual(ids(requests), [1, 2, 1, 3]);
});

test("a queued call that is cancelled leaves the queue at once, also the one that holds the timer", async (t) => {
  const go = stopClock(t);
  const server = scripted(() => good({}, told(1, 0)));
  const client = newClient({ fetch: server.fetch });
  await client.getUser(1);
  const controllers = numbers(2, 4).map(() => new AbortController());
  const calls = [2, 3, 4].map((id, index) => client.getUser(id, { signal: controllers[index].signal }));
  const left = [rejection(calls[0]), rejection(calls[1])];
  await settle();
  await go(1_000);
  controllers[0].abort("first");
  controllers[1].abort("second");
  assert.deepEqual(await Promise.all(left), ["first", "second"]);
  await go(999);
  assert.deepEqual(ids(server.requests), [1]);
  await go(1);
  await calls[2];
  assert.deepEqual(ids(server.requests), [1, 4]);
});

test("two clients do not share limits", async (t) => {
  stopClock(t);
  const server = scripted((_, number) => (number === 1 ? tooMany({ "retry-after": "60" }) : good()));
  const one = newClient({ fetch: server.fetch });
  const controller = new AbortController();
  const paused = rejection(one.getUser(1, { signal: controller.signal }));
  await settle(50);
  assert.equal(server.requests.length, 1);
  const other = newClient({ fetch: server.fetch, maxConcurrency: 1 });
  await Promise.all(numbers(2, 5).map((id) => other.getUser(id)));
  assert.equal(server.requests.length, 5);
  assert.equal(other.rateLimit.limit, undefined);
  controller.abort("enough");
  assert.equal(await paused, "enough");
});

test("with maxRetries 0 a 429 is the call's end, with its scope and time, and still the others' pause", async (t) => {
  const go = stopClock(t);
  const server = scripted((_, number) => (number === 1 ? tooMany({ "retry-after": "5" }) : good()));
  const client = newClient({ fetch: server.fetch, maxConcurrency: 1 });
  const error = rejection(client.getUser(1, { maxRetries: 0 }));
  const other = client.getUser(2);
  const { name, scope, resetAt, retryAfterSeconds, attempts } = await error;
  assert.deepEqual([name, scope, resetAt.getTime() - Date.now(), retryAfterSeconds, attempts], ["RateLimitError", "burst", 5_000, 5, 1]);
  await go(4_999);
  assert.equal(server.requests.length, 1);
  await go(1);
  await other;
});

test("a window that ends in more than a minute is not waited for", async (t) => {
  const go = stopClock(t);
  const server = scripted(() => good({}, told(1, 0, 3_600)));
  const client = newClient({ fetch: server.fetch });
  await client.getUser(1);
  const outcome = Promise.race([rejection(client.getUser(2)), settle(100).then(() => "it waits")]);
  const error = await outcome;
  await go(3_600_000);
  assert.deepEqual([error.name, error.scope, error.attempts], ["RateLimitError", "burst", 0]);
});

test("headers that are no numbers are as if they were not there", async () => {
  for (const nonsense of ["", "many", "-1", "1e3", "NaN", "99999999999999999999"]) {
    const server = scripted(() => good({}, told(nonsense, nonsense, nonsense)));
    const client = newClient({ fetch: server.fetch });
    await client.getUser(1);
    await client.getUser(2);
    assert.deepEqual(client.rateLimit, { limit: undefined, remaining: undefined, resetAt: undefined, dailyLimit: undefined, dailyRemaining: undefined }, nonsense);
  }
});

test("client.rateLimit is what was told last, and what is not told stays", async (t) => {
  stopClock(t);
  const headers = [
    told(80, 79),
    { "x-daily-ratelimit-token-limit": "30000", "x-daily-ratelimit-token-remaining": "29000" },
    {},
    { ...told(80, 12, 1), "x-daily-ratelimit-token-limit": "30000", "x-daily-ratelimit-token-remaining": "28998" },
  ];
  const server = scripted((_, number) => good({}, headers[number - 1]));
  const client = newClient({ fetch: server.fetch });
  const nothing = { limit: undefined, remaining: undefined, resetAt: undefined, dailyLimit: undefined, dailyRemaining: undefined };
  assert.deepEqual(client.rateLimit, nothing);
  const now = Date.now();
  // A page on another origin reads no more than the three.
  const exposed = { ...nothing, limit: 80, remaining: 79, resetAt: new Date(now + 2_000) };
  assert.deepEqual((await client.getUser(1).withResponse()).response.rateLimit, exposed);
  assert.deepEqual(client.rateLimit, exposed);
  const daily = { ...nothing, dailyLimit: 30_000, dailyRemaining: 29_000 };
  assert.deepEqual((await client.getUser(1).withResponse()).response.rateLimit, daily, "an answer tells what it told");
  assert.deepEqual(client.rateLimit, { ...exposed, dailyLimit: 30_000, dailyRemaining: 29_000 });
  await client.getUser(1);
  assert.deepEqual(client.rateLimit, { ...exposed, dailyLimit: 30_000, dailyRemaining: 29_000 });
  await client.getUser(1);
  const last = { limit: 80, remaining: 12, resetAt: new Date(now + 1_000), dailyLimit: 30_000, dailyRemaining: 28_998 };
  assert.deepEqual(client.rateLimit, last);
  client.close();
  assert.deepEqual(client.rateLimit, last);
});

test("an error tells the limits too", async (t) => {
  stopClock(t);
  const server = scripted(() => respond(404, { success: false, error: "no" }, told(80, 3)));
  const client = newClient({ fetch: server.fetch });
  const error = await rejection(client.getUser(7));
  assert.equal(error.headers["x-ratelimit-remaining"], "3");
  assert.equal(client.rateLimit.remaining, 3);
});
