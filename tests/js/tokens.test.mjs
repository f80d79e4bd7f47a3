// Credential functions: called for every call in that call's own async context, never shared between calls, once more
// after a 401. And `cachedToken`, which makes one of them for one identity.
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { inspect } from "node:util";
import { cachedToken, UsersClient } from "pipedrive-users";
import { stopClock } from "./support/clock.mjs";
import { good, held, respond, scripted } from "./support/script.mjs";
import { deferred, rejection, settle, until } from "./support/wait.mjs";

// The module is loaded before any clock is stopped.
await new UsersClient({ apiToken: "secret", fetch: async () => good() }).getUser(1);

const unhandled = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));

const newClient = (config) => new UsersClient({ baseUrl: "https://proxy.example", logLevel: "off", ...config });
const unauthorized = () => respond(401, { success: false, error: "unauthorized access", errorCode: 401 });
const KINDS = { apiToken: ({ "x-api-token": token }) => token, accessToken: ({ authorization }) => authorization?.replace(/^Bearer /, "") };

/** A server that accepts one token, and a function that returns the given ones in turn. */
function tokens(valid, ...given) {
  const requests = [];
  const server = scripted(({ headers }) => (headers.authorization === `Bearer ${valid}` ? good({ id: 7 }) : unauthorized()));
  const accessToken = async (request) => {
    requests.push(request);
    await settle(1);
    return given[Math.min(requests.length, given.length) - 1];
  };
  return { server, requests, accessToken };
}

for (const [kind, sent] of Object.entries(KINDS)) {
  test(`an ${kind} function is called for each call and not for its retries, and its token is sent in that kind's header`, async () => {
    let count = 0;
    const { fetch, requests } = scripted((_, number) => (number < 3 ? respond(503, "{}", { "retry-after": "0" }) : good()));
    const client = newClient({ fetch, [kind]: async () => `secret-${++count}` });
    assert.equal(count, 0, "not before the first call");
    const { response } = await client.getUser(7).withResponse();
    assert.deepEqual([response.attempts, count], [3, 1]);
    assert.deepEqual(requests.map(({ headers }) => sent(headers)), ["secret-1", "secret-1", "secret-1"]);
    await client.getUser(7);
    assert.deepEqual([sent(requests[3].headers), count], ["secret-2", 2]);
  });

  test(`an ${kind} function is called once more after a 401, with the refused token, and the call is sent once more, outside maxRetries`, async () => {
    for (const maxRetries of [0, 2]) {
      const refused = [];
      const { fetch, requests } = scripted(({ headers }) => (sent(headers) === "secret-2" ? good({ id: 7 }) : unauthorized()));
      const { data, response } = await newClient({ fetch, maxRetries, [kind]: async (request) => `secret-${refused.push(request.refused)}` }).getUser(7).withResponse();
      assert.deepEqual([data, response.attempts, refused], [{ id: 7 }, 2, [undefined, "secret-1"]]);
      assert.deepEqual(requests.map(({ headers }) => sent(headers)), ["secret-1", "secret-2"]);
    }
  });
}

test("1 000 calls at once call the function 1 000 times, and each is sent with its own token", async () => {
  let count = 0;
  const { fetch, requests } = scripted(async () => (await settle(1), good()));
  const client = newClient({ fetch, maxConcurrency: 1_000, accessToken: async () => (await settle(1), `secret-${++count}`) });
  await Promise.all(Array.from({ length: 1_000 }, (_, index) => client.getUser(index + 1)));
  assert.deepEqual([count, requests.length], [1_000, 1_000]);
  assert.equal(new Set(requests.map(({ headers }) => headers.authorization)).size, 1_000);
});

test("identical reads share a request where the function returns the same token, and only there", async () => {
  const { fetch, requests } = held();
  let count = 0;
  // Two users in turn.
  const client = newClient({ fetch, accessToken: async () => `token-of-user-${count++ % 2}` });
  const calls = Array.from({ length: 10 }, () => client.getCurrentUser());
  await until(() => requests.length === 2);
  await settle();
  assert.equal(requests.length, 2);
  for (const { give, headers } of requests) give(good({ name: headers.authorization }));
  const names = (await Promise.all(calls)).map(({ name }) => name);
  assert.deepEqual(names, Array.from({ length: 10 }, (_, index) => `Bearer token-of-user-${index % 2}`));
  assert.deepEqual([count, requests.length, client.usage.callsSaved], [10, 2, 8]);
});

