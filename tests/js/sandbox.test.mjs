// `pipedrive-users/sandbox`: an in-memory Pipedrive as a fetch function.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { inspect, promisify } from "node:util";
import { isPipedriveError, UsersClient } from "pipedrive-users";
import { createSandbox } from "pipedrive-users/sandbox";
import { OPERATIONS } from "./support/operations.mjs";
import { COMMAND, startSandbox, startSandboxOfPackage } from "./support/sandbox.mjs";

const HOST = "https://api.pipedrive.com";

/** Asks without the SDK. */
const ask = (sandbox, path, init = {}) => sandbox.fetch(HOST + path, { ...init, headers: { "x-api-token": sandbox.apiToken, ...init.headers } });

test("all ten calls of the client", async () => {
  const sandbox = createSandbox({ users: 12 });
  for (const config of [{ apiToken: sandbox.apiToken }, { accessToken: sandbox.accessToken, companyDomain: "casinoroyale" }]) {
    const client = new UsersClient({ ...config, fetch: sandbox.fetch });
    for (const operation of OPERATIONS) {
      const { data, response } = await operation.call(client).withResponse();
      assert.equal(response.status, 200, operation.name);
      if (!operation.body) assert.deepEqual(operation.paged ? data.items : data, (await (await ask(sandbox, operation.target)).json()).data);
    }
    assert.equal((await client.getUsers()).length, 13);
    const [added] = await client.findUsersByName("q@mi6.example", { searchByEmail: true });
    assert.deepEqual(await client.getUser(added.id), added);
    assert.equal((await client.getUser(2)).active_flag, false);
  }
});

test("tokens and rights", async () => {
  const sandbox = createSandbox();
  const as = (config) => new UsersClient({ ...config, fetch: sandbox.fetch, maxRetries: 0 });
  assert.equal((await as({ apiToken: sandbox.nonAdminToken }).getCurrentUser()).id, 2);
  await assert.rejects(as({ apiToken: sandbox.nonAdminToken }).addUser({ email: "q@mi6.example" }), { kind: "permission", status: 403 });
  await assert.rejects(as({ apiToken: sandbox.nonAdminToken }).updateUser(3, { active_flag: false }), { kind: "permission" });
  assert.equal((await as({ accessToken: sandbox.baseToken }).getCurrentUser()).id, 1);
  await assert.rejects(as({ accessToken: sandbox.baseToken }).getUsers(), { kind: "permission", code: 403, message: /Scope and URL mismatch/ });
  await assert.rejects(as({ apiToken: "wrong" }).getCurrentUser(), { kind: "authentication", code: 401 });
  await assert.rejects(as({ apiToken: sandbox.apiToken }).getUser(999), { kind: "not_found", message: /User not found or not accessible/ });
  await assert.rejects(as({ apiToken: sandbox.apiToken }).getUserFollowers(999), { kind: "not_found", message: /Entity was not found/ });
});

test("limits are kept", async () => {
  const burst = createSandbox({ burst: 2 });
  const statuses = [];
  for (let call = 0; call < 3; call++) statuses.push((await ask(burst, "/v1/users/me")).status);
  assert.deepEqual(statuses, [200, 200, 429]);
  const daily = createSandbox({ daily: 5 });
  const client = new UsersClient({ apiToken: daily.apiToken, fetch: daily.fetch });
  await client.getUser(1);
  await client.getCurrentUser();
  await assert.rejects(client.getUser(2), { kind: "rate_limit", scope: "daily" });
});

