// Random programs on one client, in virtual time: several users, any arrivals, aborts, faults and latencies, against a server that
// counts a rolling window. A failure prints the shortest program that it found, and a seed that repeats it.
//
// `SCENARIOS` is how many programs each property tries; `SEED` repeats a run.
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import fc from "fast-check";
import { isPipedriveError, UsersClient } from "pipedrive-users";
import { good, respond } from "./support/script.mjs";
import { virtualTime } from "./support/virtual-time.mjs";

const RUNS = { numRuns: Number(process.env.SCENARIOS ?? 5_000), ...(process.env.SEED && { seed: Number(process.env.SEED) }) };
const NOON = Date.UTC(2026, 10, 22, 12);
const WINDOW_MS = 2_000;

/** Who makes a call. One for all programs: Node.js 20 visits every storage there ever was whenever a promise is made. */
const user = new AsyncLocalStorage();

// The module is loaded before any clock is replaced.
await new UsersClient({ apiToken: "secret", fetch: async () => good() }).getUser(1);

const rejections = [];
process.on("unhandledRejection", (reason) => rejections.push(reason));

const latency = fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 0, max: 120 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 6_000 }) });
const call = fc.record({
  after: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 })),
  user: fc.integer({ min: 0, max: 2 }),
  method: fc.constantFrom("GET", "GET", "GET", "PUT", "POST"),
  id: fc.integer({ min: 1, max: 4 }),
  abortAfter: fc.option(fc.integer({ min: 0, max: 5_000 }), { freq: 5 }),
  maxRetries: fc.integer({ min: 0, max: 2 }),
});
const way = fc.record({
  there: latency,
  back: latency,
  fate: fc.oneof({ weight: 12, arbitrary: fc.constant("good") }, { weight: 5, arbitrary: fc.constantFrom("500", "503", "404", "401", "reset", "never", "nonsense", "429", "deaf") }),
});
const program = fc.record({
  limit: fc.integer({ min: 10, max: 14 }),
  calls: fc.array(call, { minLength: 1, maxLength: 40, size: "max" }),
  /** How fast calls are made. */
  pace: fc.constantFrom(0, 0, 1, 5, 30),
  ways: fc.array(way, { minLength: 1, maxLength: 12 }),
  tokenMs: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 })), { minLength: 1, maxLength: 5 }),
  maxConcurrency: fc.option(fc.integer({ min: 1, max: 12 }), { freq: 3 }),
  dailyTokenBudget: fc.option(fc.integer({ min: 0, max: 200 }), { freq: 6 }),
  timeoutMs: fc.constantFrom(1_000, 3_000, 30_000),
  closeAfter: fc.option(fc.integer({ min: 0, max: 8_000 }), { freq: 8 }),
  isAbortedInHook: fc.boolean(),
});

