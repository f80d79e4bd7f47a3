// What goes wrong, over HTTP: every shape of an error, every class of error, and no token in any of them.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, test } from "node:test";
import { inspect } from "node:util";
import * as sdk from "pipedrive-users";
import { always, fakeFetch, serve, success } from "./support/server.mjs";

const { isPipedriveError, PipedriveError, UsersClient } = sdk;
const SECRET = "5ecre7c0ffee5ecre7c0ffee5ecre7c0ffee5ecr";

let handler;
const server = await serve((...all) => handler(...all));
after(() => server.close());
/** A client of its own for each call: a client remembers the limits that were reported to it. */
const newClient = () => new UsersClient({ apiToken: SECRET, baseUrl: server.url, maxRetries: 0 });

const CLASSES = {
  config: "ConfigError", argument: "ArgumentError", authentication: "AuthenticationError", permission: "PermissionError", blocked: "BlockedError",
  not_found: "NotFoundError", validation: "ValidationError", rate_limit: "RateLimitError", server: "ServerError", connection: "ConnectionError",
  timeout: "TimeoutError", decode: "DecodeError", api: "ApiError", unexpected_status: "UnexpectedStatusError", load: "LoadError",
};

/** The error that a call rejects with, checked for all that every error has. */
async function errorOf(kind, call) {
  const error = await Promise.resolve(call).then(() => assert.fail("did not reject"), (thrown) => thrown);
  const Class = sdk[CLASSES[kind]];
  assert.ok(error instanceof Class, `expected ${CLASSES[kind]}, got ${inspect(error)}`);
  assert.ok(error instanceof PipedriveError && error instanceof Error);
  assert.equal(error.name, CLASSES[kind]);
  assert.equal(Class.name, CLASSES[kind]);
  assert.equal(error.kind, kind);
  for (const other of Object.keys(CLASSES)) assert.equal(isPipedriveError(error, other), other === kind);
  assert.equal(isPipedriveError(error), true);
  assert.equal(Object.prototype.toString.call(error), "[object Error]");
  assert.ok(error.message.length > 10);
  assert.ok(!/undefined|\[object|NaN/.test(error.message), error.message);
  const json = JSON.stringify(error);
  const { name, message } = JSON.parse(json);
  assert.deepEqual([name, message, JSON.parse(json).kind], [error.name, error.message, kind]);
  for (const text of [json, inspect(error, { depth: 9, showHidden: true }), String(error), error.stack]) assert.ok(!text.includes(SECRET), "a token shows");
  return error;
}

/** The error of a call that gets this response. */
async function errorFor(kind, status, body, headers = {}) {
  handler = always(status, body, { "x-correlation-id": "11111111-2222-4333-8444-555555555555", ...headers });
  const error = await errorOf(kind, newClient().getUser(7));
  assert.equal(error.operation, "getUser");
  assert.equal(error.status, status);
  assert.equal(error.attempts, 1);
  assert.equal(error.requestId, "11111111-2222-4333-8444-555555555555");
  assert.equal(error.headers["x-correlation-id"], error.requestId);
  assert.equal(error.body, typeof body === "string" ? body : JSON.stringify(body));
  assert.match(error.message, /^getUser: /);
  return error;
}

test("there is one class for each kind, and each is exported", () => {
  const exported = Object.keys(sdk).filter((name) => name.endsWith("Error") && name !== "isPipedriveError");
  assert.deepEqual(exported.sort(), ["PipedriveError", ...Object.values(CLASSES)].sort());
  for (const name of Object.values(CLASSES)) {
    assert.ok(sdk[name].prototype instanceof PipedriveError);
    assert.equal(sdk[name].name, name);
  }
});

test("the kind of an error is that of its class, whatever its fields say", () => {
  for (const [kind, name] of Object.entries(CLASSES)) {
    for (const given of [undefined, kind, "another"]) assert.equal(new sdk[name]("x", { kind: given }).kind, kind);
  }
  assert.equal(new PipedriveError("x", { kind: "server" }).kind, "server");
});

test("isPipedriveError is a predicate of lists too, which give it an index", () => {
  const [one, other] = [new sdk.ServerError("x"), new sdk.NotFoundError("y")];
  const list = [1, one, null, other];
  assert.deepEqual([list.filter(isPipedriveError), list.find(isPipedriveError), list.findLastIndex(isPipedriveError)], [[one, other], one, 3]);
  assert.ok(![null, {}].some(isPipedriveError));
});

test("isPipedriveError is false for everything else", () => {
  for (const other of [undefined, null, "text", {}, { kind: "api" }, new Error("x"), Object.assign(new Error("x"), { kind: "api" }), new DOMException("x", "AbortError")]) {
    assert.equal(isPipedriveError(other), false);
    assert.equal(isPipedriveError(other, "api"), false);
  }
});

// [what, status, body, kind, text in the message, detail, code]
const INFO = "Please check developers.pipedrive.com";
const SHAPES = [
  ["shape 1: an API error", 500, { success: false, error: "Requested service is not available", error_info: INFO, data: null, additional_data: null }, "server", "Requested service is not available"],
  ["shape 1 with only the text", 404, { success: false, error: "User not found or not accessible." }, "not_found", "User not found or not accessible"],
  ["shape 1 of v2", 404, { success: false, error: "Entity was not found", error_info: "Object was not found.", data: null, additional_data: null }, "not_found", "Entity was not found", "Object was not found."],
  ["shape 1 with a 403", 403, { success: false, error: "You do not have permissions to do this.", error_info: INFO, data: null, additional_data: null }, "permission", "You do not have permissions to do this"],
  ["shape 2: a plan's limit", 403, { success: false, error: "Couldn't add the deal. Open deals limit reached.", error_info: `${INFO} for more information about Pipedrive API.`, data: null, additional_data: null, code: "feature_capping_deals_limit" }, "permission", "Open deals limit reached", undefined, "feature_capping_deals_limit"],
  ["shape 3: a gateway's 401", 401, { success: false, error: "unauthorized access", errorCode: 401, error_info: INFO }, "authentication", "unauthorized access", undefined, 401],
  ["shape 3: a gateway's 401, short", 401, { success: false, error: "unauthorized access", errorCode: 401 }, "authentication", "unauthorized access", undefined, 401],
  ["shape 3: a scope that is missing", 403, { success: false, error: "Scope and URL mismatch", errorCode: 403 }, "permission", "Scope and URL mismatch", undefined, 403],
  ["shape 3: the daily budget", 429, { success: false, error: "daily request budget exceeded", errorCode: 429 }, "rate_limit", "daily request budget exceeded", undefined, 429],
  ["shape 4: validation with error_info", 400, { success: false, data: null, additional_data: null, error: "provided dataset is not valid", error_info: '"owner_id" must be a number' }, "validation", '"owner_id" must be a number', '"owner_id" must be a number'],
  ["shape 4: validation with a statusCode", 400, { success: false, statusCode: 10009, error: "HTTP request is not valid", error_info: "Either 'infinite' or 'cyclesCount' must be specified.", data: null }, "validation", "HTTP request is not valid", "Either 'infinite' or 'cyclesCount' must be specified.", 10009],
  ["shape 4: error as an object", 400, { success: false, error: { code: "ERR_INVALID_INPUT", message: 'Invalid input: "term" is not allowed to be empty' } }, "validation", '"term" is not allowed to be empty', undefined, "ERR_INVALID_INPUT"],
  ["shape 5: v2's validation", 400, { success: false, error: "querystring/limit must be integer", error_info: INFO, data: null, additional_data: null, code: "ERR_SCHEMA_VALIDATION_FAILED" }, "validation", "querystring/limit must be integer", undefined, "ERR_SCHEMA_VALIDATION_FAILED"],
  ["shape 6: the OAuth server", 400, { success: false, message: "Invalid grant: refresh_token is invalid", error: "invalid_grant" }, "validation", "invalid_grant"],
  ["shape 6 without error", 401, { success: false, message: "Invalid token: access_token is invalid" }, "authentication", "Invalid token: access_token is invalid"],
  ["shape 7: a message", 403, { success: false, message: "Forbidden" }, "permission", "Forbidden"],
  ["shape 7 with an empty error", 400, { success: false, error: "", error_info: "", message: "Bad request" }, "validation", "Bad request"],
  ["shape 7: errors", 400, { status: "error", success: false, errors: { event_object: "must be one of the known objects" } }, "validation", "must be one of the known objects"],
  ["shape 7: errors as lists", 422, { status: "error", success: false, errors: { active_flag: ["must be a boolean"] } }, "validation", "must be a boolean"],
];

for (const [what, status, body, kind, text, detail, code] of SHAPES) {
  test(`${what} with ${status}`, async () => {
    const error = await errorFor(kind, status, body);
    assert.ok(error.message.includes(text), error.message);
    assert.ok(!error.message.includes("developers.pipedrive.com"));
    assert.equal(error.detail, detail);
    assert.strictEqual(error.code, code);
  });
}

test("the message of the OAuth server is shown", async () => {
  const error = await errorFor("validation", 400, { success: false, message: "Invalid grant: refresh_token is invalid", error: "invalid_grant" });
  assert.ok(`${error.message} ${error.body}`.includes("refresh_token is invalid"));
});

const HTML = "<!DOCTYPE html><html><body>This error is produced by Cloudflare</body></html>";

test("shape 8: an HTML page with 403 is a block, not a missing permission", async () => {
  for (const type of ["text/html", "text/html; charset=UTF-8"]) {
    const error = await errorFor("blocked", 403, HTML, { "content-type": type });
    assert.equal(error.code, undefined);
    assert.ok(!error.message.includes("<"), error.message);
  }
});

test("shape 8: media types have no case", async () => {
  await errorFor("blocked", 403, HTML, { "content-type": "Text/HTML; Charset=UTF-8" });
});

test("shape 8: an HTML page with 502, 520 and 524", async () => {
  for (const status of [502, 520, 524]) {
    const error = await errorFor("server", status, HTML, { "content-type": "text/html" });
    assert.ok(!error.message.includes("<"), error.message);
  }
});

test("an HTML page with 200 is not from Pipedrive", async () => {
  assert.match((await errorFor("decode", 200, HTML, { "content-type": "text/html" })).message, /proxy|not Pipedrive/);
});

test("bodies that are not an envelope", async () => {
  for (const body of ["", " ", "null", "[]", "7", '"text"', "true", "{}", '{"data":[]}', '{"success":null,"data":{}}', '{"success":"true","data":{}}', '{"success":1,"data":{}}', '{"success":true,"data":{"id":7', '{"success":true,"data":[]}', '{"success":true,"data":null}', '{"success":true}', '{"success":true,"data":"x"}', "{'success':true}", "\u0000"]) {
    await errorFor("decode", 200, body);
  }
  for (const body of ['{"success":true,"data":{}}', '{"success":true,"data":7}', '{"success":true,"data":"[]"}', "null", ""]) {
    handler = always(200, body);
    await errorOf("decode", newClient().getUsers());
    await errorOf("decode", newClient().getUserFollowers(7));
    await errorOf("decode", newClient().getUserRoleAssignments(7));
  }
});

test("error bodies that are not an envelope", async () => {
  for (const body of ["", "null", "[]", "7", '"text"', "{}", '{"success":false', '{"error":null,"error_info":7}', '{"error":[],"code":{}}', '{"success":true,"data":{}}']) {
    await errorFor("server", 500, body);
    await errorFor("not_found", 404, body);
    await errorFor("permission", 403, body);
  }
});

test("success: false with 200", async () => {
  const error = await errorFor("api", 200, { success: false, error: "Something is off", error_info: "the reason", code: "some_code" });
  assert.ok(error.message.includes("Something is off"));
  assert.deepEqual([error.detail, error.code], ["the reason", "some_code"]);
  await errorFor("api", 200, { success: false, data: [] });
});

test("every status has its kind", async () => {
  const kinds = { 400: "validation", 401: "authentication", 403: "permission", 404: "not_found", 415: "validation", 422: "validation", 429: "rate_limit", 500: "server", 501: "server", 502: "server", 503: "server", 504: "server", 520: "server", 524: "server", 599: "server" };
  for (const status of [402, 405, 406, 408, 409, 410, 411, 413, 418, 423, 426, 428, 431, 451, 499]) kinds[status] = "unexpected_status";
  for (const [status, kind] of Object.entries(kinds)) await errorFor(kind, Number(status), { success: false, error: "it is so" });
});

test("a success without a body is not an envelope", async () => {
  handler = (_, response) => response.writeHead(204).end();
  const error = await errorOf("decode", newClient().getUser(7));
  assert.deepEqual([error.status, error.body], [204, ""]);
});

test("the connection is cut in the middle of the body", async () => {
  handler = (_, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000", "x-correlation-id": "abc" });
    response.write('{"success":true,"data":{"id":7', () => response.destroy());
  };
  const error = await errorOf("connection", newClient().getUser(7));
  assert.deepEqual([error.status, error.headers["x-correlation-id"], error.attempts, error.operation], [200, "abc", 1, "getUser"]);
  assert.ok(error.cause instanceof Error);
  assert.match(error.message, /cut off/);
});

test("the connection is cut in the middle of a chunked error", async () => {
  handler = (_, response) => {
    response.writeHead(500, { "content-type": "application/json" });
    response.write('{"success":', () => response.destroy());
  };
  const error = await errorOf("connection", newClient().getUser(7));
  assert.equal(error.status, 500);
});

test("the connection is cut before a response", async () => {
  handler = (_, response) => response.destroy();
  const error = await errorOf("connection", newClient().getUser(7));
  assert.deepEqual([error.status, error.attempts, error.body], [undefined, 1, undefined]);
  assert.match(error.message, /network.*CORS/s);
  assert.deepEqual(error.headers, {});
});

test("a refused connection", async () => {
  const closed = createServer();
  await new Promise((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const { port } = closed.address();
  await new Promise((resolve) => closed.close(resolve));
  const unreachable = new UsersClient({ apiToken: SECRET, baseUrl: `http://127.0.0.1:${port}`, maxRetries: 0 });
  const error = await errorOf("connection", unreachable.getUser(7));
  assert.deepEqual([error.status, error.attempts], [undefined, 1]);
  assert.equal(error.cause.cause.code, "ECONNREFUSED");
  assert.match(error.message, /ECONNREFUSED/);
});

test("no response in time, and no complete body in time", async () => {
  for (handler of [
    () => {},
    (_, response) => response.writeHead(200, { "content-type": "application/json" }).write('{"success":true,'),
  ]) {
    const error = await errorOf("timeout", newClient().getUser(7, { timeoutMs: 40 }));
    assert.equal(error.attempts, 1);
    assert.match(error.message, /\b40 ms\b/);
    assert.match(error.message, /timeoutMs/);
  }
});

test("a fetch that throws, rejects, or returns no Response: the cause is a copy with its name, message, code, stack and cause", async () => {
  const inner = Object.assign(new Error("the socket hung up"), { code: "ECONNRESET", socket: { token: SECRET } });
  const original = Object.assign(new TypeError("fetch failed", { cause: inner }), { request: { headers: { "x-api-token": SECRET } } });
  for (const fetch of [() => { throw original; }, () => Promise.reject(original)]) {
    const { cause } = await errorOf("connection", new UsersClient({ apiToken: SECRET, fetch, maxRetries: 0 }).getUser(7));
    assert.notEqual(cause, original, "never the object itself");
    assert.deepEqual([cause instanceof Error, cause.name, cause.message, cause.request], [true, "TypeError", "fetch failed", undefined]);
    assert.match(cause.stack, /errors\.test\.mjs/);
    assert.notEqual(cause.cause, inner);
    assert.deepEqual([cause.cause instanceof Error, cause.cause.message, cause.cause.code, cause.cause.socket], [true, "the socket hung up", "ECONNRESET", undefined]);
    assert.deepEqual(Object.getOwnPropertyNames(cause).sort(), ["cause", "message", "name", "stack"]);
  }
  const text = await errorOf("connection", new UsersClient({ apiToken: SECRET, fetch: () => Promise.reject("a text"), maxRetries: 0 }).getUser(7));
  assert.equal(text.cause, "a text");
  for (const returned of [undefined, Promise.resolve({}), Promise.resolve(null)]) {
    const error = await errorOf("connection", new UsersClient({ apiToken: SECRET, fetch: () => returned, maxRetries: 2 }).getUser(7));
    assert.match(error.message, /fetch function did not return a Response/);
    assert.equal(error.attempts, 1, "it would be the same again");
  }
});

test("429 of the burst limit: scope, resetAt and how long to wait", async () => {
  const before = Date.now();
  const fresh = new UsersClient({ apiToken: SECRET, baseUrl: server.url, maxRetries: 0 });
  handler = always(429, { success: false, error: "Request over limit", errorCode: 429 }, { "x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2", "retry-after": "2" });
  const error = await errorOf("rate_limit", fresh.getUser(7));
  assert.deepEqual([error.scope, error.retryAfterSeconds, error.code], ["burst", 2, 429]);
  assert.ok(error.resetAt instanceof Date);
  assert.ok(error.resetAt.getTime() >= before + 2000 && error.resetAt.getTime() <= Date.now() + 2000);
});

test("429 of the daily budget: at once, with resetAt, and the next call is not sent", async () => {
  const fresh = new UsersClient({ apiToken: SECRET, baseUrl: server.url });
  handler = always(429, { success: false, error: "daily request budget exceeded", errorCode: 429 }, { "retry-after": "3939" });
  const before = Date.now();
  const error = await errorOf("rate_limit", fresh.getUser(7));
  assert.deepEqual([error.scope, error.retryAfterSeconds, error.attempts, error.status], ["daily", 3939, 1, 429]);
  assert.ok(Math.abs(error.resetAt.getTime() - before - 3_939_000) < 5000);
  const sent = server.requests.length;
  const next = await errorOf("rate_limit", fresh.getUser(8));
  assert.deepEqual([next.scope, next.attempts, next.status, server.requests.length], ["daily", 0, undefined, sent]);
  assert.ok(next.resetAt instanceof Date);
});

test("a call over the client's own daily budget is not sent", async () => {
  const { fetch, calls } = fakeFetch({});
  const careful = new UsersClient({ apiToken: SECRET, fetch, dailyTokenBudget: 11 });
  await careful.getUser(7);
  const error = await errorOf("rate_limit", careful.getUserPermissions(7));
  assert.deepEqual([error.scope, error.attempts, calls.length], ["daily", 0, 1]);
  assert.ok(error.resetAt > new Date());
  await careful.getUser(7);
  assert.equal(calls.length, 2);
});

test("what may pass is sent again, and attempts is how often", async (t) => {
  for (const status of [408, 500, 502, 503, 504, 520, 521, 522, 523, 524, 530]) {
    handler = always(status, {}, { "retry-after": "0" });
    const error = await errorOf(status === 408 ? "unexpected_status" : "server", newClient().getUser(7, { maxRetries: 2 }));
    assert.deepEqual([error.attempts, error.retryAfterSeconds], [3, 0], String(status));
    assert.equal((await errorOf(error.kind, newClient().updateUser(7, { active_flag: true }, { maxRetries: 1 }))).attempts, 2);
    assert.equal((await errorOf(error.kind, newClient().addUser({ email: "q@mi6.example" }, { maxRetries: 2 }))).attempts, 1, "an invitation is not sent twice");
  }
  for (const status of [400, 401, 402, 403, 404, 409, 410, 418, 425, 501, 505, 525, 529, 599]) {
    handler = always(status, {}, { "retry-after": "0" });
    await assert.rejects(newClient().getUser(7, { maxRetries: 2 }), { attempts: 1, status });
  }
});

test("a config error and an argument error have the same members as every other", async () => {
  const config = await errorOf("config", (async () => new UsersClient({}))());
  const argument = await errorOf("argument", newClient().getUser(0));
  for (const error of [config, argument]) assert.deepEqual([error.status, error.code, error.requestId, error.attempts, error.headers, error.body], [undefined, undefined, undefined, 0, {}, undefined]);
  assert.deepEqual([config.operation, argument.operation], [undefined, "getUser"]);
});

test("toJSON holds every field, and the name and message of the cause", async () => {
  handler = always(400, { success: false, error: "no", error_info: "the reason", code: "x" }, { "x-correlation-id": "abc", "retry-after": "5" });
  const json = JSON.parse(JSON.stringify(await errorOf("validation", newClient().getUser(7))));
  assert.deepEqual(Object.keys(json).sort(), ["attempts", "body", "code", "detail", "headers", "kind", "message", "name", "operation", "requestId", "retryAfterSeconds", "status"]);
  assert.deepEqual([json.status, json.code, json.detail, json.requestId, json.attempts, json.retryAfterSeconds], [400, "x", "the reason", "abc", 1, 5]);
  const failing = new UsersClient({ apiToken: SECRET, maxRetries: 0, fetch: () => Promise.reject(new TypeError("fetch failed")) });
  assert.deepEqual(JSON.parse(JSON.stringify(await errorOf("connection", failing.getUser(7)))).cause, { name: "TypeError", message: "fetch failed" });
});

test("no more than 1 MiB of a body is kept", async () => {
  handler = always(500, "x".repeat(3 << 20), { "content-type": "text/plain" });
  assert.equal((await errorOf("server", newClient().getUser(7))).body.length, 1 << 20);
});

const echo = { success: false, error: `bad token ${SECRET}`, error_info: `it was ${SECRET}`, code: `code_${SECRET}`, data: null };
for (const [kind, status, body, headers] of [
  ["authentication", 401, echo],
  ["permission", 403, echo],
  ["not_found", 404, echo],
  ["rate_limit", 429, echo],
  ["unexpected_status", 410, echo],
  ["server", 500, SECRET],
  ["api", 200, echo],
  ["decode", 200, `<p>${SECRET}</p>`],
  ["decode", 200, { success: true, data: SECRET }],
  ["server", 500, "", { "x-correlation-id": SECRET }],
  ["decode", 200, "", { "x-echo": SECRET }],
]) {
  test(`a token that the server repeats is taken out of a ${kind} error: ${JSON.stringify(headers ?? body).replaceAll(SECRET, "…").slice(0, 40)}`, async () => {
    handler = always(status, body, { "x-echo": `token=${SECRET}`, ...headers });
    const error = await errorOf(kind, newClient().getUser(7));
    for (const value of [error.message, error.detail, error.code, error.body, error.requestId, ...Object.values(error.headers)]) {
      assert.ok(!String(value).includes(SECRET), String(value));
    }
  });
}

test("an access token that the server repeats is taken out too, and one from a function", async () => {
  handler = always(401, { success: false, error: `Bearer ${SECRET} is not valid` });
  await errorOf("authentication", new UsersClient({ accessToken: SECRET, baseUrl: server.url }).getUser(7));
  await errorOf("authentication", new UsersClient({ accessToken: async () => SECRET, baseUrl: server.url }).getUser(7));
});

test("a token in what fetch throws is nowhere in the error, its JSON or its cause", async () => {
  const fetch = (_, { headers }) => Promise.reject(new TypeError(`cannot send ${headers.get("x-api-token")}`));
  const error = await new UsersClient({ apiToken: SECRET, fetch, maxRetries: 0 }).getUser(7).catch((error) => error);
  for (const text of [error.message, error.stack, JSON.stringify(error), error.cause.message, error.cause.stack, inspect(error, { depth: 9, showHidden: true })]) assert.ok(!text.includes(SECRET), text);
});

test("no event and no log line holds a token", async () => {
  const lines = [];
  const log = (line) => lines.push(line);
  const talkative = new UsersClient({ apiToken: SECRET, baseUrl: server.url, logLevel: "debug", logger: { error: log, warn: log, info: log, debug: log }, onEvent: (event) => lines.push(JSON.stringify(event)), maxRetries: 1 });
  handler = always(503, { success: false, error: `bad ${SECRET}`, deprecation_warning: { "#": SECRET } }, { "retry-after": "0" });
  await assert.rejects(talkative.getUser(7));
  handler = always(200, { success: false, error: `bad ${SECRET}` });
  await assert.rejects(talkative.getUser(7));
  handler = success({ id: 7 });
  await talkative.getUser(7);
  assert.ok(lines.length > 8, `${lines.length} lines`);
  for (const line of lines) assert.ok(!line.includes(SECRET), line);
});

test("the stack names the line that made the call", async () => {
  const places = [
    ["a response", () => newClient().getUser(7)],
    ["a parameter", () => newClient().getUser(0)],
    ["an option", () => newClient().getUsers({ timeout: 1 })],
    ["a paged call", () => newClient().getUserFollowers(7)],
    ["a call with its response", () => newClient().getUser(7).withResponse()],
    ["a call that changes something", () => newClient().updateUser(7, { active_flag: true })],
  ];
  handler = always(404, { success: false, error: "User not found or not accessible." });
  for (const [what, call] of places) {
    const error = await call().catch((error) => error);
    assert.ok(error.stack.startsWith(`${error.name}: ${error.message}`), what);
    assert.match(error.stack, /errors\.test\.mjs:\d+:\d+/, what);
    assert.match(error.stack.split("\n").find((line) => /^\s+at /.test(line)) ?? "", what === "an option" || what === "a parameter" ? /./ : /errors\.test\.mjs/, what);
  }
  assert.throws(() => new UsersClient({}), (error) => /errors\.test\.mjs/.test(error.stack));
  // It is not awaited here: the line is not from an asynchronous stack.
  const { stack } = await new Promise((resolve) => void newClient().getUserFollowers(7).toArray().catch(resolve));
  assert.match(stack, /errors\.test\.mjs:\d+:\d+/);
});

test("the error of a later page names the line that asked for it, and where the page began", async () => {
  handler = (_, response) => success([{ user_id: 1 }], { additional_data: { next_cursor: "c2" } })(0, response);
  const page = await newClient().getUserFollowers(7);
  handler = always(404, { success: false, error: "Entity was not found" });
  const error = await errorOf("not_found", page.getNextPage());
  assert.equal(error.cursor, "c2");
  assert.match(error.stack, /errors\.test\.mjs/);
  const offset = await errorOf("not_found", newClient().getUserRoleAssignments(7, { start: 5 }));
  assert.equal(offset.start, 5);
});

test("a bad toArray leaves no unhandled rejection", async (t) => {
  handler = always(404, { success: false, error: "User not found" });
  const unhandled = [];
  const listen = (reason) => unlines.push(reason);
  process.on("unhandledRejection", listen);
  t.after(() => process.off("unhandledRejection", listen));
  await assert.rejects(newClient().getUserFollowers(7).toArray({ limit: 0 }), { kind: "argument" });
  await assert.rejects(newClient().getUserFollowers(8).withResponse(), { kind: "not_found" });
  await assert.rejects(newClient().getUser(8).finally(() => {}), { kind: "not_found" });
  await newClient().getUser(9).catch(() => {});
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(unhandled.map(String), []);
});
