// A bad configuration or parameter is refused before anything is sent, with an error that names the key, what it got
// and what it takes. And what is not bad arrives byte for byte.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { ArgumentError, ConfigError, isPipedriveError, PipedriveError, UsersClient } from "pipedrive-users";
import { OPERATIONS } from "./support/operations.mjs";
import { fakeFetch, serve, success } from "./support/server.mjs";

const server = await serve(success([]));
after(() => server.close());

const SECRET = "5ecre7-5ecre7-5ecre7-5ecre7";
const token = { apiToken: SECRET };

/** Checks the text: each part has to be in it, a string or a pattern, and no secret. */
function checkText(error, parts) {
  for (const part of parts) {
    if (part instanceof RegExp) assert.match(error.message, part);
    else assert.ok(error.message.includes(part), `"${part}" is not in: ${error.message}`);
  }
  assert.ok(!inspect(error).includes("5ecre7"), error.message);
}

// [the configuration, what the error's text has to hold: the key, what it got, what it takes]
const CONFIGURATIONS = [
  [undefined, ["configuration", /got (undefined|nothing)/, "object"]],
  [null, ["configuration", "got null", "object"]],
  ["token", ["configuration", "got a string", "object"]],
  [[], ["configuration", "got an array", "object"]],
  [{}, ["apiToken", "accessToken", "baseUrl"]],
  [{ companyDomain: "casinoroyale" }, ["apiToken", "accessToken", "baseUrl"]],
  [{ apiToken: SECRET, accessToken: SECRET }, ["apiToken", "accessToken", "not both"]],
  [{ apiToken: SECRET, accessToken: () => SECRET }, ["apiToken", "accessToken", "not both"]],
  [{ ...token, companyDomain: "a", baseUrl: "https://b.example" }, ["companyDomain", "baseUrl", "not both"]],

  [{ apiToken: 7 }, ["apiToken", "got 7", "string or a function"]],
  [{ apiToken: null }, ["apiToken", "got null", "string or a function"]],
  [{ accessToken: {} }, ["accessToken", "got an object", "string or a function"]],
  [{ apiToken: Promise.resolve(SECRET) }, ["apiToken", "got an object", "string or a function"]],
  [{ apiToken: "" }, ["apiToken", "visible ASCII"]],
  [{ apiToken: `${SECRET} ` }, ["apiToken", "visible ASCII"]],
  [{ apiToken: `${SECRET}\n` }, ["apiToken", "visible ASCII"]],
  [{ accessToken: `${SECRET}\r\nx-evil: 1` }, ["accessToken", "visible ASCII"]],
  [{ accessToken: `${SECRET}\u0000` }, ["accessToken", "visible ASCII"]],
  [{ accessToken: `${SECRET}é` }, ["accessToken", "visible ASCII"]],
  [{ accessToken: `${SECRET}💡` }, ["accessToken", "visible ASCII"]],

  ...["evil.com/", "a.b", "", " ", "a/b", "a b", "-a", "a-", "a_b", "ä", "a@b", "a:443", "a?", "a#", "a\n", "x".repeat(64), "http://a.pipedrive.com", "https://pipedrive.com", "https://a.pipedrive.com.evil.com", "https://evil.com", "https://a.b.pipedrive.com", "https://a.pipedrive.com/x", "https://a.pipedrive.com:8080", "https://u@a.pipedrive.com"].map((companyDomain) =>
    [{ ...token, companyDomain }, ["companyDomain", "one DNS label"]]),
  [{ ...token, companyDomain: "evil.com/" }, ["companyDomain", 'got "evil.com/"', "one DNS label"]],
  [{ ...token, companyDomain: 7 }, ["companyDomain", "got 7", "one DNS label"]],

  ...["", "http://backend.example", "http://127.0.0.1.evil.com", "http://localhost.evil.com", "http://128.0.0.1", "ftp://backend.example", "javascript:alert(1)", "//backend.example", "backend.example", "https://", "https://a b.example", "https://backend.example?x=1", "https://backend.example/#x", "https://backend.example/\\x", "https://backend.example\n"].map((baseUrl) =>
    [{ ...token, baseUrl }, ["baseUrl", "https://"]]),
  [{ ...token, baseUrl: "http://backend.example" }, ["baseUrl", 'got "http://backend.example"', "https://"]],
  [{ ...token, baseUrl: `https://user:${SECRET}@backend.example` }, ["baseUrl", "https://", "user"]],
  [{ baseUrl: 7 }, ["baseUrl", "got 7", "URL"]],

  [{ ...token, fetch: "fetch" }, ["fetch", "got a string", "a function"]],
  [{ ...token, fetch: null }, ["fetch", "got null", "a function"]],
  [{ ...token, headers: "x: y" }, ["headers", "got a string", "object"]],
  [{ ...token, headers: [["x", "y"]] }, ["headers", "got an array", "object"]],
  [{ ...token, headers: { "x y": "z" } }, ["headers", "x y"]],
  [{ ...token, headers: { "": "z" } }, ["headers"]],
  [{ ...token, headers: { "x-a": 7 } }, ["headers", "x-a", "string"]],
  [{ ...token, headers: { "x-a": `${SECRET}\r\nx-evil: 1` } }, ["headers", "x-a"]],
  [{ ...token, headers: { "x-a": `${SECRET}💡` } }, ["headers", "x-a"]],
  ...[0, -1, 1.5, NaN, Infinity, 2 ** 31, "30000", null, true].map((timeoutMs) => [{ ...token, timeoutMs }, ["timeoutMs", "got", "an integer from 1 to 2147483647"]]),
  [{ ...token, timeoutMs: 1.5 }, ["timeoutMs", "got 1.5"]],
  ...[-1, 11, 0.5, "2", null].map((maxRetries) => [{ ...token, maxRetries }, ["maxRetries", "got", "an integer from 0 to 10"]]),
  ...[0, 1001, 2.5, "10", null].map((maxConcurrency) => [{ ...token, maxConcurrency }, ["maxConcurrency", "got", "an integer from 1 to"]]),
  ...[-1, 0.5, "1000", null].map((dailyTokenBudget) => [{ ...token, dailyTokenBudget }, ["dailyTokenBudget", "got", "an integer from 0"]]),
  [{ ...token, dangerouslyAllowBrowser: "yes" }, ["dangerouslyAllowBrowser", "got a string", "true or false"]],
  [{ ...token, logger: {} }, ["logger", "got an object", "error, warn, info and debug"]],
  [{ ...token, logger: null }, ["logger", "got null"]],
  [{ ...token, logLevel: "verbose" }, ["logLevel", "got", "off, error, warn, info, debug"]],
  [{ ...token, onEvent: {} }, ["onEvent", "got an object", "a function"]],

  [{ apitoken: SECRET }, ['"apitoken"', 'did you mean "apiToken"']],
  [{ ...token, timeout: 5 }, ['"timeout"', 'did you mean "timeoutMs"']],
  [{ ...token, baseURL: "https://x.example" }, ['"baseURL"', 'did you mean "baseUrl"']],
  [{ ...token, company_domain: "x" }, ['"company_domain"', 'did you mean "companyDomain"']],
  [{ ...token, maxRetry: 1 }, ['"maxRetry"', 'did you mean "maxRetries"']],
  [{ ...token, somethingElse: 1 }, ['"somethingElse"', "apiToken", "accessToken", "timeoutMs"]],
  [{ ...token, constructor: 1 }, ['"constructor"']],
];

