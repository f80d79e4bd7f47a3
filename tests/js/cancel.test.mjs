// A call can be cancelled wherever it is: it then holds nothing any more, and the other calls continue.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { after, test } from "node:test";
import { UsersClient } from "pipedrive-users";
import { runScript } from "./support/child.mjs";
import { stopClock } from "./support/clock.mjs";
import { good, held, respond, scripted } from "./support/script.mjs";
import { ENDS as SCENARIOS } from "./support/everywhere/ends.mjs";
import { testEach } from "./support/node-world.mjs";
import { serve, success } from "./support/server.mjs";
import { deferred, rejection, settle, until } from "./support/wait.mjs";

// The module is loaded before any clock is stopped.
await new UsersClient({ apiToken: "secret", fetch: async () => good() }).getUser(1);

let handler;
const server = await serve((...all) => handler(...all));
after(() => server.close());
const newClient = (config) => new UsersClient({ apiToken: "secret", baseUrl: server.url, ...config });

const unhandled = [];
const warnings = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));
process.on("warning", ({ name, message }) => name !== "ExperimentalWarning" && warnings.push(`${name}: ${message}`));
after(() => assert.deepEqual([unhandled, warnings], [[], []]));

const REASONS = { "an Error": new Error("the user left"), "a text": "the user left", "an object": { code: 7 }, null: null, zero: 0 };

