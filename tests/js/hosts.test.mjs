// The URL that is called, the credential that it is called with, and the body: captured through the `fetch` option.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UsersClient } from "pipedrive-users";
import { emptyData, OPERATIONS } from "./support/operations.mjs";
import { always, fakeFetch, serve, success } from "./support/server.mjs";

const TABLE = [
  ["nothing", {}, "https://api.pipedrive.com/v1", "https://api.pipedrive.com/api/v2"],
  ["a company's label", { companyDomain: "casinoroyale" }, "https://casinoroyale.pipedrive.com/api/v1", "https://casinoroyale.pipedrive.com/api/v2"],
  ["a label with digits and hyphens", { companyDomain: "pipedrive-12g53f" }, "https://pipedrive-12g53f.pipedrive.com/api/v1", "https://pipedrive-12g53f.pipedrive.com/api/v2"],
  ["a company's host", { companyDomain: "casinoroyale.pipedrive.com" }, "https://casinoroyale.pipedrive.com/api/v1", "https://casinoroyale.pipedrive.com/api/v2"],
  ["a company's whole URL", { companyDomain: "https://casinoroyale.pipedrive.com" }, "https://casinoroyale.pipedrive.com/api/v1", "https://casinoroyale.pipedrive.com/api/v2"],
  ["a company's whole URL with a slash", { companyDomain: "https://casinoroyale.pipedrive.com/" }, "https://casinoroyale.pipedrive.com/api/v1", "https://casinoroyale.pipedrive.com/api/v2"],
  ["a base URL", { baseUrl: "https://backend.example" }, "https://backend.example/v1", "https://backend.example/api/v2"],
  ["a base URL with a slash", { baseUrl: "https://backend.example/" }, "https://backend.example/v1", "https://backend.example/api/v2"],
  ["a base URL with a path", { baseUrl: "https://backend.example/a/pipedrive" }, "https://backend.example/a/pipedrive/v1", "https://backend.example/a/pipedrive/api/v2"],
  ["a base URL with a path and a slash", { baseUrl: "https://backend.example:8443/a/pipedrive/" }, "https://backend.example:8443/a/pipedrive/v1", "https://backend.example:8443/a/pipedrive/api/v2"],
  ["the loopback without TLS", { baseUrl: "http://localhost:3000" }, "http://localhost:3000/v1", "http://localhost:3000/api/v2"],
  ["the loopback's address", { baseUrl: "http://127.0.0.1:3000" }, "http://127.0.0.1:3000/v1", "http://127.0.0.1:3000/api/v2"],
  ["the loopback's IPv6 address", { baseUrl: "http://[::1]:3000" }, "http://[::1]:3000/v1", "http://[::1]:3000/api/v2"],
  ["a path, for a fetch that knows its host", { baseUrl: "/pipedrive" }, "/pipedrive/v1", "/pipedrive/api/v2"],
];

for (const [what, config, v1, v2] of TABLE) {
  test(`with ${what}, v1 is ${v1} and v2 is ${v2}`, async () => {
    const { fetch, calls } = fakeFetch([]);
    const client = new UsersClient({ apiToken: "secret", ...config, fetch });
    await client.getUsers();
    await client.getUserFollowers(7);
    assert.deepEqual(calls.map(({ url }) => url), [`${v1}/users`, `${v2}/users/7/followers`]);
  });
}

test("every operation is below the company's own root", async () => {
  for (const operation of OPERATIONS) {
    const { fetch, calls } = fakeFetch(emptyData(operation));
    await operation.call(new UsersClient({ apiToken: "secret", companyDomain: "casinoroyale", fetch }));
    const path = operation.target.replace(/^\/v1/, "/api/v1");
    assert.deepEqual(calls.map(({ url, init }) => [init.method, url]), [[operation.method, `https://casinoroyale.pipedrive.com${path}`]]);
  }
});