const USERS = ["alice", "bob", "carol"];

/** A server that returns whose token it was, after a while. */
const whose = () =>
  scripted(async ({ headers, method, body }) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
    return good({ id: 7, name: headers.authorization.replace("Bearer token-of-", ""), method, body });
  });

test("three users on one client with AsyncLocalStorage: of 1 000 interleaved reads and writes none gets or changes another's record", { timeout: 30_000 }, async () => {
  const session = new AsyncLocalStorage();
  const { fetch, requests } = whose();
  const accessToken = async () => {
    const user = session.getStore();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    // Read again after a wait: the context is the call's own all the way.
    assert.equal(session.getStore(), user);
    return `token-of-${user}`;
  };
  const client = newClient({ fetch, accessToken, maxConcurrency: 50 });
  const calls = Array.from({ length: 1_000 }, (_, index) => {
    const user = USERS[index % 3];
    return session.run(user, async () => {
      if (index % 7 === 0) await settle(index % 5);
      // The same request of all three, so that nothing but the credential differs.
      const { name, method } = await (index % 2 ? client.getCurrentUser() : client.updateUser(7, { active_flag: index % 4 === 0 }));
      assert.equal(session.getStore(), user, "the context of the caller is as it was");
      return [user, name, method];
    });
  });
  for (const [index, [user, name, method]] of (await Promise.all(calls)).entries()) assert.deepEqual([user, name, method], [user, user, index % 2 ? "GET" : "PUT"]);
  const writes = requests.filter(({ method }) => method === "PUT");
  for (const user of USERS) {
    const own = writes.filter(({ headers }) => headers.authorization === `Bearer token-of-${user}`);
    assert.ok(own.length === 166 || own.length === 167, `${own.length} writes of ${user}`);
  }
  assert.equal(writes.length, 500);
});

test("a call that waits for its retry, in the queue or for its page asks in its own context after a 401", async (t) => {
  const pass = stopClock(t);
  const session = new AsyncLocalStorage();
  const seen = [];
  const { fetch, requests } = held();
  const accessToken = ({ refused }) => (seen.push([session.getStore(), refused]), `${session.getStore()}-${refused ? 2 : 1}`);
  const client = newClient({ fetch, accessToken, maxConcurrency: 1 });
  const calls = USERS.map((user, index) => session.run(user, () => client.getUser(index + 1)));
  await until(() => requests.length === 1);
  requests[0].give(unauthorized());
  await until(() => requests.length === 2);
  requests[1].give(respond(503, "{}", { "retry-after": "1" }));
  await settle();
  // Whatever wakes them, each is refused once and asks for itself.
  for (let turn = 0; turn < 20 && requests.length < 7; turn++) {
    await pass(1_000);
    const open = requests.filter(({ settled }) => !settled);
    for (const request of open.slice(-1)) {
      request.settled = true;
      request.give(/-1$/.test(request.headers.authorization) ? unauthorized() : good());
    }
  }
  await pass(1_000);
  await Promise.all(calls);
  assert.deepEqual(seen.filter(([, refused]) => !refused).map(([user]) => user), USERS);
  assert.deepEqual(seen.filter(([, refused]) => refused).sort(), USERS.map((user) => [user, `${user}-1`]));
  const pairs = requests.map(({ headers, path }) => [headers.authorization.replace(/^Bearer (\w+)-\d$/, "$1"), path.at(-1)]);
  for (const [user, id] of pairs) assert.equal(USERS.indexOf(user) + 1, Number(id));
});

test("a late 401 of one user's token does not make another user's", async () => {
  const session = new AsyncLocalStorage();
  const { fetch } = scripted(async ({ headers }) => (await settle(3), headers.authorization === "Bearer alice-old" ? unauthorized() : good({ name: headers.authorization })));
  const client = newClient({ fetch, accessToken: ({ refused }) => (refused ? `${session.getStore()}-new` : `${session.getStore()}-old`) });
  const alice = session.run("alice", () => client.getUser(1));
  await settle(2);
  const bob = session.run("bob", () => client.getUser(2));
  assert.deepEqual([(await alice).name, (await bob).name], ["Bearer alice-new", "Bearer bob-old"]);
});

