// What a client reports: events to a hook, lines to a log. Neither holds a secret, and neither can break a call.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ENDPOINTS, UsersClient } from "pipedrive-users";
import { HOUR, stopClock } from "./support/clock.mjs";
import { good, held, respond, scripted } from "./support/script.mjs";
import { rejection, settle, until } from "./support/wait.mjs";

// The module is loaded before any clock is stopped.
await new UsersClient({ apiToken: "secret", fetch: async () => good() }).getUser(1);

const SECRET = "5ecre7c0ffee5ecre7c0ffee";
const BODY = "the-body-of-a-response";

/** A client whose events and lines are kept. */
function listening(script, config = {}) {
  const server = typeof script === "function" ? scripted(script) : script;
  const events = [];
  const lines = [];
  const logger = Object.fromEntries(["error", "warn", "info", "debug"].map((level) => [level, (...all) => lines.push([level, ...all])]));
  const client = new UsersClient({ apiToken: SECRET, fetch: server.fetch, onEvent: (event) => events.push(event), logger, ...config });
  return { client, events, lines, server };
}

const short = ({ type, operation, attempt, cost, status }) => [type, operation, attempt, cost, status];
const fast = { "retry-after": "0" };

test("a call has an event for its request and one for its response", async () => {
  const { client, events } = listening(() => good({ id: 7, name: BODY }));
  await client.getUser(7);
  assert.deepEqual(events.map(short), [["request", "getUser", 1, 2, undefined], ["response", "getUser", 1, 2, 200]]);
  const [request, response] = events;
  assert.equal(request.durationMs, undefined);
  assert.ok(response.durationMs >= 0 && response.durationMs < 5_000);
  for (const event of events) assert.deepEqual(Object.keys(event), ["type", "callId", "operation", "method", "attempt", "cost", "status", "durationMs", "text"]);
});

test("all events of a call have its callId and its method, and no two calls of any clients have the same", async () => {
  const script = (_, number) => (number % 2 ? respond(503, "{}", fast) : good({}, { sunset: "soon" }));
  const all = [];
  for (const { client, events } of [listening(script), listening(script)]) {
    await client.getUser(7);
    await client.updateUser(7, { active_flag: true });
    await Promise.all([client.getCurrentUser(), client.getCurrentUser()]);
    all.push(...events);
  }
  for (const { callId, operation, method } of all) {
    assert.ok(Number.isSafeInteger(callId) && callId > 0, String(callId));
    assert.equal(method, ENDPOINTS[operation].method);
  }
  const calls = Map.groupBy ? Map.groupBy(all, ({ callId }) => callId) : all.reduce((groups, event) => groups.set(event.callId, [...(groups.get(event.callId) ?? []), event]), new Map());
  assert.equal(calls.size, 8);
  for (const events of calls.values()) assert.equal(new Set(events.map(({ operation }) => operation)).size, 1);
  const [first] = calls.values();
  assert.deepEqual(first.map(({ type }) => type), ["request", "response", "retry", "request", "response", "deprecated"]);
});

test("durationMs is how long the response took, its body included", async () => {
  const body = new ReadableStream({
    async start(controller) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      controller.enqueue(new TextEncoder().encode('{"success":true,"data":{}}'));
      controller.close();
    },
  });
  const { client, events } = listening(() => new Response(body));
  await client.getUser(7);
  assert.ok(events[1].durationMs >= 55 && events[1].durationMs < 1_000, `${events[1].durationMs}`);
});