test("the burst window is rolling by default, and fixed on request", async (t) => {
  const start = Date.UTC(2026, 10, 22, 10);
  t.mock.timers.enable({ apis: ["Date"], now: start });
  // [options, [milliseconds, status, remaining, reset]…]
  for (const [options, ...rows] of [
    [{ burst: 2 }, [0, 200, "1", "2"], [1_900, 200, "0", "1"], [1_999, 429, "0", "1"], [2_000, 200, "0", "2"], [2_100, 429, "0", "2"], [3_900, 200, "0", "1"]],
    [{ burst: 2, window: "rolling" }, [0, 200, "1", "2"], [1_900, 200, "0", "1"], [2_000, 200, "0", "2"], [2_100, 429, "0", "2"]],
    [{ burst: 2, window: "fixed" }, [0, 200, "1", "2"], [1_900, 200, "0", "1"], [1_999, 429, "0", "1"], [2_000, 200, "1", "2"], [2_100, 200, "0", "2"], [2_101, 429, "0", "2"]],
  ]) {
    const sandbox = createSandbox(options);
    for (const [milliseconds, ...expected] of rows) {
      t.mock.timers.setTime(start + milliseconds);
      const { status, headers } = await ask(sandbox, "/v1/users/me");
      assert.deepEqual([status, headers.get("x-ratelimit-remaining"), headers.get("x-ratelimit-reset")], expected, `${inspect(options)} ${milliseconds} ms`);
    }
  }
});

// [options, what the error's text has to hold]
for (const [options, parts] of [
  [{ users: 2 }, ["users", "got 2", "from 3 to 100000"]],
  [{ users: 100_001 }, ["users", "got 100001", "from 3 to 100000"]],
  [{ users: 4.5 }, ["users", "got 4.5"]],
  [{ users: "25" }, ["users", "got", "integer"]],
  [{ users: null }, ["users", "got null"]],
  [{ users: NaN }, ["users", "got NaN"]],
  [{ burst: 0 }, ["burst", "got 0", "from 1"]],
  [{ window: "sliding" }, ["window", '"rolling" or "fixed"', "got a string"]],
  [{ window: null }, ["window", "got null"]],
  [{ window: ["fixed"] }, ["window", "got"]],
  [{ daily: -1 }, ["daily", "got -1", "from 0"]],
  [{ seed: 2 ** 53 }, ["seed", "got 9007199254740992"]],
  [{ seed: Symbol("x") }, ["seed", "got"]],
  [{ user: 3 }, ['"user"', 'did you mean "users"']],
  [{ latency: 3 }, ['"latency"', "users, burst, daily, seed, window"]],
  ...["clientId", "clientSecret", "name", "redirectUri", "installationUrl", "scopes", "rotate", "accessTokenSeconds"].map((name) => [{ app: { [name]: Symbol("x") } }, [`app.${name}`, "got a symbol"]]),
  [{ app: { redirectUri: "/callback" } }, ["app.redirectUri", "a URL"]],
  [{ app: { accessTokenSeconds: 0 } }, ["app.accessTokenSeconds", "got 0", "from 1"]],
  [{ app: { scopes: "base" } }, ["app.scopes", "a list"]],
  [{ app: { clientID: "x" } }, ['"clientID"', 'did you mean "clientId"']],
  [null, ["options", "an object", "got null"]],
  [7, ["options", "an object", "got 7"]],
]) {
  test(`createSandbox(${inspect(options)}) is refused`, () => {
    assert.throws(() => createSandbox(options), (error) => {
      // The class is this entry's own copy: the brand is what both share.
      assert.ok(isPipedriveError(error, "config"), inspect(error));
      assert.equal(error.name, "ConfigError");
      for (const part of parts) assert.ok(error.message.includes(part), error.message);
      return true;
    });
  });
}

test("an OAuth app that cannot be is refused with a ConfigError by the first request", async () => {
  for (const [app, message] of [[{ clientId: "a:b" }, /without a colon/], [{ clientSecret: "" }, /a clientSecret/], [{ scopes: ["deals:read"] }, /app\.scopes/], [{ scopes: [7] }, /string/], [{ installationUrl: "http://app.example/" }, /app\.installationUrl/]]) {
    const sandbox = createSandbox({ app });
    for (const call of [ask(sandbox, "/v1/users"), sandbox.signedToken({ userId: 1 }), sandbox.uninstallRequest({ userId: 1 })]) {
      await assert.rejects(call, (error) => isPipedriveError(error, "config") && message.test(error.message), inspect(app));
    }
  }
});

