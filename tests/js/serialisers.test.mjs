// What frameworks send from a server to a page, and what stores keep: data, limits and errors come through.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { configureStore, createSlice, isPlain } from "@reduxjs/toolkit";
import * as devalue from "devalue";
import * as seroval from "seroval";
import { createSandbox } from "pipedrive-users/sandbox";
import { isPipedriveError, UsersClient } from "pipedrive-users";

/** What a program may want to send. */
async function values() {
  const sandbox = createSandbox();
  const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch, maxRetries: 0, logLevel: "off" });
  const users = await client.getUsers();
  const { data: user, response } = await client.getUser(1).withResponse();
  const page = await client.getUserFollowers(1, { limit: 2 });
  sandbox.fail({ fault: "daily" });
  const error = await client.getUser(2).catch((error) => error);
  assert.ok(response.rateLimit.resetAt instanceof Date && error.resetAt instanceof Date);
  const { items, hasNextPage, nextCursor } = page;
  return { sent: { user, users, response, rateLimit: client.rateLimit, usage: client.usage, page: { items, hasNextPage, nextCursor }, error: error.toJSON() }, page, error };
}

for (const [name, through] of [
  ["structuredClone", structuredClone],
  ["devalue, of SvelteKit", (value) => devalue.parse(devalue.stringify(value))],
  ["seroval, of TanStack Start and SolidStart", (value) => seroval.deserialize(seroval.serialize(value))],
]) {
  test(`${name}: all comes through, dates as dates`, async () => {
    const { sent } = await values();
    const received = through(sent);
    assert.deepEqual(received, sent);
    assert.ok(received.rateLimit.resetAt instanceof Date && received.error.resetAt instanceof Date);
  });
}

test("a page and an error pass structuredClone: the page's data, and the error's name or message at least", async () => {
  const { page, error } = await values();
  assert.deepEqual(structuredClone(page), { items: page.items, hasNextPage: page.hasNextPage, nextCursor: page.nextCursor });
  const received = structuredClone(error);
  assert.ok(received instanceof Error && received.message === error.message);
  assert.ok(!isPipedriveError(received), "what it loses is its fields: toJSON() has them");
});

test("JSON: all but that dates are texts", async () => {
  const { sent, page, error } = await values();
  const received = JSON.parse(JSON.stringify({ ...sent, whole: page, thrown: error }));
  assert.equal(new Date(received.rateLimit.resetAt).getTime(), sent.rateLimit.resetAt.getTime());
  assert.deepEqual(received.user, sent.user);
  assert.deepEqual(received.whole.items, page.items);
  assert.deepEqual([received.thrown.kind, received.thrown.scope, received.thrown.message], ["rate_limit", "daily", error.message]);
});

test("Redux Toolkit: data is plain, and its checks are silent", async (t) => {
  const logged = t.mock.method(console, "error", () => {});
  const { reducer, actions } = createSlice({ name: "team", initialState: { users: [], page: undefined, failure: undefined }, reducers: { loaded: (state, { payload }) => ({ ...state, ...payload }) } });
  const store = configureStore({ reducer });
  const { sent, error } = await values();
  const failure = JSON.parse(JSON.stringify(error));
  store.dispatch(actions.loaded({ users: sent.users, page: sent.page, failure }));
  assert.deepEqual([store.getState().users, store.getState().failure.kind], [sent.users, "rate_limit"]);
  assert.deepEqual(logged.mock.calls.map(({ arguments: args }) => args[0]), []);
  assert.ok(isPlain(sent.user));
});

test("React Server Components: data, limits and an error's fields reach a client component", () => {
  const program = `
    import { renderToReadableStream } from "react-server-dom-webpack/server.edge";
    import { UsersClient } from "pipedrive-users";
    import { createSandbox } from "pipedrive-users/sandbox";
    const { apiToken, fetch, fail } = createSandbox();
    const client = new UsersClient({ apiToken, fetch, maxRetries: 0, logLevel: "off" });
    const { data: user, response } = await client.getUser(1).withResponse();
    const { items } = await client.getUserFollowers(1, { limit: 2 });
    const promise = client.getUser(3);
    await promise;
    fail({ fault: "daily" });
    const error = await client.getUser(2).catch((error) => error.toJSON());
    const failures = [];
    const stream = renderToReadableStream({ user, response, items, rateLimit: client.rateLimit, error, promise }, {}, { onError: (error) => void failures.push(String(error)) });
    const text = await new Response(stream).text();
    console.log(JSON.stringify({ text, failures }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--conditions=react-server", "--no-warnings", "--input-type=module", "--eval", program], { cwd: import.meta.dirname ?? new URL(".", import.meta.url).pathname, encoding: "utf8", env: { ...process.env, NODE_ENV: "production" } });
  assert.ok(stdout, stderr);
  const { text, failures } = JSON.parse(stdout);
  assert.deepEqual(failures, []);
  // React writes a date as "$D" and its ISO text.
  assert.match(text, /"resetAt":"\$D\d{4}-\d\d-\d\dT/);
  assert.match(text, /"kind":"rate_limit"/);
  assert.match(text, /"id":3/, "a promise is awaited on the way");
});

test("the guide says it", async () => {
  const guide = await readFile(new URL("../../www/docs/guide/frameworks.md", import.meta.url), "utf8");
  for (const part of ["resetAt", "error.toJSON()", "structuredClone", "page.items"]) assert.ok(guide.includes(part), part);
});
