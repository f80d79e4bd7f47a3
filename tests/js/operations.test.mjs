// All ten operations over HTTP, against the sandbox and against a server that records what arrives.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { CursorPage, ENDPOINTS, OffsetPage, UsersClient } from "pipedrive-users";
import { emptyData, OPERATIONS } from "./support/operations.mjs";
import { startSandbox } from "./support/sandbox.mjs";
import { serve, success } from "./support/server.mjs";

const sandbox = await startSandbox("--users", 30, "--burst", 100_000);
after(() => sandbox.stop());
const client = new UsersClient({ apiToken: sandbox.apiToken, baseUrl: sandbox.url });
const bearer = new UsersClient({ accessToken: sandbox.accessToken, baseUrl: sandbox.url });

/** The same URL without the SDK. */
async function raw(path, init) {
  const response = await fetch(sandbox.url + path, { ...init, headers: { "x-api-token": sandbox.apiToken, "content-type": "application/json" } });
  return response.json();
}

for (const operation of OPERATIONS.filter(({ body }) => !body)) {
  test(`${operation.name} gives the data that the server sent, whole`, async () => {
    const { data } = await raw(operation.target);
    for (const one of [client, bearer]) {
      const got = await operation.call(one);
      assert.deepEqual(operation.paged ? got.items : got, data);
    }
    // An empty response would prove nothing.
    const first = await operation.call(client).withResponse();
    const size = Object.keys(operation.paged ? first.data.items : first.data).length;
    assert.ok(size > 0 || operation.name === "getUserFollowers", `${size} members`);
  });
}

test("the records are those of the sandbox, member by member", async () => {
  const me = await client.getCurrentUser();
  assert.equal(me.id, 1);
  assert.equal(me.is_you, true);
  assert.equal(typeof me.company_id, "number");
  assert.match(me.company_domain, /^[a-z0-9-]+$/);
  assert.deepEqual(Object.keys(me.language).sort(), ["country_code", "language_code"]);
  const users = await client.getUsers();
  assert.equal(users.length, 30);
  assert.deepEqual(users.map(({ id }) => id), Array.from({ length: 30 }, (_, index) => index + 1));
  assert.deepEqual(await client.getUser(2), users[1]);
  const permissions = await client.getUserPermissions(1);
  assert.equal(Object.keys(permissions).length, 31);
  assert.ok(Object.values(permissions).every((value) => typeof value === "boolean"));
});

test("findUsersByName looks at names, and with searchByEmail at addresses", async () => {
  const [, , somebody] = await client.getUsers();
  assert.deepEqual(await client.findUsersByName(somebody.name), (await raw(`/v1/users/find?term=${encodeURIComponent(somebody.name)}`)).data);
  assert.ok((await client.findUsersByName(somebody.name)).some(({ id }) => id === somebody.id));
  const byEmail = await client.findUsersByName(somebody.email, { searchByEmail: true });
  assert.deepEqual(byEmail.map(({ id }) => id), [somebody.id]);
  assert.deepEqual(await client.findUsersByName(somebody.email, { searchByEmail: false }), []);
  assert.deepEqual(await client.findUsersByName("no user has this name"), []);
});