for (const [config, parts] of CONFIGURATIONS) {
  test(`the configuration ${inspect(config, { breakLength: Infinity }).replaceAll(SECRET, "…").slice(0, 90)} is refused`, () => {
    let thrown;
    try {
      new UsersClient(config);
    } catch (error) {
      thrown = error;
    }
    assert.ok(thrown instanceof ConfigError && thrown instanceof PipedriveError && thrown instanceof Error, `not a ConfigError: ${inspect(thrown)}`);
    assert.equal(thrown.name, "ConfigError");
    assert.equal(thrown.kind, "config");
    assert.ok(isPipedriveError(thrown, "config"));
    checkText(thrown, parts);
  });
}

test("what is undefined is as if it were not given", () => {
  const names = ["companyDomain", "baseUrl", "fetch", "headers", "timeoutMs", "maxRetries", "maxConcurrency", "dailyTokenBudget", "dangerouslyAllowBrowser", "logger", "logLevel", "onEvent", "accessToken"];
  new UsersClient({ ...token, ...Object.fromEntries(names.map((name) => [name, undefined])) });
});

test("a path as baseUrl is accepted anywhere, and refused by a call where there is no page", async (t) => {
  for (const config of [{ baseUrl: "/pipedrive" }, { ...token, baseUrl: "/" }]) {
    const client = new UsersClient(config);
    for (const { name, call } of OPERATIONS) {
      const error = await Promise.resolve(call(client)).then(() => assert.fail("it was not refused"), (thrown) => thrown);
      assert.deepEqual([error.name, error.kind, error.operation, error.attempts], ["ConfigError", "config", name, 0]);
      checkText(error, [`${name}: `, "baseUrl", `"${config.baseUrl}"`, "page", "https://"]);
    }
  }
  const { fetch, calls } = fakeFetch({});
  await new UsersClient({ baseUrl: "/pipedrive", fetch }).getUser(7);
  globalThis.location = new URL("https://app.example/panel");
  t.after(() => delete globalThis.location);
  t.mock.method(globalThis, "fetch", fetch);
  await new UsersClient({ baseUrl: "/pipedrive" }).getUser(7);
  assert.deepEqual(calls.map(({ url }) => url), ["/pipedrive/v1/users/7", "/pipedrive/v1/users/7"]);
});

