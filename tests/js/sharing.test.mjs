// Identical GETs at the same time with the same credential are one request; each caller has objects of its own and can abort alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UsersClient } from "pipedrive-users";
import { OPERATIONS } from "./support/operations.mjs";
import { good, held, respond } from "./support/script.mjs";
import { rejection, settle, until } from "./support/wait.mjs";

// The module is loaded before any clock is stopped.
await new UsersClient({ apiToken: "secret", fetch: async () => good() }).getUser(1);

const newClient = (config) => new UsersClient({ apiToken: "secret", logLevel: "off", ...config });
const ME = { id: 7, name: "James Bond", access: [{ app: "sales", admin: true }] };

test("1 000 concurrent getCurrentUser() make one request and return 1 000 separate equal objects", async () => {
  const { fetch, requests } = held();
  const client = newClient({ fetch });
  const calls = Promise.all(Array.from({ length: 1_000 }, () => client.getCurrentUser()));
  await until(() => requests.length === 1);
  await settle();
  requests[0].give(good(ME));
  const users = await calls;
  assert.equal(requests.length, 1);
  assert.deepEqual([client.usage.callsSent, client.usage.callsSaved, client.usage.tokensSpent], [1, 999, 2]);
  for (const user of users) assert.deepEqual(user, ME);
  assert.equal(new Set(users).size, 1_000);
  assert.equal(new Set(users.map(({ access }) => access)).size, 1_000);
  users[0].access[0].admin = false;
  assert.equal(users[1].access[0].admin, true);
});

test("each call that shares gets the response too", async () => {
  const { fetch, requests } = held();
  const client = newClient({ fetch });
  const calls = [1, 2, 3].map(() => client.getUser(7).withResponse());
  await until(() => requests.length === 1);
  requests[0].give(good(ME, { "x-correlation-id": "11111111-2222-4333-8444-555555555555" }));
  for (const { data, response } of await Promise.all(calls)) {
    assert.deepEqual(data, ME);
    assert.deepEqual([response.status, response.requestId, response.attempts, response.cost], [200, "11111111-2222-4333-8444-555555555555", 1, 2]);
  }
});