test("without a credential a custom fetch is never shared: it may add one of its own", async () => {
  const session = new AsyncLocalStorage();
  const { fetch, requests } = whose();
  const signing = (url, init) => {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer token-of-${session.getStore()}`);
    return fetch(url, { ...init, headers });
  };
  const client = newClient({ fetch: signing });
  const names = await Promise.all(USERS.map((user) => session.run(user, async () => (await client.getCurrentUser()).name)));
  assert.deepEqual(names, USERS);
  const same = await session.run("alice", () => Promise.all([client.getCurrentUser(), client.getCurrentUser()]));
  assert.deepEqual(same.map(({ name }) => name), ["alice", "alice"]);
  assert.deepEqual([requests.length, client.usage.callsSaved], [5, 0]);
});

test("calls whose tokens come at the same time are sent in the order in which they were made", async () => {
  const { fetch, requests } = scripted(() => good());
  const client = newClient({ fetch, accessToken: async () => (await settle(2), "secret") });
  await Promise.all([1, 2, 3, 4, 5].map((id) => client.getUser(id)));
  assert.deepEqual(requests.map(({ path }) => path), [1, 2, 3, 4, 5].map((id) => `/v1/users/${id}`));
});

test("a second 401 is final", async () => {
  const { server, requests, accessToken } = tokens("never", "old", "new", "newer");
  const error = await rejection(newClient({ fetch: server.fetch, accessToken }).getUser(7));
  assert.deepEqual([error.name, error.status, error.attempts, requests.length, server.requests.length], ["AuthenticationError", 401, 2, 2, 2]);
});

test("a function that returns the refused token again ends with the second 401", async () => {
  const { server, requests, accessToken } = tokens("never", "same");
  const error = await rejection(newClient({ fetch: server.fetch, accessToken }).getUser(7));
  assert.deepEqual([error.name, error.attempts, requests.length], ["AuthenticationError", 2, 2]);
});

test("a 401 with a token as a string, or with none, is final at once", async () => {
  for (const credential of [{ apiToken: "text" }, { accessToken: "text" }, {}]) {
    const { fetch, requests } = scripted(unauthorized);
    const error = await rejection(newClient({ fetch, ...credential }).getUser(7));
    assert.deepEqual([error.name, error.attempts, requests.length], ["AuthenticationError", 1, 1]);
  }
});

test("a write is sent again after a 401 too, since it was not processed", async () => {
  const { server, accessToken } = tokens("new", "old", "new");
  const client = newClient({ fetch: server.fetch, accessToken });
  assert.deepEqual(await client.addUser({ email: "q@mi6.example" }), { id: 7 });
  assert.deepEqual(server.requests.map(({ method, body }) => [method, body]), Array(2).fill(["POST", '{"email":"q@mi6.example"}']));
});

const SECRET = "5ecre7-t0ken";
const thrown = Object.assign(new Error("the vault is closed"), { code: 42, vault: { token: SECRET } });
const isCopy = (cause) => {
  assert.notEqual(cause, thrown, "never the object itself");
  assert.deepEqual([cause instanceof Error, cause.name, cause.message, cause.code, cause.vault], [true, "Error", "the vault is closed", 42, undefined]);
  assert.match(cause.stack, /tokens\.test\.mjs/);
};

// [what, the function, a check of the cause]
const BAD = [
  ["rejects", () => Promise.reject(thrown), isCopy],
  ["throws", () => { throw thrown; }, isCopy],
  ["rejects with a string", () => Promise.reject("closed"), (cause) => assert.equal(cause, "closed")],
  ...[["an empty string", ""], ["a blank", " "], ["undefined", undefined], ["null", null], ["a number", 7], ["an object", { token: SECRET }], ["a line break", `${SECRET}\r\nx-evil: 1`], ["a NUL", `${SECRET}\0`], ["a letter that no header carries", `${SECRET}ä€`]].map(([what, value]) => [
    `returns ${what}`, async () => value, (cause) => assert.ok(cause instanceof Error && !cause.message.includes(SECRET), inspect(cause)),
  ]),
];

for (const [what, accessToken, checkCause] of BAD) {
  test(`a function that ${what}: AuthenticationError with a copy of the original as its cause, and nothing is sent`, async () => {
    for (const kind of Object.keys(KINDS)) {
      const { fetch, requests } = scripted(() => good());
      const client = newClient({ fetch, [kind]: accessToken });
      const errors = await Promise.all([rejection(client.getUser(1)), rejection(client.getUser(2)), rejection(client.addUser({ email: "q@mi6.example" }))]);
      for (const error of errors) {
        assert.deepEqual([error.name, error.kind, error.attempts, error.status], ["AuthenticationError", "authentication", 0, undefined]);
        assert.match(error.message, /^(getUser|addUser): .*nothing was sent/);
        checkCause(error.cause);
        for (const text of [inspect(error, { depth: 9 }), JSON.stringify(error), error.stack]) assert.ok(!text.includes(SECRET), text);
      }
      assert.equal(requests.length, 0);
      assert.equal(client.usage.callsSent, 0);
    }
  });
}

test("after a failure the function is called again by the next call", async () => {
  let count = 0;
  const { fetch } = scripted(() => good({ id: 7 }));
  const client = newClient({ fetch, accessToken: async () => (++count === 1 ? Promise.reject(thrown) : "secret") });
  assert.equal((await rejection(client.getUser(7))).name, "AuthenticationError");
  assert.deepEqual(await client.getUser(7), { id: 7 });
  assert.equal(count, 2);
});

test("a function that fails after a 401: the error has the number of requests that were sent", async () => {
  let count = 0;
  const { fetch, requests } = scripted(unauthorized);
  const error = await rejection(newClient({ fetch, accessToken: async () => (++count === 1 ? "old" : Promise.reject(thrown)) }).getUser(7));
  assert.deepEqual([error.name, count, requests.length], ["AuthenticationError", 2, 1]);
  isCopy(error.cause);
  assert.equal(error.attempts, 1);
  assert.doesNotMatch(error.message, /nothing was sent/);
});

test("a function that hangs falls under timeoutMs, and the next call asks anew", { timeout: 10_000 }, async () => {
  for (const maxRetries of [0, 2]) {
    let count = 0;
    const { fetch, requests } = scripted(() => good({ id: 7 }));
    const client = newClient({ fetch, maxRetries, accessToken: () => (++count === 1 ? new Promise(() => {}) : Promise.resolve("secret")) });
    const hung = rejection(client.getUser(1, { timeoutMs: 60 }));
    await until(() => count === 1);
    // Another call does not wait for it either.
    assert.deepEqual(await client.getUser(2), { id: 7 });
    const error = await hung;
    assert.deepEqual([error.name, error.kind, error.attempts], ["TimeoutError", "timeout", 0]);
    assert.match(error.message, /credential function.*\b60 ms\b.*timeoutMs.*nothing was sent/);
    assert.deepEqual([await client.getUser(3), count, requests.length], [{ id: 7 }, 3, 2]);
  }
});

test("a signal that the function first looks at when its call has ended is aborted", async () => {
  let asked;
  const client = newClient({ fetch: async () => good(), accessToken: (request) => ((asked = request), new Promise(() => {})) });
  const controller = new AbortController();
  const call = rejection(client.getUser(7, { signal: controller.signal }));
  await until(() => asked);
  controller.abort();
  await call;
  assert.equal(asked.signal.aborted, true);
});

for (const [how, config] of Object.entries({ "the caller's signal is aborted": {}, "timeoutMs is over": { timeoutMs: 20 }, "the client is closed": {} })) {
  test(`the function's signal is aborted when ${how}`, { timeout: 10_000 }, async (t) => {
    let signal;
    const controller = new AbortController();
    const client = newClient({ ...config, fetch: async () => good(), accessToken: (request) => ((signal = request.signal), new Promise(() => {})) });
    t.after(() => client.close());
    const call = rejection(client.getUser(7, how.includes("caller") ? { signal: controller.signal } : {}));
    await settle();
    assert.equal(signal?.aborted, false, "there is a signal, not aborted yet");
    if (how.includes("caller")) controller.abort("enough");
    if (how.includes("closed")) client.close();
    await call;
    assert.equal(signal.aborted, true);
  });
}