test("a credential that is undefined is named", () => {
  for (const name of ["apiToken", "accessToken"]) {
    assert.throws(() => new UsersClient({ [name]: undefined }), (error) => {
      assert.equal(error.name, "ConfigError");
      checkText(error, [`${name} is undefined`, "environment"]);
      return true;
    });
  }
});

test("every spelling of a company's domain and of a loopback is accepted", () => {
  for (const companyDomain of ["acme", "acme.pipedrive.com", "https://acme.pipedrive.com", "https://acme.pipedrive.com/", "acme-1a2b"]) new UsersClient({ ...token, companyDomain });
  for (const baseUrl of ["http://localhost:3000", "http://app.localhost:3000", "http://127.0.0.1", "http://127.1", "http://[::1]:3000", "HTTPS://X.example", "https://münchen.example", "https://x.example/pipedrive/"]) new UsersClient({ ...token, baseUrl });
});

test("the limits of each setting themselves are taken", () => {
  for (const timeoutMs of [1, 2 ** 31 - 1]) new UsersClient({ ...token, timeoutMs });
  for (const maxRetries of [0, 10]) new UsersClient({ ...token, maxRetries });
  for (const maxConcurrency of [1, 1000]) new UsersClient({ ...token, maxConcurrency });
  for (const companyDomain of ["a", "x".repeat(63), "A-1"]) new UsersClient({ ...token, companyDomain });
});

test("a token as text in a page needs dangerouslyAllowBrowser; a function or a backend does not", (t) => {
  globalThis.window = globalThis.document = {};
  t.after(() => {
    delete globalThis.window;
    delete globalThis.document;
  });
  for (const credential of ["apiToken", "accessToken"]) {
    assert.throws(() => new UsersClient({ [credential]: SECRET }), (error) => {
      assert.ok(error instanceof ConfigError);
      checkText(error, [credential, "baseUrl", "dangerouslyAllowBrowser"]);
      return true;
    });
    new UsersClient({ [credential]: SECRET, dangerouslyAllowBrowser: true });
    new UsersClient({ [credential]: () => SECRET });
  }
  new UsersClient({ baseUrl: "https://backend.example" });
});

const client = new UsersClient({ ...token, baseUrl: server.url, maxRetries: 0 });
const ID = "a positive integer up to 9007199254740991";
const BAD_IDS = [[0, "0"], [-1, "-1"], [1.5, "1.5"], [NaN, "NaN"], [Infinity, "Infinity"], [2 ** 53, "9007199254740992"], [1e300, "1e+300"], ["7", '"7"'], ["me", '"me"'], ["7/../1", '"7/../1"'], [null, "null"], [undefined, "nothing"], [true, "true"], [{}, "an object"], [[7], "a list"], [7n, "a bigint"], [Symbol("7"), "a symbol"], [() => 7, "a function"], [`${SECRET}${SECRET}`, "a string of"]];