test("fetch gets what the platform's fetch takes", async () => {
  const { fetch, calls } = fakeFetch({});
  await new UsersClient({ accessToken: "secret", fetch }).addUser({ email: "q@mi6.example", active_flag: false, access: [{ app: "sales", admin: true }] });
  const { url, init } = calls[0];
  assert.equal(typeof url, "string");
  const request = new Request(url, init);
  assert.equal(request.method, "POST");
  assert.deepEqual(Object.fromEntries(request.headers), { accept: "application/json", authorization: "Bearer secret", "content-type": "application/json" });
  assert.equal(request.redirect, "manual");
  assert.ok(init.signal instanceof AbortSignal);
  assert.deepEqual(await request.json(), { email: "q@mi6.example", active_flag: false, access: [{ app: "sales", admin: true }] });
});

test("the runtime's fetch is looked up at each call", async (t) => {
  const { fetch, calls } = fakeFetch([]);
  const client = new UsersClient({ apiToken: "secret" });
  t.mock.method(globalThis, "fetch", fetch);
  await client.getUsers();
  assert.equal(calls.length, 1);
});

test("a body has the given values, whatever their characters", async (t) => {
  const server = await serve(success({}));
  t.after(() => server.close());
  const client = new UsersClient({ baseUrl: server.url });
  const user = { email: 'a"\\b+ü💡@mi6.example', access: [{ app: "\u0000\u001f\u2028/é", admin: false, permission_set_id: "62cc4d7f" }, { app: "global" }] };
  await client.addUser(user);
  assert.deepEqual(JSON.parse(server.requests[0].body), user);
  // Half a surrogate pair has no UTF-8: it stays what it is as an escape.
  await client.addUser({ email: "\ud800@mi6.example" });
  assert.equal(server.requests[1].body, '{"email":"\\ud800@mi6.example"}');
  server.requests.pop();
  await client.addUser({ email: "q@mi6.example", access: [], active_flag: undefined });
  assert.deepEqual(JSON.parse(server.requests[1].body), { email: "q@mi6.example", access: [] });
  await client.addUser({ email: "q@mi6.example", access: [{ app: "sales", admin: undefined }] });
  assert.deepEqual(JSON.parse(server.requests[2].body), { email: "q@mi6.example", access: [{ app: "sales" }] });
  await client.updateUser(7, { active_flag: true });
  assert.equal(server.requests[3].body, '{"active_flag":true}');
});

test("what a getter returns is sent as it was checked", async (t) => {
  const server = await serve(success({}));
  t.after(() => server.close());
  const client = new UsersClient({ baseUrl: server.url });
  await client.getUser(7);
  let reads = 0;
  const entry = { get app() { return reads++ ? 7 : "sales"; } };
  await client.addUser({ email: "q@mi6.example", access: [entry] });
  assert.deepEqual([server.requests[1].body, reads], ['{"email":"q@mi6.example","access":[{"app":"sales"}]}', 1]);
  const refused = (access) => client.addUser({ email: "q@mi6.example", access }).then(assert.fail, (error) => error.message);
  assert.equal(await refused([undefined]), "addUser: access[0] must be an object { app, admin?, permission_set_id? }, got nothing");
  // A hole is an entry that is missing, not one to leave out.
  assert.match(await refused([, { app: "sales" }]), /^addUser: access\[0\] must be an object .*, got nothing$/);
  assert.equal(await refused([{ app: "sales", amdin: undefined }]), "addUser: access[0].amdin is not known; an entry takes app, admin, permission_set_id");
  assert.equal(server.requests.length, 2);
});