test("the token of each attempt is shown nowhere", async () => {
  const lines = [];
  const logger = Object.fromEntries(["error", "warn", "info", "debug"].map((level) => [level, (line) => lines.push(line)]));
  let count = 0;
  const server = scripted(({ headers }) => respond(401, { success: false, error: `bad token ${headers.authorization}`, error_info: headers.authorization }, { "x-seen": headers.authorization }));
  const client = newClient({ fetch: server.fetch, accessToken: async () => `${SECRET}-${++count}`, logger, logLevel: "debug", onEvent: (event) => lines.push(JSON.stringify(event)) });
  const error = await rejection(client.getUser(7));
  assert.equal(count, 2);
  const texts = [...lines, inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), error.stack, inspect(client, { depth: 9, showHidden: true }), JSON.stringify(client)];
  assert.ok(lines.length > 4);
  for (const text of texts) assert.ok(!text.includes(SECRET), text);
});

test("the refused token is not shown by the error of the next one", async () => {
  let count = 0;
  const server = scripted((_, number) => (number === 1 ? unauthorized() : respond(403, { success: false, error: `not ${SECRET}-1 and not ${SECRET}-2` })));
  const error = await rejection(newClient({ fetch: server.fetch, accessToken: () => `${SECRET}-${++count}` }).getUser(7));
  assert.deepEqual([error.name, error.attempts], ["PermissionError", 2]);
  assert.ok(!inspect(error, { depth: 9 }).includes(SECRET), inspect(error));
});