// [what is called, how, what the error's text has to hold]
const CALLS = [
  ...OPERATIONS.filter(({ path }) => path.includes("{id}")).flatMap(({ name }) =>
    BAD_IDS.map(([id, got]) => [`${name}(${inspect(id)})`, () => client[name](id, name === "updateUser" ? { active_flag: true } : undefined), [name, "id must be", ID, `got ${got}`]])),
  ...[["", '""'], [" \t\n", ""], ["\u00a0", ""], [undefined, "nothing"], [null, "null"], [7, "7"], [["a"], "a list"], [{}, "an object"]].map(([term, got]) =>
    [`findUsersByName(${inspect(term)})`, () => client.findUsersByName(term), ["findUsersByName", "term", "a string that is not blank", `got ${got}`]]),
  ...["yes", 1, null, {}].map((searchByEmail) =>
    [`findUsersByName("a", { searchByEmail: ${inspect(searchByEmail)} })`, () => client.findUsersByName("a", { searchByEmail }), ["searchByEmail", "true or false", "got"]]),
  ...[0, 501, 1.5, -1, NaN, "10", null].map((limit) =>
    [`getUserFollowers(7, { limit: ${inspect(limit)} })`, () => client.getUserFollowers(7, { limit }), ["getUserFollowers", "limit", "an integer from 1 to 500", typeof limit === "string" ? 'got "10"' : `got ${limit}`]]),
  ...["", 7, null, {}].map((cursor) =>
    [`getUserFollowers(7, { cursor: ${inspect(cursor)} })`, () => client.getUserFollowers(7, { cursor }), ["cursor", "string", "got"]]),
  ...[0, 1.5, -1, "10", null].map((limit) =>
    [`getUserRoleAssignments(7, { limit: ${inspect(limit)} })`, () => client.getUserRoleAssignments(7, { limit }), ["getUserRoleAssignments", "limit", "an integer from 1", "got"]]),
  ...[-1, 1.5, "0", null, 2 ** 53].map((start) =>
    [`getUserRoleAssignments(7, { start: ${inspect(start)} })`, () => client.getUserRoleAssignments(7, { start }), ["start", "an integer from 0", "got"]]),
  ...[["bond", 'got "bond"'], ["@mi6.example", "got"], ["bond@", "got"], ["a b@mi6.example", "got"], ["", "got"], [undefined, "got nothing"], [null, "got null"], [7, "got 7"], ["a@b\r\n", "got"]].map(([email, got]) =>
    [`addUser({ email: ${inspect(email)} })`, () => client.addUser({ email }), ["addUser", "email", "an e-mail address", got]]),
  ["addUser()", () => client.addUser(), ["addUser", "user", "an object", /got (undefined|nothing)/]],
  ["addUser(null)", () => client.addUser(null), ["addUser", "user", "an object", "got null"]],
  ["addUser(text)", () => client.addUser("a@b.example"), ["addUser", "user", "an object", "got a string"]],
  ["addUser with active_flag 1", () => client.addUser({ email: "a@b.example", active_flag: 1 }), ["active_flag", "true or false", "got 1"]],
  ["addUser with access as text", () => client.addUser({ email: "a@b.example", access: "sales" }), ["access", "a list", 'got "sales"']],
  ["addUser with access of texts", () => client.addUser({ email: "a@b.example", access: ["sales"] }), ["access[0]", "an object", 'got "sales"']],
  ["addUser with access without an app", () => client.addUser({ email: "a@b.example", access: [{ app: "sales" }, { admin: true }] }), ["access[1].app", "got nothing"]],
  ["addUser with access with a blank app", () => client.addUser({ email: "a@b.example", access: [{ app: " " }] }), ["access[0].app", 'got " "']],
  ["addUser with access with a bad admin", () => client.addUser({ email: "a@b.example", access: [{ app: "sales", admin: 1 }] }), ["access[0].admin", "true or false", "got 1"]],
  ["addUser with access with a bad permission set", () => client.addUser({ email: "a@b.example", access: [{ app: "sales", permission_set_id: 1 }] }), ["access[0].permission_set_id", "got 1"]],
  ["addUser with access with an unknown member", () => client.addUser({ email: "a@b.example", access: [{ app: "sales", amdin: true }] }), ["access[0]", "amdin", "admin"]],
  ["addUser with a name", () => client.addUser({ email: "a@b.example", name: "A" }), ["addUser", '"name"', "email, access, active_flag"]],
  ["addUser with activeFlag", () => client.addUser({ email: "a@b.example", activeFlag: true }), ['"activeFlag"', 'did you mean "active_flag"']],
  ["addUser with Email", () => client.addUser({ Email: "a@b.example" }), ['"Email"', 'did you mean "email"']],
  ...[undefined, null, true, "false"].map((changes) =>
    [`updateUser(7, ${inspect(changes)})`, () => client.updateUser(7, changes), ["updateUser", "changes", "an object", "got"]]),
  ...[[{}, "nothing"], [{ active_flag: undefined }, "nothing"], [{ active_flag: 0 }, "0"], [{ active_flag: "true" }, '"true"'], [{ active_flag: null }, "null"]].map(([changes, got]) =>
    [`updateUser(7, ${inspect(changes)})`, () => client.updateUser(7, changes), ["updateUser", "active_flag", "true or false", `got ${got}`]]),
  ["updateUser with a name", () => client.updateUser(7, { active_flag: true, name: "A" }), ["updateUser", '"name"', "active_flag"]],
  ["updateUser with another id inside", () => client.updateUser(7, { active_flag: true, id: 8 }), ["updateUser", '"id"', "active_flag"]],

  ...OPERATIONS.flatMap(({ name, call }) => [
    [`${name} with options null`, () => call(client, null), [name, "options", "an object", "got null"]],
    [`${name} with options as text`, () => call(client, "x"), [name, "options", "an object", "got a string"]],
    [`${name} with an unknown option`, () => call(client, { timeout: 5 }), [name, '"timeout"', 'did you mean "timeoutMs"']],
    [`${name} with timeoutMs 0`, () => call(client, { timeoutMs: 0 }), [name, "timeoutMs", "an integer from 1 to 2147483647", "got 0"]],
    [`${name} with timeoutMs as text`, () => call(client, { timeoutMs: "5" }), [name, "timeoutMs", 'got "5"']],
    [`${name} with maxRetries 11`, () => call(client, { maxRetries: 11 }), [name, "maxRetries", "an integer from 0 to 10", "got 11"]],
    [`${name} with maxRetries 0.5`, () => call(client, { maxRetries: 0.5 }), [name, "maxRetries", "got 0.5"]],
    [`${name} with headers as text`, () => call(client, { headers: "x" }), [name, "headers", "an object of strings"]],
    [`${name} with a header that is a number`, () => call(client, { headers: { "x-a": 7 } }), [name, "headers", "x-a", "string"]],
    [`${name} with a header name of two words`, () => call(client, { headers: { "x a": "7" } }), [name, "headers", "x a"]],
    [`${name} with a line break in a header`, () => call(client, { headers: { "x-a": `${SECRET}\r\nx-evil: 1` } }), [name, "headers", "x-a"]],
    [`${name} with a signal that is none`, () => call(client, { signal: {} }), [name, "signal", "AbortSignal"]],
  ]),
  ["headers as text, in full", () => client.getUsers({ headers: SECRET }), ["headers", "an object of strings", "got a string"]],
  ["a signal that is none, in full", () => client.getUsers({ signal: {} }), ["signal", "an AbortSignal", "got an object"]],
  ["getUsers with a limit, since it is never paged", () => client.getUsers({ limit: 5 }), ["getUsers", '"limit"']],
  ["getUsers with a cursor", () => client.getUsers({ cursor: "x" }), ["getUsers", '"cursor"']],
  ["getUserFollowers with start", () => client.getUserFollowers(7, { start: 5 }), ["getUserFollowers", '"start"']],
  ["getUserRoleAssignments with cursor", () => client.getUserRoleAssignments(7, { cursor: "x" }), ["getUserRoleAssignments", '"cursor"']],
  ["findUsersByName with search_by_email", () => client.findUsersByName("a", { search_by_email: true }), ['"search_by_email"', 'did you mean "searchByEmail"']],
];

