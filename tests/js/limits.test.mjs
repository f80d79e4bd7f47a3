// The rolling window: at most so many calls in any two seconds, learned from what the server reports and kept by one
// queue per client, first come first served.
import assert from "node:assert/strict";
import { test } from "node:test";
import FakeTimers from "@sinonjs/fake-timers";
import { UsersClient } from "pipedrive-users";
import { createSandbox } from "pipedrive-users/sandbox";
import { HOUR, NOON, stopClock } from "./support/clock.mjs";
import { good, held, respond, scripted } from "./support/script.mjs";
import { rejection, settle, until } from "./support/wait.mjs";

// The module is loaded before any clock is stopped.
await new UsersClient({ apiToken: "secret", fetch: async () => good() }).getUser(1);

const newClient = (config) => new UsersClient({ apiToken: "secret", logLevel: "off", ...config });
const ids = (requests) => requests.map(({ path }) => Number(path.split("/").pop()));
const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const limits = (limit, remaining, reset = 2) => ({ "x-ratelimit-limit": `${limit}`, "x-ratelimit-remaining": `${remaining}`, "x-ratelimit-reset": `${reset}` });
const tooMany = (headers = {}) => respond(429, { success: false, error: "rate limit exceeded", errorCode: 429 }, headers);
/** How long after its response a slot is free: the window, and what clocks round. */
const WINDOW = 2_001;

/** A client that knows its limit, two seconds after the response that reported it. */
async function knowing(limit, t, config, clocks) {
  const pass = stopClock(t, clocks);
  const server = held();
  const client = newClient({ fetch: server.fetch, ...config });
  const first = client.getUser(1_000);
  await until(() => server.requests.length === 1);
  server.requests[0].give(good({}, limits(limit, limit - 1)));
  await first;
  await pass(WINDOW);
  server.requests.length = 0;
  return { ...server, client, pass };
}

test("a burst 429 pauses the whole queue once: nothing is sent until it is over, then everything, in order", async (t) => {
  const pass = stopClock(t);
  const server = scripted((_, number) => (number === 1 ? tooMany({ "retry-after": "1" }) : good()));
  const limited = [];
  const client = newClient({ fetch: server.fetch, maxConcurrency: 1, onEvent: (event) => event.type === "limited" && limited.push(event) });
  const calls = numbers(1, 11).map((id) => client.getUser(id));
  await pass(999);
  assert.deepEqual(ids(server.requests), [1], "it is not over yet");
  await pass(1);
  await Promise.all(calls);
  assert.deepEqual(ids(server.requests), [1, ...numbers(1, 11)]);
  assert.equal(limited.length, 1);
});

for (const [random, pause] of [[0, 2_000], [0.5, 2_250], [1, 2_500]]) {
  test(`the pause is spread by up to a quarter: ${pause} ms where 2 s are asked for`, async (t) => {
    const pass = stopClock(t, { random });
    const server = scripted((_, number) => (number === 1 ? tooMany({ "retry-after": "2" }) : good()));
    const retries = [];
    const client = newClient({ fetch: server.fetch, maxConcurrency: 1, onEvent: (event) => event.type === "retry" && retries.push(event.durationMs) });
    const calls = numbers(1, 3).map((id) => client.getUser(id));
    await pass(pause - 1);
    assert.equal(server.requests.length, 1);
    await pass(1);
    await Promise.all(calls);
    assert.deepEqual([retries, server.requests.length], [[pause], 4]);
  });
}