test("signed tokens and uninstallations are no calls: they cost nothing, and no failure that was asked for meets them", async () => {
  const sandbox = createSandbox({ burst: 1, daily: 40 });
  sandbox.fail({ status: 503 });
  for (let time = 0; time < 3; time++) {
    await sandbox.signedToken({ userId: 1 });
    assert.equal((await sandbox.uninstallRequest({ userId: 2 })).method, "DELETE");
  }
  assert.equal((await ask(sandbox, "/v1/users/1")).status, 503);
  const { company_id, user_id } = await (await sandbox.uninstallRequest({ userId: 2 })).json();
  const me = await (await ask(createSandbox(), "/v1/users/me")).json();
  assert.deepEqual([company_id, user_id], [me.data.company_id, 2]);
});

test("the request of an uninstallation carries any client secret", async () => {
  const sandbox = createSandbox({ app: { clientSecret: "pässwörd €", redirectUri: undefined, scopes: undefined } });
  const request = await sandbox.uninstallRequest({ userId: 1 });
  assert.equal(Buffer.from(request.headers.get("authorization").slice(6), "base64").toString(), "sandbox-app:pässwörd €");
});

test("what is undefined is as if it were not given, and the limits themselves are taken", async () => {
  for (const options of [undefined, {}, { users: undefined, burst: undefined, window: undefined, daily: undefined, seed: undefined }, { users: 3, burst: 1, daily: 20, seed: 0 }, { burst: 4294967295, daily: 4294967295, seed: Number.MAX_SAFE_INTEGER }]) {
    const response = await ask(createSandbox(options), "/v1/users");
    assert.equal(response.status, 200, inspect(options));
    assert.equal((await response.json()).data.length, options?.users ?? 25);
  }
});

test("a URL, a URL object, a path, a Request, and a Request with an init", async () => {
  const sandbox = createSandbox();
  const headers = { "x-api-token": sandbox.apiToken };
  const post = { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: '{"email":"q@mi6.example"}' };
  const expected = await (await sandbox.fetch(`${HOST}/v1/users/2`, { headers })).text();
  for (const [input, init] of [
    [new URL(`${HOST}/v1/users/2`), { headers }],
    ["/v1/users/2", { headers: new Headers(headers) }],
    [new Request(`${HOST}/v1/users/2`, { headers })],
    [new Request(`${HOST}/v1/users/2`), { headers }],
    ["https://casinoroyale.pipedrive.com/api/v1/users/2?x=1#y", { headers: Object.entries(headers) }],
  ]) {
    const response = await sandbox.fetch(input, init);
    assert.ok(response instanceof Response);
    assert.equal(await response.text(), expected, inspect(input));
  }
  const added = await (await sandbox.fetch(new Request(`${HOST}/v1/users`, post))).json();
  assert.equal(added.data.email, "q@mi6.example");
  assert.deepEqual(await (await sandbox.fetch(`${HOST}/v1/users`, { ...post, body: new TextEncoder().encode(post.body) })).json(), added);
});

test("responses look as the platform's do", async () => {
  const sandbox = createSandbox();
  const response = await ask(sandbox, "/v1/users/me");
  assert.equal(response.status, 200);
  assert.equal(response.ok, true);
  assert.match(response.headers.get("content-type"), /^application\/json/);
  assert.match(response.headers.get("x-correlation-id"), /^[0-9a-f-]{36}$/);
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  const preflight = await sandbox.fetch(`${HOST}/v1/users`, { method: "OPTIONS", headers: { "access-control-request-method": "POST" } });
  assert.equal(preflight.status, 204);
  for (const name of ["x-api-token", "authorization", "content-type"]) assert.ok(preflight.headers.get("access-control-allow-headers").includes(name));
  assert.equal((await sandbox.fetch(`${HOST}/v1/users`)).status, 401);
  assert.equal((await ask(sandbox, "/v1/deals")).status, 401);
  assert.equal((await ask(sandbox, "/v1/users/1", { method: "DELETE" })).status, 401);
});