for (const [credential, header, prefix] of [["apiToken", "x-api-token", ""], ["accessToken", "authorization", "Bearer "]]) {
  test(`an async ${credential} function is called once for each call`, async (t) => {
    const server = await serve((_, response, count) => (count < 3 ? always(503, {}, { "retry-after": "0" }) : success([]))(0, response));
    t.after(() => server.close());
    let count = 0;
    const client = new UsersClient({ [credential]: async () => `token-${++count}`, baseUrl: server.url });
    const { response } = await client.getUsers().withResponse();
    assert.equal(response.attempts, 3);
    await client.getUsers();
    assert.deepEqual(server.requests.map(({ headers }) => headers[header]), [1, 1, 1, 2].map((number) => `${prefix}token-${number}`));
    assert.equal(count, 2);
  });
}

test("a token function need not be async, and is not called before the first call", async () => {
  const { fetch, calls } = fakeFetch([]);
  let count = 0;
  const client = new UsersClient({ accessToken: () => `token-${++count}`, fetch });
  assert.equal(count, 0);
  await client.getUsers();
  assert.equal(calls[0].init.headers.get("authorization"), "Bearer token-1");
});

test("calls at the same time have a token each", async () => {
  const { fetch, calls } = fakeFetch({});
  let count = 0;
  const token = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return `token-${++count}`;
  };
  const client = new UsersClient({ accessToken: token, fetch });
  await Promise.all([1, 2, 3, 4].map((id) => client.getUser(id)));
  assert.deepEqual(calls.map(({ init }) => init.headers.get("authorization")), [1, 2, 3, 4].map((number) => `Bearer token-${number}`));
});

test("a token function that fails rejects the call, and nothing is sent", async () => {
  const { fetch, calls } = fakeFetch([]);
  const cause = new Error("the session has ended");
  for (const accessToken of [() => Promise.reject(cause), () => { throw cause; }]) {
    await assert.rejects(new UsersClient({ accessToken, fetch }).getUsers(), (error) => {
      assert.equal(error.name, "AuthenticationError");
      assert.match(error.message, /the session has ended/);
      assert.notEqual(error.cause, cause, "it is a copy");
      assert.deepEqual([error.cause.name, error.cause.message], ["Error", "the session has ended"]);
      return true;
    });
  }
  for (const token of [undefined, null, "", 7, {}, "two words", "line\r\nbreak", "ключ"]) {
    await assert.rejects(new UsersClient({ accessToken: async () => token, fetch }).getUsers(), (error) => {
      assert.equal(error.name, "AuthenticationError");
      if (token && typeof token === "string") assert.ok(!error.message.includes(token));
      return true;
    });
  }
  assert.equal(calls.length, 0);
});

test("a 401 asks a token function once for another token", async (t) => {
  const server = await serve(({ headers }, response) => (headers.authorization === "Bearer new" ? success([]) : always(401, { success: false, error: "unauthorized access", errorCode: 401 }))(0, response));
  t.after(() => server.close());
  const client = new UsersClient({ baseUrl: server.url, accessToken: async ({ refused }) => (refused === "old" ? "new" : "old"), maxRetries: 0 });
  const { response } = await client.getUsers().withResponse();
  assert.equal(response.attempts, 2);
  const refused = new UsersClient({ baseUrl: server.url, accessToken: async () => "stale", maxRetries: 0 });
  await assert.rejects(refused.getUsers(), { name: "AuthenticationError", attempts: 2 });
  const fixed = new UsersClient({ baseUrl: server.url, accessToken: "stale" });
  await assert.rejects(fixed.getUsers(), { name: "AuthenticationError", attempts: 1 });
});

test("a redirect is never followed with a credential", async (t) => {
  const other = await serve(success([]));
  t.after(() => other.close());
  for (const status of [301, 302, 303, 307, 308]) {
    const server = await serve(always(status, "", { location: `${other.url}/v1/users` }));
    t.after(() => server.close());
    const client = new UsersClient({ apiToken: "secret", baseUrl: server.url });
    await assert.rejects(client.getUsers(), { name: "UnexpectedStatusError", kind: "unexpected_status" });
    assert.equal(server.requests.length, 1);
  }
  assert.equal(other.requests.length, 0);
});