test("a user who was added is found, listed and readable; deactivated, the user stays readable", async () => {
  const before = (await client.getUsers()).length;
  const added = await client.addUser({ email: "vesper.lynd@treasury.example", access: [{ app: "sales", admin: true }, { app: "global" }], active_flag: true });
  assert.equal(added.email, "vesper.lynd@treasury.example");
  assert.equal(added.active_flag, true);
  assert.deepEqual(added.access.map(({ app, admin }) => [app, admin]), [["sales", true], ["global", false]]);
  assert.deepEqual(added, (await raw(`/v1/users/${added.id}`)).data);
  assert.deepEqual(await client.findUsersByName("vesper.lynd@treasury.example", { searchByEmail: true }), [added]);
  assert.deepEqual((await client.getUsers()).at(-1), added);
  assert.equal((await client.getUsers()).length, before + 1);

  assert.deepEqual(await client.addUser({ email: "vesper.lynd@treasury.example" }), added, "the address of a user returns that user");
  assert.equal((await client.getUsers()).length, before + 1);

  const updated = await client.updateUser(added.id, { active_flag: false });
  assert.equal(updated.active_flag, false);
  assert.deepEqual(updated, { ...added, active_flag: false, modified: updated.modified });
  assert.deepEqual(await client.getUser(added.id), updated);
  assert.ok((await client.getUsers()).some(({ id }) => id === added.id));
  assert.equal((await client.updateUser(added.id, { active_flag: true })).active_flag, true);
  assert.deepEqual(await client.getUser(added.id), (await raw(`/v1/users/${added.id}`)).data);
});

for (const [credential, header, value] of [
  ["apiToken", "x-api-token", "a1b2c3d4e5"],
  ["accessToken", "authorization", "Bearer a1b2c3d4e5"],
]) {
  test(`with ${credential}, each operation arrives as its HTTP line, with its headers and no token in the URL`, async (t) => {
    let data;
    const server = await serve((request, response) => success(data)(request, response));
    t.after(() => server.close());
    const client = new UsersClient({ [credential]: "a1b2c3d4e5", baseUrl: server.url, headers: { "X-App": "tests" } });
    for (const operation of OPERATIONS) {
      data = emptyData(operation);
      await operation.call(client, { headers: { "X-Call": operation.name } });
      const request = server.requests.at(-1);
      assert.deepEqual([request.method, request.path], [operation.method, operation.target], operation.name);
      assert.equal(request.headers[header], value);
      assert.equal("x-api-token" in request.headers && "authorization" in request.headers, false);
      assert.equal(request.headers.accept, "application/json");
      assert.equal(request.headers["x-app"], "tests");
      assert.equal(request.headers["x-call"], operation.name);
      assert.equal(request.headers["content-type"], operation.body && "application/json");
      assert.deepEqual(request.body === "" ? undefined : JSON.parse(request.body), operation.body);
      assert.ok(!request.path.includes("a1b2c3d4e5"));
    }
    assert.equal(server.requests.length, OPERATIONS.length);
  });
}

test("without a credential none is sent: the server at the base URL adds it", async (t) => {
  const server = await serve(success([]));
  t.after(() => server.close());
  await new UsersClient({ baseUrl: server.url }).getUsers();
  const { headers } = server.requests[0];
  assert.deepEqual(["x-api-token" in headers, "authorization" in headers], [false, false]);
});

test("the credential cannot be replaced by a header of the same name", async (t) => {
  const server = await serve(success([]));
  t.after(() => server.close());
  const client = new UsersClient({ apiToken: "right", baseUrl: server.url, headers: { "X-Api-Token": "wrong" } });
  await client.getUsers({ headers: { "X-API-TOKEN": "wrong too" } });
  assert.equal(server.requests[0].headers["x-api-token"], "right");
});

test("parameters travel under Pipedrive's names", async (t) => {
  const server = await serve(success([]));
  t.after(() => server.close());
  const client = new UsersClient({ baseUrl: server.url });
  await client.findUsersByName("bond", { searchByEmail: true });
  await client.getUserFollowers(7, { limit: 500, cursor: "abc" });
  await client.getUserRoleAssignments(7, { start: 0, limit: 1 });
  await client.getUserRoleAssignments(Number.MAX_SAFE_INTEGER, { start: 3 }).catch(() => {});
  assert.deepEqual(server.requests.map(({ path }) => path), [
    "/v1/users/find?term=bond&search_by_email=1",
    "/api/v2/users/7/followers?limit=500&cursor=abc",
    "/v1/users/7/roleAssignments?start=0&limit=1",
    "/v1/users/9007199254740991/roleAssignments?start=3",
  ]);
});