test("a call that meets 429 again pauses for longer: 0.5 s, doubled up to 8 s", async (t) => {
  const pass = stopClock(t);
  const server = scripted((_, number) => (number <= 7 ? tooMany({ "retry-after": "0" }) : good()));
  const call = newClient({ fetch: server.fetch, maxRetries: 1 }).getUser(1).withResponse();
  const pauses = [];
  for (let elapsed = 0; server.requests.length < 8; elapsed += 500) {
    const before = server.requests.length;
    await pass(500);
    if (server.requests.length > before) {
      pauses.push(elapsed + 500);
      elapsed = -500;
    }
  }
  assert.deepEqual(pauses, [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  const { response } = await call;
  assert.equal(response.attempts, 8, "they do not count against maxRetries");
});

test("the pauses of a call last a minute in all, and then it fails", async (t) => {
  const pass = stopClock(t);
  const server = scripted(() => tooMany({ "retry-after": "25" }));
  const error = rejection(newClient({ fetch: server.fetch }).getUser(1));
  await pass(60_000);
  const { name, scope, attempts } = await error;
  assert.deepEqual([name, scope, attempts, server.requests.length], ["RateLimitError", "burst", 3, 3]);
});

for (const [what, type] of [["hears of a request", "request"], ["hears of a response", "response"]]) {
  test(`a hook that keeps the thread busy for a minute when it ${what} lets no more calls in flight than maxConcurrency`, async (t) => {
    const pass = stopClock(t);
    const server = held();
    let isBusy = true;
    const onEvent = (event) => {
      if (event.type !== type || !isBusy) return;
      isBusy = false;
      pass.jump(60_000);
    };
    const client = newClient({ fetch: server.fetch, maxConcurrency: 2, timeoutMs: 30_000, maxRetries: 0, onEvent });
    const calls = numbers(1, 6).map((id) => client.getUser(id));
    const settled = Promise.allSettled(calls);
    await settle();
    const inFlight = () => server.requests.filter(({ signal, isOver }) => !signal.aborted && !isOver).length;
    for (let turn = 0; turn < 12; turn++) {
      assert.ok(inFlight() <= 2, `${inFlight()} are in flight`);
      const next = server.requests.find(({ signal, isOver }) => !signal.aborted && !isOver);
      if (next) Object.assign(next, { isOver: true }).give();
      await pass(1_000);
    }
    await settled;
    assert.ok(inFlight() <= 2);
  });
}

test("a 429 leaves the retries for other failures as they were", async (t) => {
  const pass = stopClock(t);
  const responses = [() => respond(503, "{}", { "retry-after": "0" }), () => tooMany(), () => respond(503, "{}", { "retry-after": "0" }), () => tooMany(), () => respond(503, "{}", { "retry-after": "0" })];
  const server = scripted((_, number) => responses[number - 1]());
  const error = rejection(newClient({ fetch: server.fetch, maxRetries: 2 }).getUser(1));
  await pass(10_000);
  assert.deepEqual([(await error).name, (await error).attempts], ["ServerError", 5]);
});

test("a 429 while others are in flight: they succeed, and no further call is sent until the pause is over", async (t) => {
  const { client, requests, pass } = await knowing(100, t, { maxConcurrency: 5 });
  const calls = numbers(1, 10).map((id) => client.getUser(id));
  await settle();
  assert.deepEqual(ids(requests), numbers(1, 5));
  requests[2].give(tooMany({ "retry-after": "3" }));
  await settle();
  for (const index of [0, 1, 3, 4]) requests[index].give(good({}, limits(100, 50)));
  await pass(2_999);
  assert.equal(requests.length, 5);
  await pass(1);
  assert.deepEqual(ids(requests).slice(5), [3, 6, 7, 8, 9]);
  requests.slice(5).forEach(({ give }) => give());
  await settle();
  requests.slice(10).forEach(({ give }) => give());
  await Promise.all(calls);
  assert.equal(requests.length, 11);
});

test("many 429s at once are one pause", async (t) => {
  const pass = stopClock(t);
  const server = scripted((_, number) => (number <= 10 ? tooMany({ "retry-after": "2" }) : good()));
  const client = newClient({ fetch: server.fetch });
  const calls = numbers(1, 30).map((id) => client.getUser(id));
  await settle();
  assert.equal(server.requests.length, 10);
  await pass(1_999);
  assert.equal(server.requests.length, 10);
  await pass(1);
  await Promise.all(calls);
  assert.equal(server.requests.length, 40);
});

test("before the first response ten calls are in flight at most, whatever maxConcurrency is", async () => {
  for (const [maxConcurrency, most] of [[undefined, 10], [3, 3], [50, 10]]) {
    const { fetch, requests } = held();
    const client = newClient({ fetch, ...(maxConcurrency && { maxConcurrency }) });
    const calls = numbers(1, 100).map((id) => rejection(client.getUser(id)));
    await until(() => requests.length === most);
    await settle();
    assert.equal(requests.length, most);
    client.close();
    await Promise.all(calls);
  }
});

test("once the limit is known, so many are in flight by default", async (t) => {
  const { client, requests } = await knowing(25, t);
  const calls = numbers(1, 40).map((id) => rejection(client.getUser(id)));
  await settle();
  assert.deepEqual(ids(requests), numbers(1, 25));
  client.close();
  await Promise.all(calls);
});

test("where no limit is ever reported there is no window, only concurrency", async () => {
  const server = scripted(async () => (await settle(1), good()));
  const client = newClient({ fetch: server.fetch });
  const started = performance.now();
  await Promise.all(numbers(1, 500).map((id) => client.getUser(id)));
  assert.equal(server.most, 10);
  assert.ok(performance.now() - started < 1_900, "it does not wait for a window");
});

test("a slot is free two seconds after its response, whenever the call was sent", async (t) => {
  const waits = [];
  const { client, requests, pass } = await knowing(3, t, { onEvent: (event) => event.type === "wait" && waits.push(event) });
  const calls = numbers(1, 7).map((id) => client.getUser(id));
  await settle();
  assert.deepEqual(ids(requests), [1, 2, 3]);
  await pass(1_500);
  requests[1].give(good({}, limits(3, 0)));
  await pass(500);
  requests[0].give(good({}, limits(3, 0)));
  await pass(WINDOW - 501);
  assert.equal(requests.length, 3, "two seconds since the first response have not passed");
  await pass(1);
  assert.deepEqual(ids(requests), numbers(1, 4), "one slot is free");
  await pass(500);
  assert.deepEqual(ids(requests), numbers(1, 5));
  requests[2].give(good({}, limits(3, 0)));
  await pass(WINDOW);
  assert.deepEqual(ids(requests), numbers(1, 6));
  requests.slice(3).forEach(({ give }) => give(good({}, limits(3, 0))));
  await pass(WINDOW);
  assert.deepEqual(ids(requests), numbers(1, 7));
  requests[6].give();
  await Promise.all(calls);
  assert.deepEqual(new Set(waits.map(({ operation, status }) => `${operation} ${status}`)), new Set(["getUser undefined"]));
  assert.ok(waits.every(({ durationMs }) => durationMs > 0 && durationMs <= WINDOW), JSON.stringify(waits));
});

test("in any two seconds no more calls come than the limit, however fast or slow the responses are", async (t) => {
  const pass = stopClock(t);
  const sent = [];
  const server = scripted(async (_, number) => {
    sent.push(Date.now());
    await new Promise((resolve) => setTimeout(resolve, (number * 137) % 900));
    return good({}, limits(7, Math.max(0, 7 - number), 1));
  });
  const client = newClient({ fetch: server.fetch });
  await Promise.all([client.getUser(1_000), pass(3_000)]);
  sent.length = 0;
  const calls = Promise.all(numbers(1, 60).map((id) => client.getUser(id)));
  let over = false;
  calls.finally(() => (over = true));
  while (!over) await pass(100);
  await calls;
  assert.equal(sent.length, 60);
  for (let index = 7; index < sent.length; index++) assert.ok(sent[index] - sent[index - 7] > 2_000, `call ${index} came ${sent[index] - sent[index - 7]} ms after the seventh before it`);
});

test("slots that another program with the same token uses are left to it", async (t) => {
  const { client, requests, pass } = await knowing(20, t);
  const first = client.getUser(1);
  await settle();
  requests[0].give(good({}, limits(20, 4)));
  await first;
  const calls = numbers(2, 9).map((id) => client.getUser(id));
  await settle();
  assert.deepEqual(ids(requests), numbers(1, 5));
  numbers(1, 4).forEach((index) => requests[index].give(good({}, limits(20, 0))));
  await pass(2_000);
  assert.equal(requests.length, 5);
  await pass(1);
  assert.deepEqual(ids(requests), numbers(1, 9));
  requests.slice(5).forEach(({ give }) => give());
  await Promise.all(calls);
});

test("a report of a free window frees no slot of the client's own", async (t) => {
  const { client, requests, pass } = await knowing(2, t);
  const calls = numbers(1, 3).map((id) => client.getUser(id));
  await settle();
  requests.slice(0, 2).forEach(({ give }) => give(good({}, limits(2, 2, 0))));
  await pass(WINDOW - 1);
  assert.equal(requests.length, 2);
  await pass(1);
  assert.equal(requests.length, 3);
  requests[2].give();
  await Promise.all(calls);
});

for (const [what, end] of Object.entries({
  "times out": async ({ pass, calls }) => {
    await pass(1_000);
    assert.equal((await calls[0]).name, "TimeoutError");
  },
  "is aborted": async ({ controller, calls }) => {
    controller.abort("enough");
    assert.equal(await calls[0], "enough");
  },
})) {
  test(`a call that ${what} occupies its slot for two seconds more: it may still be on its way to the server`, async (t) => {
    const { client, requests, pass } = await knowing(1, t, { maxRetries: 0, maxConcurrency: 5 });
    const controller = new AbortController();
    const calls = [rejection(client.getUser(1, { timeoutMs: 1_000, signal: controller.signal }))];
    await settle();
    const next = client.getUser(2);
    await end({ pass, controller, calls });
    await pass(WINDOW + 1_999);
    assert.deepEqual(ids(requests), [1]);
    await pass(1);
    assert.deepEqual(ids(requests), [1, 2]);
    requests[1].give();
    await next;
  });
}

for (const maxConcurrency of [1, 3, undefined, 25]) {
  test(`maxConcurrency ${maxConcurrency ?? "by default (10 where no limit is known)"} is kept, first come first served`, async () => {
    const server = scripted(async () => (await settle(1), good()));
    const client = newClient({ fetch: server.fetch, ...(maxConcurrency && { maxConcurrency }) });
    await client.getUser(1_000);
    server.requests.length = server.most = 0;
    await Promise.all(numbers(1, 100).map((id) => client.getUser(id)));
    assert.equal(server.most, maxConcurrency ?? 10);
    assert.deepEqual(ids(server.requests), numbers(1, 100));
  });
}

test("a call that is sent again goes before those that came later", async (t) => {
  const pass = stopClock(t);
  const { fetch, requests } = held();
  const client = newClient({ fetch, maxConcurrency: 1 });
  const calls = numbers(1, 3).map((id) => client.getUser(id));
  await until(() => requests.length === 1);
  requests[0].give(respond(503, "{}", { "retry-after": "1" }));
  await until(() => requests.length === 2, "the second call, which need not wait for the first");
  await pass(1_000);
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
  const pass = stopClock(t);
  const server = scripted(() => good({}, limits(1, 0)));
  const client = newClient({ fetch: server.fetch });
  await client.getUser(1);
  const controllers = numbers(2, 4).map(() => new AbortController());
  const calls = [2, 3, 4].map((id, index) => client.getUser(id, { signal: controllers[index].signal }));
  const left = [rejection(calls[0]), rejection(calls[1])];
  await pass(1_000);
  controllers[0].abort("first");
  controllers[1].abort("second");
  assert.deepEqual(await Promise.all(left), ["first", "second"]);
  await pass(WINDOW - 1_001);
  assert.deepEqual(ids(server.requests), [1]);
  await pass(1);
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

test("with maxRetries 0 a 429 ends the call, with its scope and time, and still pauses the others", async (t) => {
  const pass = stopClock(t);
  const server = scripted((_, number) => (number === 1 ? tooMany({ "retry-after": "5" }) : good()));
  const client = newClient({ fetch: server.fetch, maxConcurrency: 1 });
  const error = rejection(client.getUser(1, { maxRetries: 0 }));
  const other = client.getUser(2);
  const { name, scope, resetAt, retryAfterSeconds, attempts } = await error;
  assert.deepEqual([name, scope, resetAt.getTime() - Date.now(), retryAfterSeconds, attempts], ["RateLimitError", "burst", 5_000, 5, 1]);
  await pass(4_999);
  assert.equal(server.requests.length, 1);
  await pass(1);
  await other;
});

test("a report of a window that ends far away is held to the two seconds that a window lasts", async (t) => {
  for (const reset of ["3600", "86400", String(NOON / 1000 + 3_600), "9999999999", new Date(NOON + HOUR).toUTCString()]) {
    const pass = stopClock(t);
    const server = scripted(() => good({}, limits(1, 0, reset)));
    const client = newClient({ fetch: server.fetch });
    await client.getUser(1);
    const next = client.getUser(2);
    await pass(WINDOW - 1);
    assert.equal(server.requests.length, 1, reset);
    await pass(1);
    await next;
    assert.equal(server.requests.length, 2, reset);
    pass.restart();
  }
});

test("a 429 with a far reset ends the call at once, and no call is refused without asking for longer than a minute", async (t) => {
  for (const headers of [{ "retry-after": "4294967296" }, { "retry-after": "604800" }, { "retry-after": "Thu, 01 Jan 2099 00:00:00 GMT" }, { "x-ratelimit-reset": "9999999999" }, limits(20, 0, "86400")]) {
    const pass = stopClock(t);
    const server = scripted((_, number) => (number === 1 ? tooMany(headers) : good()));
    const client = newClient({ fetch: server.fetch });
    const error = await rejection(client.getUser(1));
    assert.deepEqual([error.name, error.scope, error.attempts], ["RateLimitError", "burst", 1], "a burst 429 is never a spent day");
    assert.ok(error.resetAt.getTime() > NOON + 60_000 && Number.isFinite(error.resetAt.getTime()));
    const next = client.getUser(2);
    await pass(75_000);
    await next;
    assert.equal(server.requests.length, 2);
    pass.restart();
  }
});

test("a number over 1e9 and a date are times of day, by the clock of the server", async (t) => {
  const skew = -3 * HOUR;
  const at = (milliseconds) => NOON + skew + milliseconds;
  const spellings = {
    "seconds since 1970": { "retry-after": String(at(4_000) / 1000) },
    "milliseconds since 1970": { "retry-after": String(at(4_000)) },
    "a date": { "retry-after": new Date(at(4_000)).toUTCString() },
    "x-ratelimit-reset since 1970": { "x-ratelimit-reset": String(at(4_000) / 1000) },
    "a date of RFC 850": { "retry-after": "Sunday, 22-Nov-26 09:00:04 GMT" },
    "a date of asctime": { "retry-after": "Sun Nov 22 09:00:04 2026" },
  };
  for (const [what, headers] of Object.entries(spellings)) {
    for (const status of headers["retry-after"] ? [429, 503] : [429]) {
      const pass = stopClock(t);
      const date = new Date(at(0)).toUTCString();
      const server = scripted((_, number) => (number === 1 ? respond(status, {}, { date, ...headers }) : good()));
      const call = newClient({ fetch: server.fetch }).getUser(1);
      await pass(3_999);
      assert.equal(server.requests.length, 1, `${status}, ${what}`);
      await pass(1);
      await call;
      pass.restart();
    }
  }
});

test("headers that are no numbers are ignored, and those that came twice", async () => {
  for (const nonsense of ["", "many", "--1", "1e3", "NaN", "99999999999999999999", "3, 4", "٣"]) {
    const server = scripted(() => ({ status: 200, headers: new Map(Object.entries(limits(nonsense, nonsense, nonsense))), text: async () => '{"success":true,"data":{}}' }));
    const client = newClient({ fetch: server.fetch });
    await client.getUser(1);
    await client.getUser(2);
    assert.deepEqual(client.rateLimit, { limit: undefined, remaining: undefined, resetAt: undefined, dailyLimit: undefined, dailyRemaining: undefined }, nonsense);
  }
});

test("a negative rest is 0, and a negative limit or wait is none", async () => {
  const server = scripted(() => good({}, limits("-1", "-20", "-3")));
  const client = newClient({ fetch: server.fetch });
  await client.getUser(1);
  assert.deepEqual(client.rateLimit, { limit: undefined, remaining: 0, resetAt: undefined, dailyLimit: undefined, dailyRemaining: undefined });
  const spent = newClient({ fetch: scripted(() => good({}, { "x-daily-ratelimit-token-remaining": "-20" })).fetch });
  await spent.getUser(1);
  assert.equal(spent.rateLimit.dailyRemaining, 0);
  assert.equal((await rejection(spent.getUser(2))).scope, "daily");
});

test("a Retry-After that came twice is ignored: the wait is the client's own", async (t) => {
  const pass = stopClock(t);
  const server = scripted((_, number) => (number === 1 ? respond(503, {}, new Headers([["retry-after", "3"], ["retry-after", "4"]])) : good()));
  const retries = [];
  const call = newClient({ fetch: server.fetch, onEvent: (event) => event.type === "retry" && retries.push(event.durationMs) }).getUser(1);
  await pass(500);
  await call;
  assert.deepEqual(retries, [500]);
});

for (const [what, response] of Object.entries({ "a used-up window": () => good({}, limits(1, 0)), "a 429": () => tooMany({ "retry-after": "2" }) })) {
  for (const [set, move] of Object.entries({ "30 s back": -30_000, "an hour back": -HOUR, "an hour on": HOUR, "before 1970": -2 * NOON })) {
    test(`waits are measured by a monotonic clock: after ${what}, the time of day is set ${set}`, async (t) => {
      const pass = stopClock(t);
      const server = scripted((_, number) => (number === 1 ? response() : good()));
      const client = newClient({ fetch: server.fetch, maxRetries: 0 });
      await Promise.resolve(client.getUser(1)).catch(() => undefined);
      pass.adjust(move);
      const next = client.getUser(2);
      await pass(1_999);
      assert.equal(server.requests.length, 1);
      await pass(2);
      await next;
    });
  }
}

test("a time of day that stands still, as where only Date is mocked, holds nothing up", { timeout: 10_000 }, async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: NOON });
  const server = scripted(() => good({}, limits(1, 0)));
  const client = newClient({ fetch: server.fetch });
  const started = performance.now();
  await client.getUser(1);
  await client.getUser(2);
  const took = performance.now() - started;
  assert.ok(took >= 1_995 && took < 5_000, `${took} ms`);
});

test("a waiting call looks again every three seconds, so that a timer that sleeps with its machine holds up nothing", async (t) => {
  const pass = stopClock(t);
  const timers = [];
  const server = scripted((_, number) => (number === 1 ? tooMany({ "retry-after": "50" }) : good()));
  const client = newClient({ fetch: server.fetch, maxConcurrency: 1 });
  const { setTimeout } = globalThis;
  t.mock.method(globalThis, "setTimeout", (callback, milliseconds, ...all) => (timers.push(milliseconds), setTimeout(callback, milliseconds, ...all)));
  const calls = [client.getUser(1), client.getUser(2)];
  await pass(49_999);
  assert.equal(server.requests.length, 1);
  await pass(1);
  await Promise.all(calls);
  const waits = timers.filter((milliseconds) => milliseconds !== 30_000 && milliseconds !== 35_000);
  assert.ok(waits.length >= 16 && waits.every((milliseconds) => milliseconds <= 3_000), String(waits));
});

test("client.rateLimit is what was reported last, and what is not reported stays", async (t) => {
  stopClock(t);
  const headers = [
    limits(80, 79),
    { "x-daily-ratelimit-token-limit": "30000", "x-daily-ratelimit-token-remaining": "29000" },
    {},
    { ...limits(80, 12, 1), "x-daily-ratelimit-token-limit": "30000", "x-daily-ratelimit-token-remaining": "28998" },
  ];
  const server = scripted((_, number) => good({}, headers[number - 1]));
  const client = newClient({ fetch: server.fetch });
  const unknown = { limit: undefined, remaining: undefined, resetAt: undefined, dailyLimit: undefined, dailyRemaining: undefined };
  assert.deepEqual(client.rateLimit, unknown);
  const now = Date.now();
  // A page on another origin reads no more than the three.
  const exposed = { ...unknown, limit: 80, remaining: 79, resetAt: new Date(now + 2_000) };
  assert.deepEqual((await client.getUser(1).withResponse()).response.rateLimit, exposed);
  assert.deepEqual(client.rateLimit, exposed);
  const daily = { ...unknown, dailyLimit: 30_000, dailyRemaining: 29_000 };
  assert.deepEqual((await client.getUser(1).withResponse()).response.rateLimit, daily, "a response has its own report");
  assert.deepEqual(client.rateLimit, { ...exposed, dailyLimit: 30_000, dailyRemaining: 29_000 });
  await client.getUser(1);
  assert.deepEqual(client.rateLimit, { ...exposed, dailyLimit: 30_000, dailyRemaining: 29_000 });
  await client.getUser(1);
  const last = { limit: 80, remaining: 12, resetAt: new Date(now + 1_000), dailyLimit: 30_000, dailyRemaining: 28_998 };
  assert.deepEqual(client.rateLimit, last);
  client.close();
  assert.deepEqual(client.rateLimit, last);
});

test("an error has the limits too", async (t) => {
  stopClock(t);
  const server = scripted(() => respond(404, { success: false, error: "no" }, limits(80, 3)));
  const client = newClient({ fetch: server.fetch });
  const error = await rejection(client.getUser(7));
  assert.equal(error.headers["x-ratelimit-remaining"], "3");
  assert.equal(client.rateLimit.remaining, 3);
});

for (const [what, toFake] of [
  ["the timers and the time of day, as Vitest 2 does", ["setTimeout", "clearTimeout", "Date"]],
  ["the monotonic clock as well, as Vitest 3 does", ["setTimeout", "clearTimeout", "Date", "performance"]],
]) {
  test(`fake timers that replace ${what} decide when a slot is free, however much time really passes`, async (t) => {
    const sandbox = createSandbox({ burst: 2 });
    const client = newClient({ fetch: sandbox.fetch, apiToken: sandbox.apiToken });
    const pause = setTimeout;
    const clock = FakeTimers.install({ now: 0, toFake });
    t.after(() => clock.uninstall());
    await client.getUser(1);
    await client.getUser(2);
    await new Promise((resolve) => pause(resolve, 30));
    let status;
    const third = client.getUser(3).withResponse().then(({ response }) => (status = response));
    await new Promise((resolve) => pause(resolve, 30));
    await clock.tickAsync(2_000);
    assert.equal(status, undefined, "the window is two seconds long");
    await clock.tickAsync(2);
    await third;
    assert.equal(status.attempts, 1, "no 429");
  });
}