// What `cachedToken` promises.

/** A server that accepts the newest token of `fetchToken` only, once `expired` is refused. */
function oneIdentity({ expired, expiresAt } = {}) {
  const asked = [];
  const server = scripted(async ({ headers }) => (await settle(1), headers.authorization === `Bearer token-${asked.length}` && !(expired && asked.length === 1) ? good({ id: 7 }) : unauthorized()));
  const accessToken = cachedToken(async ({ refused }) => {
    const number = asked.push(refused);
    await settle(2);
    return expiresAt ? { token: `token-${number}`, expiresAt: expiresAt(number) } : `token-${number}`;
  });
  return { server, asked, accessToken };
}

test("cachedToken: 1 000 calls at once ask once", async () => {
  const { server, asked, accessToken } = oneIdentity();
  const client = newClient({ fetch: server.fetch, accessToken, maxConcurrency: 1_000 });
  await Promise.all(Array.from({ length: 1_000 }, (_, index) => client.getUser(index + 1)));
  assert.deepEqual([asked, server.requests.length], [[undefined], 1_000]);
  await client.getUser(7);
  assert.equal(asked.length, 1, "it is kept");
});

for (const maxConcurrency of [1_000, 10]) {
  for (const [what, id] of [["identical", () => 7], ["different", (index) => index + 1]]) {
    test(`cachedToken: 1 000 ${what} calls, ${maxConcurrency} at once, on an expired token ask for one new token, and all succeed`, async () => {
      const { server, asked, accessToken } = oneIdentity({ expired: true });
      const client = newClient({ fetch: server.fetch, accessToken, maxRetries: 0, maxConcurrency });
      const users = await Promise.all(Array.from({ length: 1_000 }, (_, index) => client.getUser(id(index))));
      assert.equal(users.length, 1_000);
      assert.deepEqual(asked, [undefined, "token-1"]);
      const refused = server.requests.filter(({ headers }) => headers.authorization === "Bearer token-1").length;
      if (what === "identical") assert.deepEqual([refused, server.requests.length], [1, 2]);
      else assert.equal(server.requests.length, 1_000 + refused);
    });
  }
}