// Each brings a call to a point where it is aborted; `check` is what must be true afterwards.
const POINTS = {
  async "before the start"(controller, reason) {
    const { fetch, requests } = held();
    let count = 0;
    const client = newClient({ fetch, apiToken: async () => (count++, "secret") });
    controller.abort(reason);
    return { call: client.getUser(7, { signal: controller.signal }), check: () => assert.deepEqual([requests.length, count], [0, 0]) };
  },
  async "in the queue"(controller) {
    const { fetch, requests } = held();
    const client = newClient({ fetch, maxConcurrency: 1 });
    const other = client.getUser(1);
    const call = client.getUser(2, { signal: controller.signal });
    await until(() => requests.length === 1);
    const check = async () => {
      requests[0].give();
      await other;
      await settle();
      assert.equal(requests.length, 1);
    };
    return { call, check };
  },
  async "while the credential function runs"(controller) {
    const { fetch, requests } = held();
    const called = deferred();
    const token = deferred();
    const client = newClient({ fetch, apiToken: () => (called.resolve(), token.promise) });
    const call = client.getUser(7, { signal: controller.signal });
    await called.promise;
    const check = async () => {
      // The call is over: a failure of its token now must not become an unhandled rejection.
      token.reject(new Error("too late"));
      await settle();
      assert.equal(requests.length, 0);
    };
    return { call, check };
  },
  async "in flight"(controller) {
    const closed = deferred();
    const arrived = deferred();
    handler = (_, response) => (arrived.resolve(), response.once("close", closed.resolve));
    const call = newClient().getUser(7, { signal: controller.signal });
    await arrived.promise;
    return { call, check: () => closed.promise };
  },
  async "while the body streams"(controller) {
    const closed = deferred();
    const received = deferred();
    handler = (_, response) => {
      response.once("close", closed.resolve);
      response.writeHead(200, { "content-type": "application/json" }).write('{"success":true,');
    };
    const fetch = async (...all) => {
      const response = await globalThis.fetch(...all);
      received.resolve();
      return response;
    };
    const call = newClient({ fetch }).getUser(7, { signal: controller.signal });
    await received.promise;
    await settle();
    return { call, check: () => closed.promise };
  },
  async "while it waits to be sent again"(controller, _, t) {
    const { fetch, requests } = scripted(() => respond(503, "{}", { "retry-after": "30" }));
    const waits = deferred();
    const client = newClient({ fetch, onEvent: ({ type }) => type === "retry" && waits.resolve() });
    const pass = stopClock(t);
    const call = client.getUser(7, { signal: controller.signal });
    await waits.promise;
    const check = async () => {
      await pass(60_000);
      assert.equal(requests.length, 1);
      pass.restart();
    };
    return { call, check };
  },
  async "while it waits for the burst window"(controller, _, t) {
    const { fetch, requests } = scripted(() => good({}, { "x-ratelimit-limit": "1", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2" }));
    const waits = deferred();
    const client = newClient({ fetch, onEvent: ({ type }) => type === "wait" && waits.resolve() });
    const pass = stopClock(t);
    await client.getUser(1);
    const call = client.getUser(7, { signal: controller.signal });
    await waits.promise;
    const check = async () => {
      await pass(10_000);
      assert.equal(requests.length, 1);
      pass.restart();
    };
    return { call, check };
  },
  async "between two pages"(controller, reason) {
    const { fetch, requests } = scripted(() => good([{ user_id: 1 }, { user_id: 2 }], {}, { additional_data: { next_cursor: "b" } }));
    const items = [];
    const read = async () => {
      for await (const { user_id } of newClient({ fetch }).getUserFollowers(7, { signal: controller.signal })) {
        items.push(user_id);
        if (items.length === 2) controller.abort(reason);
      }
    };
    return { call: read(), abort: () => undefined, check: () => assert.deepEqual([items, requests.length], [[1, 2], 1]) };
  },
  async "while the second page is in flight"(controller) {
    const { fetch, requests } = held();
    const call = newClient({ fetch }).getUserFollowers(7, { signal: controller.signal }).toArray({ limit: 10 });
    await until(() => requests.length === 1);
    requests[0].give(good([{ user_id: 1 }], {}, { additional_data: { next_cursor: "b" } }));
    await until(() => requests.length === 2);
    return { call, check: async () => (await settle(), assert.equal(requests[1].signal.aborted, true)) };
  },
};

for (const [point, prepare] of Object.entries(POINTS)) {
  test(`a call is cancelled ${point}, with the signal's own reason`, { timeout: 10_000 }, async (t) => {
    for (const [what, reason] of Object.entries(REASONS)) {
      const controller = new AbortController();
      const { call, check, abort = () => controller.abort(reason) } = await prepare(controller, reason, t);
      const rejected = rejection(call);
      abort();
      assert.strictEqual(await rejected, reason, what);
      await check();
      assert.equal(getEventListeners(controller.signal, "abort").length, 0);
    }
  });
}

test("without a reason of the caller's it is the platform's AbortError, and AbortSignal.timeout's TimeoutError", async () => {
  const { fetch } = held();
  const controller = new AbortController();
  const call = rejection(newClient({ fetch }).getUser(7, { signal: controller.signal }));
  controller.abort();
  const reason = await call;
  assert.strictEqual(reason, controller.signal.reason);
  assert.deepEqual([reason instanceof DOMException, reason.name], [true, "AbortError"]);
  const signal = AbortSignal.timeout(5);
  const timedOut = await rejection(newClient({ fetch }).getUser(7, { signal }));
  assert.strictEqual(timedOut, signal.reason);
  assert.deepEqual([timedOut instanceof DOMException, timedOut.name], [true, "TimeoutError"]);
});

test("withResponse() is cancelled alike", async () => {
  const { fetch, requests } = held();
  const controller = new AbortController();
  const call = rejection(newClient({ fetch }).getUser(7, { signal: controller.signal }).withResponse());
  await until(() => requests.length === 1);
  controller.abort("enough");
  assert.equal(await call, "enough");
});

test("a cancelled call affects no other, and its place is free at once", async () => {
  const { fetch, requests } = held();
  const client = newClient({ fetch, maxConcurrency: 2 });
  const controller = new AbortController();
  const aborted = rejection(client.getUser(1, { signal: controller.signal }));
  const others = [2, 3, 4].map((id) => client.getUser(id));
  await until(() => requests.length === 2);
  controller.abort("one of them");
  assert.equal(await aborted, "one of them");
  await until(() => requests.length === 3, "the next call to take the place");
  requests[1].give(good({ id: 2 }));
  requests[2].give(good({ id: 3 }));
  await until(() => requests.length === 4);
  requests[3].give(good({ id: 4 }));
  assert.deepEqual((await Promise.all(others)).map(({ id }) => id), [2, 3, 4]);
  assert.deepEqual(requests.map(({ signal }) => signal.aborted), [true, false, false, false]);
});

test("one signal cancels all calls that have it, of one client and of several", async () => {
  const { fetch, requests } = held();
  const controller = new AbortController();
  const clients = Array.from({ length: 3 }, () => newClient({ fetch }));
  const calls = clients.flatMap((client) => [1, 2, 3].map((id) => rejection(client.getUser(id, { signal: controller.signal }))));
  await until(() => requests.length === 9);
  controller.abort("all");
  assert.deepEqual(await Promise.all(calls), Array(9).fill("all"));
  await settle();
  assert.ok(requests.every(({ signal }) => signal.aborted));
});

test("an abort after the end changes nothing", async () => {
  const controller = new AbortController();
  const { fetch, requests } = scripted(() => good({ id: 7 }));
  const client = newClient({ fetch });
  assert.deepEqual(await client.getUser(7, { signal: controller.signal }), { id: 7 });
  controller.abort();
  await settle();
  assert.equal(requests[0].signal.aborted, false);
  assert.deepEqual(await client.getUser(8), { id: 7 });
});

test("a fetch that ignores its signal holds up no cancelled call, and what it does later has no effect", async () => {
  for (const late of [(outcome) => outcome.reject(new Error("too late")), (outcome) => outcome.resolve(good())]) {
    const outcome = deferred();
    const called = deferred();
    const controller = new AbortController();
    const call = rejection(newClient({ fetch: () => (called.resolve(), outcome.promise) }).getUser(7, { signal: controller.signal }));
    await called.promise;
    controller.abort("enough");
    assert.equal(await call, "enough");
    late(outcome);
    await settle();
  }
});

// The server sends something all the time, and never the end.
for (const [what, write] of Object.entries({
  "stalls in the body": (response) => response.write('{"success":'),
  "drips the body": (response) => {
    const timer = setInterval(() => response.write(" "), 20);
    response.once("close", () => clearInterval(timer));
  },
})) {
  test(`timeoutMs covers the body: the server ${what}`, { timeout: 10_000 }, async () => {
    const closed = deferred();
    handler = (_, response) => {
      response.once("close", closed.resolve);
      response.writeHead(200, { "content-type": "application/json" });
      response.flushHeaders();
      write(response);
    };
    const started = Date.now();
    const error = await rejection(newClient({ timeoutMs: 150, maxRetries: 0 }).getUser(7));
    const took = Date.now() - started;
    assert.deepEqual([error.name, error.kind, error.attempts], ["TimeoutError", "timeout", 1]);
    assert.ok(took >= 145 && took < 2_000, `${took} ms`);
    await closed.promise;
  });
}

test("timeoutMs is for each attempt", async () => {
  let arrived = 0;
  handler = (_, response) => (++arrived < 3 ? undefined : success({ id: 7 })(_, response));
  const { response } = await newClient({ timeoutMs: 30_000 }).getUser(7, { timeoutMs: 60 }).withResponse();
  assert.deepEqual([arrived, response.attempts], [3, 3]);
});

/** A signal that counts the listeners that are added and removed. */
function counted() {
  const { signal } = new AbortController();
  const counts = { added: 0, removed: 0, most: 0 };
  for (const [name, key] of [["addEventListener", "added"], ["removeEventListener", "removed"]]) {
    signal[name] = function (...all) {
      counts[key]++;
      const result = AbortSignal.prototype[name].apply(this, all);
      counts.most = Math.max(counts.most, getEventListeners(this, "abort").length);
      return result;
    };
  }
  return { signal, counts };
}

test("10 000 calls on one signal leave no listener", { timeout: 60_000 }, async () => {
  const { signal, counts } = counted();
  const { fetch, requests } = scripted(({ path }) => (path.endsWith("7") ? respond(404, { success: false, error: "no" }) : good()));
  const client = newClient({ fetch });
  for (let done = 0; done < 10_000; done += 50) {
    await Promise.allSettled(Array.from({ length: 50 }, (_, index) => client.getUser(done + index + 1, { signal })));
  }
  assert.equal(requests.length, 10_000);
  assert.equal(getEventListeners(signal, "abort").length, 0);
  assert.equal(counts.added, counts.removed);
  assert.ok(counts.added >= 1 && counts.most === 1, JSON.stringify(counts));
  await settle();
  assert.deepEqual(warnings, []);
});

for (const [what, clients] of [["200 calls at once of one client", 1], ["200 calls at once of 50 clients", 50]]) {
  test(`${what} on one signal raise no warning and leave no listener`, async () => {
    const before = warnings.length;
    const { signal } = new AbortController();
    const { fetch, requests } = held();
    const all = Array.from({ length: clients }, () => newClient({ fetch, maxConcurrency: 200 }));
    // More than ten are in flight only after a first response.
    const first = all.map((client) => client.getCurrentUser());
    await until(() => requests.length === clients);
    requests.splice(0).forEach(({ give }) => give());
    await Promise.all(first);
    const calls = Array.from({ length: 200 }, (_, index) => all[index % clients].getUser(index + 1, { signal }));
    await until(() => requests.length === 200);
    await settle();
    requests.forEach(({ give }) => give());
    await Promise.all(calls);
    assert.equal(getEventListeners(signal, "abort").length, 0);
    assert.deepEqual(warnings.splice(before), []);
  });
}

testEach(SCENARIOS);

test("a fetch that settles after close() changes nothing any more", async () => {
  for (const settles of ["resolves", "rejects"]) {
    const late = deferred();
    const events = [];
    const client = newClient({ fetch: () => late.promise, logLevel: "off", onEvent: ({ type }) => events.push(type) });
    const reason = rejection(client.getUser(7));
    await until(() => events.length === 1);
    client.close();
    assert.match((await reason).message, /closed by close\(\)/);
    await settle();
    const { usage, rateLimit } = client;
    if (settles === "resolves") late.resolve(good({}, { "x-ratelimit-limit": "20", "x-ratelimit-remaining": "1" }));
    else late.reject(new TypeError("fetch failed"));
    await settle();
    assert.deepEqual([client.usage, client.rateLimit, events], [usage, rateLimit, ["request"]], settles);
    assert.equal((await rejection(client.getUser(8))).kind, "config");
  }
});

// What aborts or closes at a moment when the next request is about to be sent.
const ENDS = { "aborts its call": ({ controller }) => controller.abort("enough"), "closes the client": ({ client }) => client.close() };

for (const [what, end] of Object.entries(ENDS)) {
  test(`nothing is sent where a hook ${what} as the request is about to be sent`, async () => {
    for (const name of ["addUser", "getUser"]) {
      const { fetch, requests } = scripted(() => good());
      const context = { controller: new AbortController() };
      context.client = newClient({ fetch, logLevel: "off", onEvent: ({ type }) => type === "request" && end(context) });
      const reason = await rejection(context.client[name](name === "getUser" ? 7 : { email: "q@mi6.example" }, { signal: context.controller.signal }));
      assert.ok(reason === "enough" || reason.name === "ConfigError", String(reason));
      await settle();
      assert.deepEqual([requests.length, context.client.usage.callsSent, context.client.usage.tokensSpent], [0, 0, 0], name);
    }
  });

  test(`nothing is sent where the credential function ${what}, or its token comes in the same tick`, async () => {
    for (const tick of ["within", "before", "after"]) {
      const { fetch, requests } = scripted(() => good());
      const token = deferred();
      const context = { controller: new AbortController() };
      let count = 0;
      const apiToken = async () => {
        count++;
        if (tick === "within") end(context);
        return tick === "within" ? "secret" : token.promise;
      };
      context.client = newClient({ fetch, apiToken });
      const reason = rejection(context.client.addUser({ email: "q@mi6.example" }, { signal: context.controller.signal }));
      await until(() => count === 1);
      if (tick === "before") end(context);
      token.resolve("secret");
      if (tick === "after") end(context);
      await reason;
      await settle();
      assert.deepEqual([requests.length, context.client.usage.callsSent], [0, 0], tick);
    }
  });

  test(`nothing is sent where a hook ${what} after a failed attempt`, async (t) => {
    for (const type of ["response", "retry", "limited"]) {
      const pass = stopClock(t);
      const { fetch, requests } = scripted(() => respond(429, { success: false, error: "rate limit exceeded" }, { "retry-after": "1" }));
      const context = { controller: new AbortController() };
      const events = [];
      context.client = newClient({ fetch, logLevel: "off", onEvent: (event) => (events.push(event.type), event.type === type && end(context)) });
      const reason = rejection(context.client.updateUser(7, { active_flag: false }, { signal: context.controller.signal }));
      await pass(30_000);
      await reason;
      assert.equal(requests.length, 1, type);
      assert.equal(events.at(-1), type, "the call emits nothing after it is over");
      pass.restart();
    }
  });

  test(`nothing is sent after it where the caller ${what} between a timed-out attempt and its retry, however late that attempt's fetch settles`, async (t) => {
    for (const late of [1, 200, 450]) {
      for (const settles of ["rejects", "resolves"]) {
        const pass = stopClock(t);
        const events = [];
        let count = 0;
        const fetch = (_, { signal }) => {
          count++;
          return new Promise((resolve, reject) => signal.addEventListener("abort", () => setTimeout(() => (settles === "rejects" ? reject(signal.reason) : resolve(good())), late)));
        };
        const context = { controller: new AbortController() };
        context.client = newClient({ fetch, timeoutMs: 100, logLevel: "off", onEvent: ({ type }) => events.push(type) });
        const reason = rejection(context.client.updateUser(7, { active_flag: false }, { signal: context.controller.signal }));
        await pass(250);
        assert.deepEqual([count, events], [1, ["request", "response", "retry"]]);
        end(context);
        await reason;
        const { usage } = context.client;
        await pass(30_000);
        assert.deepEqual([count, events.length, context.client.usage], [1, 3, usage], `${settles} ${late} ms after the abort`);
        pass.restart();
      }
    }
  });

  test(`the second attempt is aborted where the caller ${what}, also after the first one's fetch has settled late`, async (t) => {
    const pass = stopClock(t);
    const signals = [];
    const fetch = (_, { signal }) => new Promise((_, reject) => (signals.push(signal), signal.addEventListener("abort", () => setTimeout(() => reject(signal.reason), 900))));
    const context = { controller: new AbortController() };
    context.client = newClient({ fetch, timeoutMs: 1_000 });
    const reason = rejection(context.client.updateUser(7, { active_flag: false }, { signal: context.controller.signal }));
    await pass(2_100);
    assert.deepEqual(signals.map(({ aborted }) => aborted), [true, false]);
    end(context);
    await reason;
    await settle();
    assert.equal(signals[1].aborted, true);
    await pass(10_000);
    assert.equal(signals.length, 2);
  });
}

test("however its calls ended, a process ends by itself at once", { timeout: 30_000 }, async () => {
  const { outcomes, left, took } = await runScript(`
    import { createServer } from "node:http";
    const { UsersClient } = await import("pipedrive-users");
    const server = createServer((request, response) => {
      if (request.url.endsWith("/1")) response.end('{"success":true,"data":{}}');
      if (request.url.endsWith("/2")) response.writeHead(404).end("{}");
      if (request.url.endsWith("/4")) response.writeHead(503, { "retry-after": "50" }).end("{}");
      if (request.url.endsWith("/6")) response.writeHead(200, { "x-ratelimit-limit": "1", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "55" }).end('{"success":true,"data":{}}');
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const baseUrl = "http://127.0.0.1:" + server.address().port;
    const make = (config) => new UsersClient({ baseUrl, timeoutMs: 60_000, logLevel: "off", ...config });
    const client = make();
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = make({ onEvent: ({ type }) => type === "wait" && controller.abort("over") });
    await waiting.getUser(6);
    const closing = make();
    const calls = [
      client.getUser(1), client.getUser(2), client.getUser(3, { timeoutMs: 50, maxRetries: 0 }), client.getUser(4, { signal }), client.getUser(5, { signal }),
      closing.getUser(5), make({ baseUrl: "http://127.0.0.1:1" }).getUser(1, { maxRetries: 0 }), make({ accessToken: async () => "" }).getUser(1),
    ];
    const settled = Promise.allSettled(calls.map((call) => Promise.resolve(call)));
    await calls[2].catch(() => undefined);
    const last = waiting.getUser(5, { signal }).catch((reason) => reason);
    await last;
    closing.close();
    const outcomes = (await settled).map(({ status, reason }) => reason?.name ?? reason ?? status);
    server.close();
    server.closeAllConnections();
    const ended = Date.now();
    await new Promise((resolve) => setImmediate(resolve));
    const left = process.getActiveResourcesInfo().filter((name) => name === "Timeout");
    process.once("exit", () => console.log(JSON.stringify({ outcomes, left, took: Date.now() - ended })));
  `);
  assert.deepEqual(outcomes, ["fulfilled", "NotFoundError", "TimeoutError", "over", "over", "ConfigError", "ConnectionError", "AuthenticationError"]);
  assert.deepEqual(left, []);
  assert.ok(took < 3_000, `${took} ms`);
});

test("close() aborts calls wherever they are, and refuses later ones", async () => {
  const token = deferred();
  const { fetch, requests } = held();
  const client = newClient({ fetch, maxConcurrency: 2, onEvent: ({ type }) => type === "retry" && retrying.resolve() });
  const retrying = deferred();
  const waits = newClient({ fetch, apiToken: () => token.promise });
  const first = rejection(client.getUser(1));
  await until(() => requests.length === 1);
  requests[0].give(respond(503, "{}", { "retry-after": "30" }));
  await retrying.promise;
  const calls = [first, ...[2, 3, 4].map((id) => rejection(client.getUser(id))), rejection(client.getUserFollowers(5).toArray({ limit: 5 })), rejection(waits.getUser(6))];
  await until(() => requests.length === 3);
  const signals = requests.slice(1).map(({ signal }) => signal);
  client.close();
  waits.close();
  for (const error of await Promise.all(calls)) {
    assert.deepEqual([error.name, error.kind], ["ConfigError", "config"]);
    assert.match(error.message, /close\(\)/);
  }
  await settle();
  assert.deepEqual(signals.map(({ aborted }) => aborted), [true, true]);
  assert.equal(requests.length, 3);
  client.close();
  const error = await rejection(client.getUser(1));
  assert.deepEqual([error.name, error.operation], ["ConfigError", "getUser"]);
  assert.equal(requests.length, 3);
  assert.equal(client.usage.callsSent, 3);
});

test("the connection of an attempt is closed before the next one is opened", async () => {
  const ends = {
    "a body that is too large and goes on": () => new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(4096)) }), { status: 503, headers: { "retry-after": "0" } }),
    "a body that is cut off": () => new Response(new ReadableStream({ start: (controller) => controller.error(new TypeError("terminated")) }), { status: 503, headers: { "retry-after": "0" } }),
    "a rejection": () => Promise.reject(new TypeError("fetch failed")),
  };
  for (const [what, end] of Object.entries(ends)) {
    const log = [];
    let number = 0;
    const fetch = async (_, { signal }) => {
      const attempt = ++number;
      log.push(`open ${attempt}`);
      signal.addEventListener("abort", () => log.push(`close ${attempt}`));
      return attempt === 1 ? end() : good({ id: 7 });
    };
    const onEvent = ({ type, attempt }) => ["request", "retry"].includes(type) && log.push(`${type} ${attempt}`);
    const client = new UsersClient({ apiToken: "secret", fetch, logLevel: "off", maxBodyBytes: 1024, maxConcurrency: 1, onEvent });
    assert.deepEqual(await client.getUser(1), { id: 7 }, what);
    assert.deepEqual(log.slice(0, 6), ["request 1", "open 1", "close 1", "retry 1", "request 2", "open 2"], what);
  }
});

test("a call ends with its signal, also where an AbortController of the program throws", async () => {
  const { outcome, uncaught } = await runScript(`
    const { UsersClient } = await import("pipedrive-users");
    const uncaught = [];
    process.on("uncaughtException", ({ message }) => uncaught.push(message));
    const controller = new AbortController();
    globalThis.AbortController = class extends AbortController {
      abort() {
        throw new Error("it cannot be aborted");
      }
    };
    const client = new UsersClient({ apiToken: "secret", fetch: () => new Promise(() => {}) });
    const call = client.getUser(1, { signal: controller.signal }).then(() => "responded", (reason) => reason);
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort("enough");
    const outcome = await Promise.race([call, new Promise((resolve) => setTimeout(resolve, 500, "waits on"))]);
    console.log(JSON.stringify({ outcome, uncaught }));
    process.exit();
  `);
  assert.equal(outcome, "enough");
});
