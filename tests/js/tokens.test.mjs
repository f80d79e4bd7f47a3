// Token functions: asked before each attempt, once for all who wait, and once more after a 401.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { UsersClient } from "pipedrive-users";
import { answer, good, held, scripted } from "./support/script.mjs";
import { deferred, rejection, settle, until } from "./support/wait.mjs";

// The module is there before any clock is stopped.
await new UsersClient({ apiToken: "secret", fetch: async () => good() }).getUser(1);

const unheard = [];
process.on("unhandledRejection", (reason) => unheard.push(reason));

const newClient = (config) => new UsersClient({ baseUrl: "https://proxy.example", logLevel: "off", ...config });
const unauthorized = () => answer(401, { success: false, error: "unauthorized access", errorCode: 401 });
const KINDS = { apiToken: ({ "x-api-token": token }) => token, accessToken: ({ authorization }) => authorization?.replace(/^Bearer /, "") };

/** A server that takes one token, and a function that gives others before it. */
function tokens(valid, ...given) {
  const state = { asked: 0 };
  const server = scripted(({ headers }) => (headers.authorization === `Bearer ${valid}` ? good({ id: 7 }) : unauthorized()));
  const accessToken = async () => {
    await settle(1);
    return given[Math.min(state.asked++, given.length - 1)];
  };
  return Object.assign(state, { server, accessToken });
}

for (const [kind, sent] of Object.entries(KINDS)) {
  test(`an ${kind} function is asked before each attempt, and its token is sent in that kind's header`, async () => {
    let asked = 0;
    const { fetch, requests } = scripted((_, number) => (number < 3 ? answer(503, "{}", { "retry-after": "0" }) : good()));
    const client = newClient({ fetch, [kind]: async () => `secret-${++asked}` });
    assert.equal(asked, 0, "not before the first call");
    const { response } = await client.getUser(7).withResponse();
    assert.deepEqual([response.attempts, asked], [3, 3]);
    assert.deepEqual(requests.map(({ headers }) => sent(headers)), ["secret-1", "secret-2", "secret-3"]);
    await client.getUser(7);
    assert.equal(asked, 4);
  });

  test(`an ${kind} function that is refused with 401 is asked once more, and the call is sent once more, outside maxRetries`, async () => {
    for (const maxRetries of [0, 2]) {
      let asked = 0;
      const { fetch, requests } = scripted(({ headers }) => (sent(headers) === "secret-2" ? good({ id: 7 }) : unauthorized()));
      const { data, response } = await newClient({ fetch, maxRetries, [kind]: async () => `secret-${++asked}` }).getUser(7).withResponse();
      assert.deepEqual([data, response.attempts, asked], [{ id: 7 }, 2, 2]);
      assert.deepEqual(requests.map(({ headers }) => sent(headers)), ["secret-1", "secret-2"]);
    }
  });
}

test("calls that wait for a token at the same time ask once", async () => {
  const token = deferred();
  let asked = 0;
  const { fetch, requests } = scripted(() => good());
  const client = newClient({ fetch, maxConcurrency: 1_000, accessToken: () => (asked++, token.promise) });
  const calls = Array.from({ length: 1_000 }, (_, index) => client.getUser(index + 1));
  await until(() => asked > 0);
  await settle();
  token.resolve("secret");
  await Promise.all(calls);
  assert.deepEqual([asked, requests.length], [1, 1_000]);
});

test("1 000 concurrent calls of one kind with an expired token ask for one new token, and all succeed", async () => {
  const state = tokens("new", "expired", "new");
  const client = newClient({ fetch: state.server.fetch, accessToken: state.accessToken, maxRetries: 0 });
  const users = await Promise.all(Array.from({ length: 1_000 }, () => client.getCurrentUser()));
  assert.equal(users.length, 1_000);
  assert.deepEqual([state.asked, state.server.requests.length], [2, 2]);
});

for (const maxConcurrency of [1_000, 10]) {
  test(`1 000 concurrent different calls, ${maxConcurrency} at once, with an expired token ask for one new token, and all succeed`, async () => {
    // As programs do: the token is kept until somebody finds that it is not taken any more.
    const given = [];
    const state = { current: "expired", fetched: 0 };
    const server = scripted(async ({ headers }) => (await settle(1), headers.authorization === "Bearer new" ? good({ id: 7 }) : unauthorized()));
    const accessToken = async () => {
      await settle(1);
      // The first answer to a question after an expired token was given is a new one.
      if (given.includes("expired") && state.current === "expired") {
        state.current = "new";
        state.fetched++;
      }
      given.push(state.current);
      return state.current;
    };
    const client = newClient({ fetch: server.fetch, accessToken, maxRetries: 0, maxConcurrency });
    const users = await Promise.all(Array.from({ length: 1_000 }, (_, index) => client.getUser(index + 1)));
    assert.equal(users.length, 1_000);
    assert.equal(state.fetched, 1);
    assert.equal(given.filter((token) => token === "expired").length, 1);
    const refused = server.requests.filter(({ headers }) => headers.authorization === "Bearer expired").length;
    assert.ok(refused <= maxConcurrency, `${refused} calls were sent with the expired token`);
    assert.equal(server.requests.length, 1_000 + refused);
    if (maxConcurrency === 1_000) assert.equal(given.length, 2, "asked once for all, and once for all who were refused");
  });
}