test("an aborted request rejects with the signal's reason, as the platform's fetch does", async () => {
  const sandbox = createSandbox();
  const reason = new Error("enough");
  await assert.rejects(ask(sandbox, "/v1/users/me", { signal: AbortSignal.abort(reason) }), (thrown) => thrown === reason);
  await assert.rejects(ask(sandbox, "/v1/users/me", { signal: AbortSignal.abort() }), { name: "AbortError" });
  const controller = new AbortController();
  const asked = ask(sandbox, "/v1/users", { method: "POST", body: '{"email":"q@mi6.example"}', signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(asked, (thrown) => thrown === reason);
  const { data } = await (await ask(sandbox, "/v1/users/find?term=q@mi6.example&search_by_email=1")).json();
  assert.deepEqual(data, [], "what was aborted before it was processed is not processed");
});

test("two sandboxes are independent of one another", async () => {
  const [one, other] = [createSandbox({ users: 5 }), createSandbox({ users: 5 })];
  const clients = [one, other].map(({ apiToken, fetch }) => new UsersClient({ apiToken, fetch }));
  await clients[0].addUser({ email: "q@mi6.example" });
  await clients[0].updateUser(3, { active_flag: false });
  assert.equal((await clients[0].getUsers()).length, 6);
  assert.equal((await clients[1].getUsers()).length, 5);
  assert.equal((await clients[1].getUser(3)).active_flag, true);
});

test("requests at the same time all succeed, and change one company", async () => {
  const sandbox = createSandbox({ users: 3, burst: 1000 });
  const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch, maxConcurrency: 50 });
  const added = await Promise.all(Array.from({ length: 50 }, (_, index) => client.addUser({ email: `agent${index}@mi6.example` })));
  assert.equal(new Set(added.map(({ id }) => id)).size, 50);
  assert.equal((await client.getUsers()).length, 53);
});

test("the same seed gives the same company, another seed another", async () => {
  const users = async (options) => (await (await ask(createSandbox(options), "/v1/users")).text());
  assert.equal(await users({ seed: 7 }), await users({}));
  assert.equal(await users({ seed: 11, users: 9 }), await users({ seed: 11, users: 9 }));
  assert.notEqual(await users({ seed: 11 }), await users({ seed: 12 }));
});

test("the tokens that it names are those that it takes, whatever the seed", async () => {
  const sandbox = createSandbox({ seed: 12345 });
  for (const [name, value, status] of [
    ["x-api-token", sandbox.apiToken, 200],
    ["x-api-token", sandbox.nonAdminToken, 200],
    ["authorization", `Bearer ${sandbox.accessToken}`, 200],
    ["authorization", `Bearer ${sandbox.baseToken}`, 200],
    ["authorization", `Bearer ${sandbox.apiToken}`, 401],
  ]) {
    assert.equal((await sandbox.fetch(`${HOST}/v1/users/me`, { headers: { [name]: value } })).status, status, name);
  }
});