for (const [what, call, parts] of CALLS) {
  test(`${what} is refused`, async () => {
    const before = server.requests.length;
    await assert.rejects(async () => call(), (error) => {
      assert.ok(error instanceof ArgumentError, `not an ArgumentError: ${inspect(error)}`);
      assert.equal(error.name, "ArgumentError");
      assert.equal(error.kind, "argument");
      assert.equal(error.attempts, 0);
      assert.equal(error.status, undefined);
      assert.ok(isPipedriveError(error, "argument"));
      checkText(error, parts);
      return true;
    });
    assert.equal(server.requests.length, before, "something was sent");
  });
}

test("a refused call rejects, it does not throw", () => {
  for (const call of [() => client.getUser(0), () => client.getUsers({ timeout: 1 }), () => client.addUser(), () => client.getUserFollowers(0)]) {
    const promise = call();
    assert.ok(promise instanceof Promise);
    promise.catch(() => {});
  }
});

test("a refusal names its operation and spends nothing", async () => {
  const fresh = new UsersClient({ ...token, baseUrl: server.url });
  await assert.rejects(fresh.getUser(0), { operation: "getUser" });
  await assert.rejects(fresh.getUser(7, { tiemoutMs: 1 }), { operation: "getUser" });
  assert.deepEqual([fresh.usage.tokensSpent, fresh.usage.callsSent], [0, 0]);
});