test("withResponse() has status, headers, request id, attempts, cost and limits", async () => {
  for (const operation of OPERATIONS) {
    const asked = Date.now();
    const { data, response } = await operation.call(client).withResponse();
    assert.equal(typeof data, "object");
    assert.deepEqual(Object.keys(response).sort(), ["attempts", "cost", "headers", "rateLimit", "requestId", "status"]);
    assert.equal(response.status, 200);
    assert.equal(response.attempts, 1);
    assert.equal(response.cost, operation.cost);
    assert.match(response.requestId, /^[0-9a-f-]{36}$/);
    assert.equal(response.headers["x-correlation-id"], response.requestId);
    assert.match(response.headers["content-type"], /^application\/json/);
    const { limit, remaining, resetAt, dailyLimit, dailyRemaining } = response.rateLimit;
    assert.equal(limit, 100_000);
    assert.ok(remaining < limit && remaining > 0);
    assert.ok(resetAt instanceof Date && resetAt.getTime() >= asked && resetAt.getTime() <= Date.now() + 2000);
    assert.equal(dailyLimit, 30 * 30_000);
    assert.ok(dailyRemaining < dailyLimit);
  }
});

test("a call's promise can be caught, finished and awaited more than once, and is sent once", async (t) => {
  const server = await serve(success([{ id: 1 }]));
  t.after(() => server.close());
  const call = new UsersClient({ baseUrl: server.url }).getUsers();
  assert.ok(call instanceof Promise);
  let finished = 0;
  assert.deepEqual(await call.finally(() => finished++), [{ id: 1 }]);
  assert.deepEqual(await call.catch(() => "not here"), [{ id: 1 }]);
  assert.deepEqual((await call.withResponse()).data, await call);
  assert.deepEqual(await Promise.all([call, call]), [[{ id: 1 }], [{ id: 1 }]]);
  assert.equal(finished, 1);
  assert.equal(server.requests.length, 1);
});

test("the same GETs at the same time share one request, and each caller gets data of its own", async (t) => {
  const server = await serve(success({ id: 7 }));
  t.after(() => server.close());
  const client = new UsersClient({ baseUrl: server.url });
  const [first, second] = await Promise.all([client.getUser(7), client.getUser(7), client.getUser(8)]);
  assert.equal(server.requests.length, 2);
  assert.notEqual(first, second);
  assert.deepEqual(first, second);
  await client.getUser(7);
  assert.equal(server.requests.length, 3, "a later call is a new request");
  await Promise.all([client.updateUser(7, { active_flag: true }), client.updateUser(7, { active_flag: true })]);
  assert.equal(server.requests.length, 5, "what changes something is never shared");
});

test("followers: pages by cursor, in every way of reading them", async () => {
  const all = (await raw("/api/v2/users/1/followers?limit=500")).data;
  assert.ok(all.length > 20);
  const page = await client.getUserFollowers(1, { limit: 10 });
  assert.ok(page instanceof CursorPage);
  assert.deepEqual(page.items, all.slice(0, 10));
  assert.equal(page.hasNextPage, true);
  assert.equal(page.nextCursor, (await raw("/api/v2/users/1/followers?limit=10")).additional_data.next_cursor);
  const second = await page.getNextPage();
  assert.ok(second instanceof CursorPage);
  assert.deepEqual(second.items, all.slice(10, 20));
  assert.deepEqual((await client.getUserFollowers(1, { limit: 10, cursor: page.nextCursor })).items, second.items);

  const read = [];
  for await (const follower of client.getUserFollowers(1, { limit: 7 })) read.push(follower);
  assert.deepEqual(read, all);
  const sizes = [];
  for await (const page of client.getUserFollowers(1, { limit: 10 }).pages()) sizes.push([page.items.length, page.hasNextPage]);
  assert.equal(sizes.reduce((sum, [size]) => sum + size, 0), all.length);
  assert.deepEqual(sizes.map(([, more]) => more), sizes.map((_, index) => index < sizes.length - 1));
  assert.deepEqual(await client.getUserFollowers(1, { limit: 10 }).toArray({ limit: 15 }), all.slice(0, 15));
  assert.deepEqual(await client.getUserFollowers(1, { limit: 10 }).toArray({ limit: 10_000 }), all);

  const last = await client.getUserFollowers(1, { limit: 500 });
  assert.deepEqual([last.hasNextPage, last.nextCursor], [false, undefined]);
  await assert.rejects(last.getNextPage(), { name: "ArgumentError", kind: "argument" });
  const { data, response } = await client.getUserFollowers(1, { limit: 3 }).withResponse();
  assert.deepEqual([data.items.length, data.hasNextPage, response.status, response.cost], [3, true, 200, 10]);
});