test("a retry has its reason and its wait", async () => {
  const { client, events } = listening((_, number) => (number === 1 ? respond(503, { success: false, error: "Service is away" }, fast) : number === 2 ? Promise.reject(new TypeError("lost")) : good()));
  await client.getUserPermissions(7);
  assert.deepEqual(events.map(short), [
    ["request", "getUserPermissions", 1, 10, undefined], ["response", "getUserPermissions", 1, 10, 503], ["retry", "getUserPermissions", 1, 10, 503],
    ["request", "getUserPermissions", 2, 10, undefined], ["response", "getUserPermissions", 2, 10, undefined], ["retry", "getUserPermissions", 2, 10, undefined],
    ["request", "getUserPermissions", 3, 10, undefined], ["response", "getUserPermissions", 3, 10, 200],
  ]);
  const [first, second] = events.filter(({ type }) => type === "retry");
  assert.equal(first.durationMs, 0);
  assert.match(first.text, /503.*Service is away/);
  assert.ok(second.durationMs >= 750 && second.durationMs <= 1_000, `${second.durationMs}`);
  assert.match(second.text, /lost/);
});

test("each call that shares a request has an event", async () => {
  const { client, events } = listening(async () => (await settle(1), good()));
  await Promise.all([1, 2, 3].map(() => client.getCurrentUser()));
  assert.deepEqual(events.map(short).sort(), [["request", "getCurrentUser", 1, 2, undefined], ["response", "getCurrentUser", 1, 2, 200], ["shared", "getCurrentUser", 0, 2, undefined], ["shared", "getCurrentUser", 0, 2, undefined]]);
});

test("a limit that is hit, the pause after it, and a call that is refused by the client", async (t) => {
  const pass = stopClock(t);
  const { client, events, lines } = listening((_, number) => (number === 1 ? respond(429, { success: false, error: "rate limit exceeded" }, { "retry-after": "3" }) : good()), { dailyTokenBudget: 4, maxConcurrency: 1, logLevel: "debug" });
  const calls = [client.getUser(1), client.getUser(2)];
  await pass(3_000);
  await Promise.all(calls);
  await rejection(client.getUser(3));
  const limited = events.filter(({ type }) => type === "limited");
  assert.deepEqual(limited.map(short), [["limited", "getUser", 1, 2, 429], ["limited", "getUser", 0, 2, undefined]]);
  assert.deepEqual(limited.map(({ durationMs }) => durationMs), [3_000, 12 * HOUR - 3_000]);
  assert.match(limited[0].text, /Too many calls/);
  assert.match(limited[1].text, /daily budget/);
  // The call that met the 429 has its pause as the wait of its retry.
  assert.deepEqual(events.filter(({ type }) => type === "retry").map(({ operation, durationMs }) => [operation, durationMs]), [["getUser", 3_000]]);
  const warnings = lines.filter(([level]) => level === "warn").map(([, line]) => line.split(". ")[0]);
  assert.deepEqual(warnings, ["[pipedrive-users] getUser: limited, status 429, lifted in 3000 ms", `[pipedrive-users] getUser: limited, lifted in ${12 * HOUR - 3_000} ms`]);
});