test("toArray needs a limit from 1 to 10 000", async () => {
  for (const [options, got] of [[{ limit: 0 }, "got 0"], [{ limit: 10_001 }, "got 10001"], [{ limit: 1.5 }, "got 1.5"], [{ limit: "5" }, "got"], [{}, "got"], [undefined, ""], [null, ""]]) {
    const client = new UsersClient({ ...token, fetch: fakeFetch([]).fetch });
    await assert.rejects(client.getUserFollowers(7).toArray(options), (error) => {
      assert.ok(error instanceof ArgumentError, `toArray(${inspect(options)}): ${inspect(error)}`);
      checkText(error, ["toArray", "limit", "an integer from 1 to 10000", got]);
      return true;
    });
  }
});

const TEXTS = [
  "/", "?", "#", "%", "&", "=", "+", ";", ":", "@", "..", "../../deals", "a/b?c#d%e&f=g", "%2F", "%00", "%zz", "\r\nx-evil: 1", "a\rb\nc", "a\tb", " a ", "\u0000", "\u007f",
  "é", "ß", "Ольга", "李小龍", "👩‍🚀💡", "e\u0301", "a\u2028\u2029", "\u202e", "\ufeffa", "\uffff", "a\\b\"c'd`e<f>g", "$&{}|^~[]", "x".repeat(5000), "&search_by_email=1", "#&term=other",
];

for (const text of TEXTS) {
  test(`the text ${JSON.stringify(text).slice(0, 40)} arrives byte for byte`, async () => {
    const before = server.requests.length;
    await client.findUsersByName(text, { searchByEmail: true });
    await client.getUserFollowers(7, { limit: 3, cursor: text });
    const [found, followers] = server.requests.slice(before);
    for (const [request, path, name, value, others] of [
      [found, "/v1/users/find", "term", text, [["search_by_email", "1"]]],
      [followers, "/api/v2/users/7/followers", "cursor", text, [["limit", "3"]]],
    ]) {
      const [arrived, query, ...rest] = request.path.split("?");
      assert.equal(arrived, path);
      assert.deepEqual(rest, []);
      assert.match(query, /^[\w.~%=&-]*$/, "only what RFC 3986 leaves unreserved, and escapes");
      const pairs = query.split("&").map((pair) => pair.split("=").map((part) => Buffer.from(decodeURIComponent(part))));
      const expected = [[name, value], ...others].map((pair) => pair.map((part) => Buffer.from(part)));
      assert.deepEqual(pairs.sort(([a], [b]) => a.compare(b)), expected.sort(([a], [b]) => a.compare(b)));
      assert.equal("x-evil" in request.headers, false);
      assert.deepEqual(Object.keys(request.headers).sort(), Object.keys(found.headers).sort());
      for (const value of Object.values(request.headers)) assert.ok(!value.includes("evil"));
    }
  });
}

test("half a surrogate pair becomes a replacement character, as the platform has it", async () => {
  const before = server.requests.length;
  await client.findUsersByName("a\ud800b");
  assert.equal(server.requests[before].path, `/v1/users/find?term=a${encodeURIComponent("\ufffd")}b`);
});