test("role assignments: pages by offset, in every way of reading them", async () => {
  const all = (await raw("/v1/users/1/roleAssignments")).data;
  assert.equal(all.length, 5);
  const page = await client.getUserRoleAssignments(1, { limit: 2 });
  assert.ok(page instanceof OffsetPage);
  assert.deepEqual([page.items, page.hasNextPage, page.nextStart], [all.slice(0, 2), true, 2]);
  const second = await page.getNextPage();
  assert.deepEqual([second.items, second.nextStart], [all.slice(2, 4), 4]);
  const third = await second.getNextPage();
  assert.deepEqual([third.items, third.hasNextPage, third.nextStart], [all.slice(4), false, undefined]);
  const read = [];
  for await (const assignment of client.getUserRoleAssignments(1, { limit: 2 })) read.push(assignment);
  assert.deepEqual(read, all);
  assert.deepEqual(await client.getUserRoleAssignments(1, { start: 1, limit: 1 }).toArray({ limit: 3 }), all.slice(1, 4));
});

test("a page is asked for when it is needed, and not before", async (t) => {
  const server = await serve(({ path }, response) => {
    const start = Number(new URL(path, "http://x").searchParams.get("start") ?? 0);
    success([{ role_id: start }], { additional_data: { pagination: { start, limit: 1, more_items_in_collection: true, next_start: start + 1 } } })(0, response);
  });
  t.after(() => server.close());
  const client = new UsersClient({ baseUrl: server.url });
  for await (const { role_id } of client.getUserRoleAssignments(7, { limit: 1 })) if (role_id === 2) break;
  assert.equal(server.requests.length, 3);
  await client.getUserRoleAssignments(7, { limit: 1 }).toArray({ limit: 2 });
  assert.equal(server.requests.length, 5);
});

test("pages that would never end are an error, and not an endless loop", async (t) => {
  const server = await serve((_, response) => success([{ user_id: 1 }], { additional_data: { next_cursor: "again" } })(0, response));
  t.after(() => server.close());
  const client = new UsersClient({ baseUrl: server.url });
  await assert.rejects(client.getUserFollowers(7).toArray({ limit: 10_000 }), { name: "DecodeError", kind: "decode" });
  assert.ok(server.requests.length <= 3);
});

test("a list whose response names no next page has ended", async (t) => {
  let more;
  const server = await serve((_, response) => success([{ user_id: 1 }], more)(0, response));
  t.after(() => server.close());
  const client = new UsersClient({ baseUrl: server.url });
  for (more of [{}, { additional_data: null }, { additional_data: {} }, { additional_data: { next_cursor: null } }]) {
    const page = await client.getUserFollowers(7);
    assert.deepEqual([page.items.length, page.hasNextPage, page.nextCursor], [1, false, undefined]);
  }
});