test("a call that waits for a free slot has one event, with the whole wait", async (t) => {
  const pass = stopClock(t);
  const { client, events } = listening(() => good({}, { "x-ratelimit-limit": "1", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2" }));
  await client.getUser(1);
  const call = client.getUser(2);
  await pass(2_001);
  await call;
  assert.deepEqual(events.filter(({ type }) => type === "wait").map((event) => [...short(event), event.durationMs]), [["wait", "getUser", 0, 2, undefined, 2_001]]);
});

test("a call that waits for the pause after another's 429 has one event too, however long it is", async (t) => {
  const pass = stopClock(t);
  const { client, events } = listening((_, number) => (number === 1 ? respond(429, "{}", { "retry-after": "40" }) : good()));
  await rejection(client.getUser(1, { maxRetries: 0 }));
  await pass(1_000);
  const call = client.getUser(2);
  await pass(39_000);
  await call;
  assert.deepEqual(events.filter(({ type }) => type === "wait").map((event) => [...short(event), event.durationMs]), [["wait", "getUser", 0, 2, undefined, 39_000]]);
});

test("drift is an event and a warning too", async () => {
  const { client, events, lines } = listening(() => good({ can_use_api: "yes" }), { onDrift() {} });
  await client.getUserPermissions(7);
  const drift = events.filter(({ type }) => type === "drift");
  assert.deepEqual(drift.map(({ operation, text }) => [operation, text]), [["getUserPermissions", "$.data.can_use_api: expected a boolean, found a string"]]);
  assert.deepEqual(lines.map(([level]) => level), ["warn"]);
});

// [what, headers, member, the text]
for (const [what, headers, more, text] of [
  ["deprecation_warning as a text", {}, { deprecation_warning: "This endpoint ends in 2027" }, /This endpoint ends in 2027/],
  ["the header Deprecation", { deprecation: "@1767225600" }, {}, /deprecated/],
  ["the header Sunset", { sunset: "Sat, 31 Dec 2027 23:59:59 GMT" }, {}, /Sat, 31 Dec 2027 23:59:59 GMT/],
  ["both headers", { deprecation: "true", sunset: "Sat, 31 Dec 2027 23:59:59 GMT" }, {}, /Sat, 31 Dec 2027 23:59:59 GMT/],
]) {
  test(`${what} is one warning per operation`, async () => {
    const { client, events, lines } = listening(({ path }) => good(/followers/.test(path) ? [] : {}, headers, more));
    await client.getUser(1);
    await client.getUser(2);
    await Promise.all([client.getUser(3), client.getUser(3)]);
    await client.getUserFollowers(1);
    const reported = events.filter(({ type }) => type === "deprecated");
    assert.deepEqual(reported.map(({ operation }) => operation), ["getUser", "getUserFollowers"]);
    for (const event of reported) assert.match(event.text, text);
    assert.deepEqual(lines.map(([level]) => level), ["warn", "warn"]);
    assert.match(lines[0][1], /getUser: deprecated/);
    assert.match(lines[0][1], text);
  });
}

/** What makes one event of each level. */
const noisy = (_, number) => (number === 1 ? respond(503, "{}", fast) : good({}, { sunset: "soon" }));

for (const [logLevel, levels] of Object.entries({ off: [], error: [], warn: ["warn"], info: ["info", "warn"], debug: ["debug", "info", "warn"] })) {
  test(`logLevel ${logLevel} lets through ${levels.join(", ") || "nothing"}`, async () => {
    const { client, lines } = listening(noisy, { logLevel });
    await client.getUser(7);
    assert.deepEqual([...new Set(lines.map(([level]) => level))].sort(), levels);
    for (const [, line, ...more] of lines) {
      assert.match(line, /^\[pipedrive-users\] getUser: \w+/);
      assert.deepEqual(more, []);
      assert.ok(!/undefined|NaN|\[object|\n/.test(line), line);
    }
  });
}

test("by default warnings go to the console, and nothing else does", async (t) => {
  const mocks = ["error", "warn", "info", "debug", "log"].map((name) => [name, t.mock.method(console, name, () => {})]);
  const { fetch } = scripted(noisy);
  await new UsersClient({ apiToken: SECRET, fetch }).getUser(7);
  assert.deepEqual(mocks.map(([name, { mock }]) => [name, mock.callCount()]), [["error", 0], ["warn", 1], ["info", 0], ["debug", 0], ["log", 0]]);
});

test("the lines of a call", async () => {
  const { client, lines } = listening(noisy, { logLevel: "debug" });
  await client.getUser(7);
  const texts = lines.map(([, line]) => line.replace(/\d+ ms/, "N ms"));
  assert.deepEqual(texts.map((line) => line.split(". ")[0]), [
    "[pipedrive-users] getUser: request",
    "[pipedrive-users] getUser: response, status 503, took N ms",
    "[pipedrive-users] getUser: retry, status 503, waits N ms",
    "[pipedrive-users] getUser: request, attempt 2",
    "[pipedrive-users] getUser: response, attempt 2, status 200, took N ms",
    "[pipedrive-users] getUser: deprecated",
  ]);
});

const fail = () => {
  throw new Error("the hook's own");
};

for (const [what, hook] of [["throw", fail], ["are async and reject", async () => fail()]]) {
  test(`hooks and loggers that ${what} break nothing`, async () => {
    const hooks = { onEvent: hook, onDrift: hook, logger: { error: hook, warn: hook, info: hook, debug: hook }, logLevel: "debug" };
    const { client } = listening((_, number) => (number === 1 ? respond(503, "{}", fast) : good({ id: "7" }, { sunset: "soon" })), hooks);
    const { data, response } = await client.getUser(7).withResponse();
    assert.deepEqual([data, response.attempts], [{ id: "7" }, 2]);
    assert.deepEqual(await Promise.all([client.getUser(8), client.getUser(8)]), [{ id: "7" }, { id: "7" }]);
    // An unhandled rejection would end the process: the runner makes it this test's failure.
    await settle();
  });
}

test("a hook may look at the client, make a call, abort one and close the client", async () => {
  for (const type of ["request", "response", "retry", "limited", "deprecated", "shared"]) {
    const failures = [() => respond(503, "{}", fast), () => respond(429, "{}", fast)];
    const { fetch } = scripted((_, number) => failures[number - 1]?.() ?? good({ id: 7 }, { sunset: "soon" }));
    const controller = new AbortController();
    let hooked = 0;
    let inner;
    const client = new UsersClient({
      apiToken: SECRET, fetch, logLevel: "off",
      onEvent(event) {
        if (event.type !== type || hooked++) return;
        assert.ok(client.usage.callsSent >= 0);
        assert.ok("limit" in client.rateLimit);
        inner = Promise.resolve(client.getUserPermissions(9));
        controller.abort("by the hook");
      },
    });
    const [aborted, other] = await Promise.allSettled([client.getUser(7, { signal: controller.signal }), client.getUser(7)].map((call) => Promise.resolve(call)));
    assert.deepEqual([aborted.status, other.status], ["rejected", "fulfilled"], type);
    assert.equal(aborted.reason, "by the hook");
    assert.deepEqual(await inner, { id: 7 });
  }
  for (const type of ["request", "response"]) {
    const { fetch } = scripted(() => good());
    const client = new UsersClient({ apiToken: SECRET, fetch, onEvent: (event) => event.type === type && client.close() });
    const errors = await Promise.all([rejection(client.getUser(1)), rejection(client.getUser(2))]);
    assert.deepEqual(errors.map(({ name }) => name), ["ConfigError", "ConfigError"]);
  }
});

test("a cancelled call has no further events", async () => {
  const { fetch, requests } = held();
  const { client, events } = listening({ fetch });
  const controller = new AbortController();
  const call = rejection(client.getUser(7, { signal: controller.signal }));
  await until(() => requests.length === 1);
  controller.abort("enough");
  await call;
  await settle();
  assert.deepEqual(events.map(({ type }) => type), ["request"]);
});

test("no event and no line holds a secret or a body", async () => {
  for (const credential of [{ apiToken: SECRET }, { apiToken: undefined, accessToken: SECRET }, { apiToken: undefined, accessToken: async () => SECRET }]) {
    const { client, events, lines } = listening(
      (_, number) =>
        [
          () => respond(503, { success: false, error: `no ${SECRET}` }, { ...fast, "x-echo": SECRET }),
          () => Promise.reject(new TypeError(`lost with ${SECRET}`)),
          () => good({ id: 7, name: BODY, [BODY]: 1 }, {}, { deprecation_warning: `ends, ${SECRET}` }),
          () => respond(429, { success: false, error: `rate ${SECRET}` }, fast),
        ][number - 1]?.() ?? respond(401, { success: false, error: `bad ${SECRET}` }),
      { ...credential, logLevel: "debug", onDrift() {} },
    );
    await client.getUser(7);
    await rejection(client.getUser(7));
    const text = JSON.stringify([events, lines]);
    assert.ok(events.length > 8 && lines.length >= events.length, text);
    assert.ok(!text.includes(SECRET), text);
    assert.ok(!JSON.stringify(events).includes(`"${BODY}"`), text);
  }
});