test("cachedToken: a late 401 of the old token asks for no newer one", async () => {
  const { fetch, requests } = held();
  const asked = [];
  const client = newClient({ fetch, accessToken: cachedToken(async ({ refused }) => `token-${asked.push(refused)}`) });
  const calls = [1, 2].map((id) => client.getUser(id));
  await until(() => requests.length === 2);
  requests[0].give(unauthorized());
  await until(() => requests.length === 3);
  requests[2].give();
  await Promise.race(calls);
  requests[1].give(unauthorized());
  await until(() => requests.length === 4);
  requests[3].give();
  await Promise.all(calls);
  assert.deepEqual(asked, [undefined, "token-1"]);
  assert.deepEqual(requests.map(({ headers }) => headers.authorization), ["token-1", "token-1", "token-2", "token-2"].map((token) => `Bearer ${token}`));
});

for (const [what, form] of [["a number", (time) => time], ["a Date", (time) => new Date(time)]]) {
  test(`cachedToken: a token is kept until its expiresAt, ${what}`, async (t) => {
    const pass = stopClock(t);
    const { server, asked, accessToken } = oneIdentity({ expiresAt: (number) => form(Date.now() + number * 60_000) });
    const client = newClient({ fetch: server.fetch, accessToken });
    await client.getUser(1);
    pass.jump(59_999);
    await client.getUser(2);
    assert.equal(asked.length, 1);
    pass.jump(1);
    await Promise.all([client.getUser(3), client.getUser(4)]);
    assert.deepEqual(asked, [undefined, undefined]);
    pass.jump(119_999);
    await client.getUser(5);
    assert.equal(asked.length, 2);
  });
}

test("cachedToken: a failure is all waiting calls' own, and the next call asks anew", async () => {
  for (const fail of [() => Promise.reject(thrown), () => { throw thrown; }]) {
    let count = 0;
    const { fetch } = scripted(() => good({ id: 7 }));
    const client = newClient({ fetch, accessToken: cachedToken(() => (++count === 1 ? fail() : "secret")) });
    const errors = await Promise.all([1, 2, 3].map((id) => rejection(client.getUser(id))));
    assert.equal(new Set(errors).size, 3);
    for (const error of errors) {
      assert.deepEqual([error.name, error.attempts], ["AuthenticationError", 0]);
      isCopy(error.cause);
    }
    assert.deepEqual([await client.getUser(7), count], [{ id: 7 }, 2]);
  }
});

test("cachedToken: a request that hangs falls under timeoutMs, and the next call asks anew", { timeout: 10_000 }, async () => {
  let count = 0;
  const { fetch } = scripted(() => good({ id: 7 }));
  const client = newClient({ fetch, timeoutMs: 60, accessToken: cachedToken(() => (++count === 1 ? new Promise(() => {}) : "secret")) });
  assert.equal((await rejection(client.getUser(1))).name, "TimeoutError");
  assert.deepEqual([await client.getUser(2), count], [{ id: 7 }, 2]);
});

test("cachedToken: a caller that aborts takes the token from no other", { timeout: 10_000 }, async () => {
  const signals = [];
  const token = deferred();
  const { fetch, requests } = scripted(() => good({ id: 7 }));
  const accessToken = cachedToken(({ signal }) => {
    signals.push(signal);
    // As fetch does with a signal.
    return new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
      token.promise.then(resolve);
    });
  });
  const client = newClient({ fetch, accessToken });
  const controller = new AbortController();
  const first = rejection(client.getUser(1, { signal: controller.signal }));
  const others = Promise.allSettled([2, 3].map((id) => client.getUser(id)));
  await settle();
  controller.abort("enough");
  assert.equal(await first, "enough");
  await settle();
  token.resolve("secret");
  assert.deepEqual((await others).map(({ status, reason }) => reason?.message ?? status), ["fulfilled", "fulfilled"]);
  assert.equal(requests.length, 2);
});

test("cachedToken: a signal that lives on keeps no listener of tokens that have come", async () => {
  const { signal } = new AbortController();
  let count = 0;
  const { fetch } = scripted(() => good({ id: 7 }));
  const client = newClient({ fetch, accessToken: cachedToken(() => ({ token: `token-${++count}`, expiresAt: 0 })) });
  for (let id = 1; id <= 20; id++) await client.getUser(id, { signal });
  await settle();
  assert.deepEqual([count, getEventListeners(signal, "abort").length], [20, 0]);
});

test("no rejection of all these promises is unhandled", async () => {
  await settle();
  assert.deepEqual(unhandled, []);
});