test("ENDPOINTS, the client's methods and the reference name the same ten operations", () => {
  const expected = Object.fromEntries(OPERATIONS.map(({ name, method, path, cost, scope }) => [name, { method, path, cost, scope }]));
  assert.deepEqual(ENDPOINTS, expected);
  const names = new Set();
  for (let prototype = UsersClient.prototype; prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) if (typeof value === "function") names.add(name);
  }
  assert.deepEqual([...names].sort(), ["close", "constructor", ...Object.keys(expected)].sort());
});

test("ENDPOINTS agrees with Pipedrive's own OpenAPI documents", async (t) => {
  if (!process.env.PIPEDRIVE_OPENAPI) return t.skip("PIPEDRIVE_OPENAPI is not set");
  const { paths } = JSON.parse(await readFile(process.env.PIPEDRIVE_OPENAPI, "utf8"));
  let compared = 0;
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, official] of Object.entries(item)) {
      const ours = ENDPOINTS[official.operationId];
      if (!ours || ours.path.replace(/^\/(v1|api\/v2)/, "") !== path.replace(/^\/(v1|api\/v2)/, "")) continue;
      if (official.operationId === "getUserFollowers" && official["x-token-cost"] !== 10) continue; // v1's
      compared++;
      assert.deepEqual(
        { method: ours.method, cost: ours.cost, scope: ours.scope },
        { method: method.toUpperCase(), cost: official["x-token-cost"], scope: official.security.flatMap((one) => one.oauth2 ?? []).find((scope) => !scope.endsWith(":full") && scope) },
        official.operationId,
      );
    }
  }
  assert.equal(compared, 10);
});

test("usage and rateLimit show what the client has spent", async (t) => {
  const server = await serve(success({ id: 7 }));
  t.after(() => server.close());
  const client = new UsersClient({ baseUrl: server.url });
  assert.deepEqual([client.usage.tokensSpent, client.usage.callsSent, client.usage.callsSaved], [0, 0, 0]);
  await Promise.all([client.getUser(7), client.getUser(7), client.getUserPermissions(7)]);
  const { tokensSpent, callsSent, callsSaved, operations } = client.usage;
  assert.deepEqual([tokensSpent, callsSent, callsSaved], [12, 2, 1]);
  assert.deepEqual(operations.getUser, { tokensSpent: 2, callsSent: 1, callsSaved: 1 });
  assert.deepEqual(Object.keys(operations).sort(), Object.keys(ENDPOINTS).sort());
  assert.deepEqual(client.rateLimit, { limit: undefined, remaining: undefined, resetAt: undefined, dailyLimit: undefined, dailyRemaining: undefined });
});

test("close() aborts the calls in flight, and refuses later ones", async (t) => {
  const server = await serve(() => {});
  t.after(() => server.close());
  const client = new UsersClient({ baseUrl: server.url });
  const first = client.getUsers();
  const caught = assert.rejects(first, { name: "ConfigError", message: /was closed by close\(\)/ });
  client.close();
  await caught;
  await assert.rejects(client.getUsers(), { name: "ConfigError", message: /was closed by close\(\)/ });
  client.close();
});

test("a call that is aborted rejects with the signal's reason, and alone", async (t) => {
  let release;
  const server = await serve((_, response) => (release = () => success({ id: 7 })(0, response)));
  t.after(() => server.close());
  const client = new UsersClient({ baseUrl: server.url });
  const controller = new AbortController();
  const aborted = client.getUser(7, { signal: controller.signal });
  const other = client.getUser(7);
  const reason = { why: "the panel was closed" };
  const caught = aborted.then(() => assert.fail("was not aborted"), (thrown) => assert.equal(thrown, reason));
  while (!release) await new Promise((resolve) => setImmediate(resolve));
  controller.abort(reason);
  await caught;
  release();
  assert.deepEqual(await other, { id: 7 });
  const gone = AbortSignal.abort();
  await assert.rejects(client.getUser(8, { signal: gone }), (thrown) => thrown === gone.reason);
  assert.equal(server.requests.length, 1);
});