test("a late 401 of an old token asks for no newer one where there is one already", async () => {
  const { fetch, requests } = held();
  let asked = 0;
  const client = newClient({ fetch, accessToken: async () => `secret-${++asked}` });
  const calls = [1, 2].map((id) => client.getUser(id));
  await until(() => requests.length === 2);
  assert.equal(asked, 1);
  requests[0].give(unauthorized());
  await until(() => requests.length === 3);
  requests[2].give();
  await Promise.race(calls);
  requests[1].give(unauthorized());
  await until(() => requests.length === 4);
  requests[3].give();
  await Promise.all(calls);
  assert.equal(asked, 2);
  assert.deepEqual(requests.map(({ headers }) => headers.authorization), ["Bearer secret-1", "Bearer secret-1", "Bearer secret-2", "Bearer secret-2"]);
});

test("calls that waited for the same token go in the order in which they came", async () => {
  const { fetch, requests } = scripted(() => good());
  const client = newClient({ fetch, accessToken: async () => (await settle(2), "secret") });
  await Promise.all([1, 2, 3, 4, 5].map((id) => client.getUser(id)));
  assert.deepEqual(requests.map(({ path }) => path), [1, 2, 3, 4, 5].map((id) => `/v1/users/${id}`));
});

test("a second 401 is the end", async () => {
  const state = tokens("never", "old", "new", "newer");
  const error = await rejection(newClient({ fetch: state.server.fetch, accessToken: state.accessToken }).getUser(7));
  assert.deepEqual([error.name, error.status, error.attempts, state.asked, state.server.requests.length], ["AuthenticationError", 401, 2, 2, 2]);
});

test("a function that gives the refused token again is told by the second 401", async () => {
  const state = tokens("never", "same");
  const error = await rejection(newClient({ fetch: state.server.fetch, accessToken: state.accessToken }).getUser(7));
  assert.deepEqual([error.name, error.attempts, state.asked], ["AuthenticationError", 2, 2]);
});

test("a 401 with a token as text, or with none, is the end at once", async () => {
  for (const credential of [{ apiToken: "text" }, { accessToken: "text" }, {}]) {
    const { fetch, requests } = scripted(unauthorized);
    const error = await rejection(newClient({ fetch, ...credential }).getUser(7));
    assert.deepEqual([error.name, error.attempts, requests.length], ["AuthenticationError", 1, 1]);
  }
});

test("a write is sent again after a 401 too, since it was not carried out", async () => {
  const state = tokens("new", "old", "new");
  const client = newClient({ fetch: state.server.fetch, accessToken: state.accessToken });
  assert.deepEqual(await client.addUser({ email: "q@mi6.example" }), { id: 7 });
  assert.deepEqual(state.server.requests.map(({ method, body }) => [method, body]), Array(2).fill(["POST", '{"email":"q@mi6.example"}']));
});

const SECRET = "5ecre7-t0ken";
const thrown = Object.assign(new Error("the vault is closed"), { code: 42 });

// [what, the function, the original]
const BAD = [
  ["rejects", () => Promise.reject(thrown), (cause) => assert.strictEqual(cause, thrown)],
  ["throws", () => { throw thrown; }, (cause) => assert.strictEqual(cause, thrown)],
  ["rejects with a text", () => Promise.reject("closed"), (cause) => assert.equal(cause, "closed")],
  ...[["an empty text", ""], ["a blank", " "], ["undefined", undefined], ["null", null], ["a number", 7], ["an object", { token: SECRET }], ["a line break", `${SECRET}\r\nx-evil: 1`], ["a NUL", `${SECRET}\0`], ["a letter that no header carries", `${SECRET}ä€`]].map(([what, value]) => [
    `gives ${what}`, async () => value, (cause) => assert.ok(cause instanceof TypeError && !cause.message.includes(SECRET), inspect(cause)),
  ]),
];

for (const [what, accessToken, checkCause] of BAD) {
  test(`a function that ${what}: AuthenticationError with the original as its cause, and nothing is sent`, async () => {
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

test("after a failure the function is asked again by the next call", async () => {
  let asked = 0;
  const { fetch } = scripted(() => good({ id: 7 }));
  const client = newClient({ fetch, accessToken: async () => (++asked === 1 ? Promise.reject(thrown) : "secret") });
  assert.equal((await rejection(client.getUser(7))).name, "AuthenticationError");
  assert.deepEqual(await client.getUser(7), { id: 7 });
  assert.equal(asked, 2);
});

test("a function that fails after a 401: the error tells that one request was sent", async () => {
  let asked = 0;
  const { fetch, requests } = scripted(unauthorized);
  const error = await rejection(newClient({ fetch, accessToken: async () => (++asked === 1 ? "old" : Promise.reject(thrown)) }).getUser(7));
  assert.deepEqual([error.name, asked, requests.length], ["AuthenticationError", 2, 1]);
  assert.strictEqual(error.cause, thrown);
  assert.equal(error.attempts, 1);
  assert.doesNotMatch(error.message, /nothing was sent/);
});

test("the token of each attempt is shown nowhere", async () => {
  const lines = [];
  const logger = Object.fromEntries(["error", "warn", "info", "debug"].map((level) => [level, (line) => lines.push(line)]));
  let asked = 0;
  const server = scripted(({ headers }) => answer(401, { success: false, error: `bad token ${headers.authorization}`, error_info: headers.authorization }, { "x-seen": headers.authorization }));
  const client = newClient({ fetch: server.fetch, accessToken: async () => `${SECRET}-${++asked}`, logger, logLevel: "debug", onEvent: (event) => lines.push(JSON.stringify(event)) });
  const error = await rejection(client.getUser(7));
  assert.equal(asked, 2);
  const texts = [...lines, inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), error.stack, inspect(client, { depth: 9, showHidden: true }), JSON.stringify(client)];
  assert.ok(lines.length > 4);
  for (const text of texts) assert.ok(!text.includes(SECRET), text);
});

test("no promise of all these is rejected unheard", async () => {
  await settle();
  assert.deepEqual(unheard, []);
});