for (const [name, startHttp] of [["cargo xtask sandbox", startSandbox], ["npx pipedrive-users sandbox", startSandboxOfPackage]]) test(`it responds as ${name} does, with the same options`, async (t) => {
  const http = await startHttp("--users", 9, "--seed", 11, "--burst", 1000, "--daily", 5000);
  t.after(() => http.stop());
  const here = createSandbox({ users: 9, seed: 11, burst: 1000, daily: 5000 });
  assert.deepEqual([here.apiToken, here.accessToken, here.nonAdminToken, here.baseToken], [http.apiToken, http.accessToken, http.nonAdminToken, http.baseToken]);
  const json = { "content-type": "application/json" };
  const api = { "x-api-token": here.apiToken };
  for (const [path, init] of [
    ...OPERATIONS.filter(({ body }) => !body).map(({ target }) => [target, { headers: api }]),
    ["/v1/users/1/roleAssignments?start=1&limit=2", { headers: api }],
    ["/api/v2/users/1/followers?limit=3", { headers: api }],
    ["/api/v2/users/1/followers?limit=501", { headers: api }],
    ["/api/v2/users/1/followers?cursor=nonsense", { headers: api }],
    ["/v1/users/find?term=%20", { headers: api }],
    ["/v1/users/find?term=%C3%A4%2B+", { headers: api }],
    ["/v1/users/999", { headers: api }],
    ["/api/v2/users/999/followers", { headers: api }],
    ["/v1/users/me", { headers: { authorization: `Bearer ${here.baseToken}` } }],
    ["/v1/users", { headers: { authorization: `Bearer ${here.baseToken}` } }],
    ["/v1/users", {}],
    ["/v1/nothing", { headers: api }],
    ["/v1/users", { method: "POST", headers: { "x-api-token": here.nonAdminToken, ...json }, body: '{"email":"q@mi6.example"}' }],
    ["/v1/users", { method: "POST", headers: { ...api, ...json }, body: '{"email":"ü@mi6.example","access":[{"app":"sales","admin":true}]}' }],
    ["/v1/users", { method: "POST", headers: { ...api, ...json }, body: '{"email":"nonsense"}' }],
    ["/v1/users", { method: "POST", headers: { ...api, ...json }, body: "{" }],
    ["/v1/users/2", { method: "PUT", headers: { ...api, ...json }, body: '{"active_flag":false}' }],
    ["/v1/users/2", { method: "PUT", headers: { ...api, ...json }, body: '{"active_flag":1}' }],
    ["/v1/users", { headers: api }],
  ]) {
    const [one, other] = await Promise.all([here.fetch(HOST + path, init), fetch(http.url + path, init)]);
    const look = async (response) => {
      const body = (await response.text()).replace(/"(created|modified)":"[^"]*"/g, '"$1":"…"');
      const headers = Object.fromEntries(response.headers);
      // The clock, and what only a connection has.
      for (const name of ["x-ratelimit-reset", "date", "connection", "keep-alive", "content-length", "transfer-encoding", "x-ratelimit-remaining"]) delete headers[name];
      return { status: response.status, headers, body };
    };
    assert.deepEqual(await look(one), await look(other), `${init.method ?? "GET"} ${path}`);
  }
});

const run = promisify(execFile);
const flagsOf = (help) => [...new Set(help.match(/(?<=^\s*(?:-\w, )?)--[a-z-]+/gm))].sort();

test("the package's command has the flags of cargo xtask sandbox, and says what it does not take", async () => {
  const [npm, xtask] = await Promise.all([run(process.execPath, [COMMAND, "sandbox", "--help"]), run(process.env.PIPEDRIVE_SANDBOX, ["sandbox", "--help"])]);
  // The page around a panel is for those who have npm alone; who has the repository has `cargo xtask demo`.
  assert.deepEqual(flagsOf(npm.stdout).filter((flag) => flag !== "--panel"), flagsOf(xtask.stdout));
  assert.ok(flagsOf(npm.stdout).includes("--access-token-seconds"));
  for (const [args, code, text] of [
    [["sandbox", "--users", "2"], 1, "users must be an integer from 3 to 100000, got 2"],
    [["sandbox", "--users", "many"], 1, "users must be an integer from 3 to 100000, got NaN"],
    [["sandbox", "--client-id", "a:b"], 1, "client"],
    [["sandbox", "--usrs", "3"], 1, "--usrs"],
    [["sandbox", "--fail", '{"status":1}'], 1, "status must be an integer from 300 to 599"],
    [["sandbox", "--fail", "503"], 1, "must be an object"],
    [["sandbox", "--fail", "{"], 1, "JSON"],
    ...["99999", "abc", "1.5", "", " 8080", "0x10"].map((port) => [["sandbox", "--port", port], 1, "--port must be an integer from 0 to 65535"]),
    [["sandbox", "--panel", "panel"], 1, "--panel must be a URL"],
    [["sandbx"], 2, "Usage: pipedrive-users sandbox"],
    [[], 2, "Usage: pipedrive-users sandbox"],
  ]) {
    await assert.rejects(run(process.execPath, [COMMAND, ...args]), (failed) => {
      assert.equal(failed.code, code, inspect(args));
      assert.ok(failed.stderr.includes(text), `${inspect(args)}: ${failed.stderr}`);
      assert.ok(!/\n {4}at /.test(failed.stderr), failed.stderr);
      return true;
    });
  }
});