test("all operations that read share, and those that write never do", async () => {
  for (const { name, method, call } of OPERATIONS) {
    const { fetch, requests } = held();
    const client = newClient({ fetch });
    const calls = [call(client), call(client), call(client)].map((one) => Promise.resolve(one));
    await until(() => requests.length > 0);
    await settle();
    assert.equal(requests.length, method === "GET" ? 1 : 3, name);
    requests.forEach(({ give }) => give(good(/s"?$|Name$/.test(name) && !/Permissions|Settings/.test(name) ? [] : {})));
    await Promise.all(calls);
  }
});

test("a call joins one that is in flight, and also one that still waits in the queue", async () => {
  const { fetch, requests } = held();
  const client = newClient({ fetch, maxConcurrency: 1 });
  const calls = [client.getUser(1), client.getUser(2)];
  await until(() => requests.length === 1);
  calls.push(client.getUser(1), client.getUser(2));
  await settle();
  requests[0].give();
  await until(() => requests.length === 2);
  requests[1].give();
  await Promise.all(calls);
  assert.deepEqual(requests.map(({ path }) => path), ["/v1/users/1", "/v1/users/2"]);
});

test("each caller aborts alone, the first one too, and the others get their response", async () => {
  const { fetch, requests } = held();
  const client = newClient({ fetch });
  const controllers = [0, 1, 2, 3].map(() => new AbortController());
  const calls = controllers.map(({ signal }) => Promise.resolve(client.getUser(7, { signal })));
  const outcomes = Promise.allSettled(calls);
  await until(() => requests.length === 1);
  for (const index of [0, 2]) {
    controllers[index].abort(index);
    assert.equal(await rejection(calls[index]), index);
    await settle();
    assert.equal(requests[0].signal.aborted, false);
  }
  requests[0].give(good(ME));
  const fulfilled = { status: "fulfilled", value: ME };
  assert.deepEqual(await outcomes, [{ status: "rejected", reason: 0 }, fulfilled, { status: "rejected", reason: 2 }, fulfilled]);
  assert.equal(requests.length, 1);
});

test("the request is aborted when the last caller aborts, and the next call makes a new one", async () => {
  const { fetch, requests } = held();
  const client = newClient({ fetch });
  const controllers = [0, 1, 2].map(() => new AbortController());
  const calls = controllers.map(({ signal }) => rejection(client.getUser(7, { signal })));
  await until(() => requests.length === 1);
  for (const controller of controllers) {
    assert.equal(requests[0].signal.aborted, false);
    controller.abort("left");
    await settle();
  }
  assert.deepEqual(await Promise.all(calls), ["left", "left", "left"]);
  assert.equal(requests[0].signal.aborted, true);
  const next = client.getUser(7);
  await until(() => requests.length === 2);
  requests[1].give(good(ME));
  assert.deepEqual(await next, ME);
});

test("a call that is made while the last one aborts gets a request that is not aborted", async () => {
  const { fetch, requests } = held();
  const client = newClient({ fetch });
  const controller = new AbortController();
  const left = rejection(client.getUser(7, { signal: controller.signal }));
  await until(() => requests.length === 1);
  controller.abort("left");
  const next = client.getUser(7);
  assert.equal(await left, "left");
  await settle();
  const living = requests.filter(({ signal }) => !signal.aborted);
  assert.equal(living.length, 1);
  living[0].give(good(ME));
  assert.deepEqual(await next, ME);
});

test("nothing is kept after the response, whether good or bad", async () => {
  const { fetch, requests } = held();
  const client = newClient({ fetch, maxRetries: 0 });
  for (const [number, status] of [200, 404, 200, 500, 200].entries()) {
    const call = Promise.resolve(client.getUser(7)).catch(({ status }) => ({ status }));
    await until(() => requests.length === number + 1);
    requests[number].give(respond(status, { success: status === 200, data: { status } }));
    assert.deepEqual(await call, { status });
  }
});

test("all calls that share a failed request reject, each with an error of its own", async () => {
  const { fetch, requests } = held();
  const client = newClient({ fetch });
  const calls = Array.from({ length: 5 }, () => rejection(client.getUser(7)));
  await until(() => requests.length === 1);
  requests[0].give(respond(404, { success: false, error: "User not found" }));
  const errors = await Promise.all(calls);
  assert.equal(new Set(errors).size, 5);
  for (const { name, status, attempts, operation } of errors) assert.deepEqual([name, status, attempts, operation], ["NotFoundError", 404, 1, "getUser"]);
  assert.equal(requests.length, 1);
});

test("calls that share a request share its retries too", async () => {
  const { fetch, requests } = held();
  const client = newClient({ fetch });
  const calls = Array.from({ length: 5 }, () => client.getUser(7).withResponse());
  await until(() => requests.length === 1);
  requests[0].give(respond(503, "{}", { "retry-after": "0" }));
  await until(() => requests.length === 2);
  requests[1].give(good(ME));
  for (const { response } of await Promise.all(calls)) assert.equal(response.attempts, 2);
  assert.equal(requests.length, 2);
});

// Two calls that differ in what changes the request, or how it is made.
const DIFFERENT = {
  ids: (client) => [client.getUser(1), client.getUser(2)],
  operations: (client) => [client.getUser(1), client.getUserPermissions(1)],
  terms: (client) => [client.findUsersByName("a"), client.findUsersByName("b")],
  "searchByEmail": (client) => [client.findUsersByName("a"), client.findUsersByName("a", { searchByEmail: true })],
  cursors: (client) => [client.getUserFollowers(1), client.getUserFollowers(1, { cursor: "x" })],
  limits: (client) => [client.getUserFollowers(1, { limit: 1 }), client.getUserFollowers(1, { limit: 2 })],
  headers: (client) => [client.getUser(1), client.getUser(1, { headers: { "x-a": "1" } })],
  "values of headers": (client) => [client.getUser(1, { headers: { "x-a": "1" } }), client.getUser(1, { headers: { "x-a": "2" } })],
  timeoutMs: (client) => [client.getUser(1), client.getUser(1, { timeoutMs: 5_000 })],
  maxRetries: (client) => [client.getUser(1), client.getUser(1, { maxRetries: 0 })],
  "two options of the same number": (client) => [client.getUser(1, { maxRetries: 5 }), client.getUser(1, { timeoutMs: 5 })],
};

for (const [what, make] of Object.entries(DIFFERENT)) {
  test(`different ${what} are not shared`, async () => {
    const { fetch, requests } = held();
    const calls = make(newClient({ fetch })).map((call) => Promise.resolve(call));
    await until(() => requests.length === 2);
    requests.forEach(({ give, path }) => give(good(/find|followers/.test(path) ? [] : {})));
    await Promise.all(calls);
  });
}

test("a signal is no difference, and no option is the same as one that is undefined", async () => {
  const { fetch, requests } = held();
  const client = newClient({ fetch });
  const calls = [client.getUser(1), client.getUser(1, { signal: new AbortController().signal }), client.getUser(1, {}), client.getUser(1, { timeoutMs: undefined, headers: undefined })];
  await until(() => requests.length > 0);
  await settle();
  assert.equal(requests.length, 1);
  requests[0].give();
  await Promise.all(calls);
});

test("two clients never share, not even with the same token", async () => {
  const { fetch, requests } = held();
  const calls = [newClient({ fetch }).getUser(7), newClient({ fetch }).getUser(7)];
  await until(() => requests.length === 2);
  requests.forEach(({ give }) => give());
  await Promise.all(calls);
});