/** Runs a program, and returns what the server and the callers saw. */
async function play({ limit, calls, pace, ways, tokenMs, maxConcurrency, dailyTokenBudget, timeoutMs, closeAfter, isAbortedInHook }) {
  const clock = virtualTime(NOON);
  const [requests, outcomes, counted] = [[], [], []];
  const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  let [closed, most, inFlight, tokens, cancelled] = [Infinity, 0, 0, 0, 0];
  const lists = new Map();

  const fetch = async (url, { method, headers, signal }) => {
    const { there, back, fate } = ways[requests.length % ways.length];
    const [number, token] = [headers.get("x-call"), headers.get("authorization").slice(7)];
    const request = { number, token, method, fate, at: clock.now, isCounted: false, isOver: false, isLate: clock.now > closed || (lists.get(number)?.abortedAt ?? Infinity) < clock.now };
    requests.push(request);
    most = Math.max(most, ++inFlight);
    let abortedAt = Infinity;
    const ended = () => void (request.isOver ||= (inFlight--, true));
    const aborted = new Promise((_, reject) =>
      signal.addEventListener("abort", () => {
        abortedAt = clock.now;
        ended();
        if (fate !== "deaf") reject(signal.reason);
      }),
    );
    const response = async () => {
      if (fate === "never") await new Promise(() => {});
      await sleep(there);
      const inWindow = () => counted.filter((at) => at > clock.now - WINDOW_MS).length;
      const limits = () => ({ "x-ratelimit-limit": `${limit}`, "x-ratelimit-remaining": `${Math.max(limit - inWindow(), 0)}`, "x-ratelimit-reset": "2" });
      // Another program with the token has used it up.
      if (fate === "429") return respond(429, { success: false, error: "rate limit" }, { ...limits(), "retry-after": "1" });
      // What was given up arrives within two seconds, or never.
      if (clock.now > abortedAt + WINDOW_MS) return await new Promise(() => {});
      request.isCounted = true;
      counted.push(clock.now);
      const reported = limits();
      await sleep(back);
      if (fate === "reset") throw new TypeError("fetch failed", { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) });
      if (fate === "nonsense") return respond(200, "<html>", reported);
      return /^\d/.test(fate) ? respond(Number(fate), { success: false, error: fate }, reported) : good({ id: Number(url.split("/").at(-1)) || 99, owner: token }, reported);
    };
    return Promise.race([response(), aborted]).finally(ended);
  };
  const client = new UsersClient({
    logLevel: "off",
    fetch,
    timeoutMs,
    maxConcurrency: maxConcurrency ?? undefined,
    dailyTokenBudget: dailyTokenBudget ?? undefined,
    accessToken: async ({ refused }) => {
      await sleep(tokenMs[tokens++ % tokenMs.length]);
      return `token-of-${user.getStore()}${refused === undefined ? "" : "-again"}`;
    },
    onEvent: ({ type, callId }) => isAbortedInHook && type === "request" && callId % 5 === 0 && lists.get(`${callId}`)?.abort(),
  });
  let settled = 0;
  for (const [index, { after, method, id, abortAfter, maxRetries, user: name }] of calls.entries()) {
    await clock.run(clock.now + after * pace);
    const controller = new AbortController();
    const entry = { controller, abort: () => ((entry.abortedAt ??= clock.now), controller.abort(entry)), user: name, id, method };
    lists.set(`${index}`, entry);
    const options = { signal: controller.signal, maxRetries, headers: { "x-call": `${index}` } };
    const made = user.run(name, () => (method === "GET" ? client.getUser(id, options) : method === "PUT" ? client.updateUser(id, { active_flag: true }, options) : client.addUser({ email: "q@mi6.example" }, options)));
    made.then((data) => (outcomes[index] = { data }), (error) => (outcomes[index] = { error })).finally(() => settled++);
    if (abortAfter !== null) setTimeout(entry.abort, abortAfter);
    if (closeAfter !== null && index === 0) setTimeout(() => (client.close(), (closed = clock.now)), closeAfter);
  }
  await clock.run();
  clock.restore();
  cancelled = [...lists.values()].filter(({ abortedAt }) => abortedAt !== undefined).length;
  return { requests, outcomes, counted, most, settled, lists, cancelled, client };
}

test(`${RUNS.numRuns} random programs: everything ends, and nothing is over a limit, sent after the end, or another's`, { timeout: 3_600_000 }, async () => {
  const seen = { requests: 0, aborted: 0, errors: new Set() };
  await fc.assert(
    fc.asyncProperty(program, async (setup) => {
      const { requests, outcomes, counted, most, settled, lists, cancelled, client } = await play(setup);
      seen.requests += requests.length;
      seen.aborted += cancelled;
      assert.equal(settled, setup.calls.length, "each call settles");
      for (const [index, { error, data }] of outcomes.entries()) {
        const { user, id, method } = lists.get(`${index}`);
        if (error) {
          assert.ok(isPipedriveError(error) || error === lists.get(`${index}`), `a typed error or the caller's reason, not ${error}`);
          seen.errors.add(error.kind ?? "aborted");
        } else {
          assert.match(data.owner, new RegExp(`^token-of-${user}(-again)?$`), "no other user's record");
          assert.equal(data.id, method === "POST" ? 99 : id, "the record that was asked for");
        }
      }
      for (const { number, token, isLate } of requests) {
        assert.equal(token.replace("-again", ""), `token-of-${lists.get(number).user}`, "no other user's token");
        assert.ok(!isLate, `call ${number} was sent after its end`);
      }
      for (const [index, { method }] of setup.calls.entries()) {
        const own = requests.filter(({ number }) => number === `${index}`);
        if (method === "POST") assert.ok(own.filter(({ isCounted, fate }) => isCounted && fate !== "401").length <= 1, "a person is invited once");
      }
      const inTime = counted.sort((one, other) => one - other);
      const over = inTime.findIndex((at, index) => inTime[index + setup.limit] - at < WINDOW_MS);
      assert.equal(over, -1, `${setup.limit + 1} calls in ${inTime[over + setup.limit] - inTime[over]} ms`);
      assert.ok(most <= Math.max(setup.maxConcurrency ?? setup.limit, 1), `${most} in flight at once`);
      if (setup.dailyTokenBudget !== null) assert.ok(client.usage.tokensSpent <= setup.dailyTokenBudget, `${client.usage.tokensSpent} of ${setup.dailyTokenBudget} spent`);
    }),
    RUNS,
  );
  assert.deepEqual(rejections, [], "unhandled rejections");
  // They are not all of one kind.
  if (RUNS.numRuns >= 1_000) assert.ok(seen.errors.size >= 7 && seen.aborted > RUNS.numRuns / 10 && seen.requests > RUNS.numRuns, JSON.stringify({ ...seen, errors: [...seen.errors] }));
});
