// Values that nobody expects, wherever a program, a server or a replaced `fetch` can put one: each call ends with its data or
// with an error of this package that shows no token, nothing stays unhandled, and no other client's call notices.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { AuthenticationError, cachedToken, isPipedriveError, PipedriveError, preload, RateLimitError, ServerError, UsersClient } from "pipedrive-users";
import { runScript } from "./support/child.mjs";

const TOKEN = "v1u:5ecre7c0ffee5ecre7c0ffee";
const GOOD = '{"success":true,"data":{"id":7}}';
const BRAND = Symbol.for("pipedrive-users.error");

// The first load may take longer than the calls of these tests may.
await preload();

const unhandled = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));

const fail = () => { throw new Error("it refuses"); };
const revoked = (target) => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const closed = (target) => new Proxy(target, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail, set: fail, defineProperty: fail });
const cycle = () => {
  const list = [];
  return Object.assign(list, [list, { list }]);
};

const VALUES = {
  undefined: () => undefined, null: () => null, true: () => true, "-0": () => -0, NaN: () => NaN, Infinity: () => Infinity, "a bigint": () => 10n, "a symbol": () => Symbol("s"),
  "an empty string": () => "", "a string": () => "text", "half a pair": () => "\ud800", "a long string": () => "x".repeat(100_000), "a String": () => new String("x"),
  "a function": () => () => 1, "a list": () => [1], "an object": () => ({}), "no prototype": () => Object.create(null), "an invalid Date": () => new Date(NaN), "a Map": () => new Map([[1, 2]]), "a cycle": cycle,
  "a revoked object": () => revoked({}), "a revoked function": () => revoked(() => 1), "a revoked list": () => revoked([]), "a closed object": () => closed({}), "a closed list": () => closed([1]), "a closed function": () => closed(() => 1),
  "a value that refuses to be one": () => ({ valueOf: fail, toString: fail, toJSON: fail, [Symbol.toPrimitive]: fail }), "entries that fail": () => ({ entries: fail }), "entries of anything": () => ({ entries: () => [[Symbol("x"), 1], [undefined, "y"], revoked([])].values() }), "a get that fails": () => ({ get: fail }), "an iterator that fails": () => ({ [Symbol.iterator]: fail }),
  "a then that fails": () => ({ get then() { return fail(); } }), "a then that throws": () => ({ then: fail }), "a then that does nothing": () => ({ then() {} }), "a then that settles twice": () => ({ then(resolve, reject) { resolve("x"); reject(new Error("y")); resolve("z"); } }), "a promise that never settles": () => new Promise(() => {}),
  "a brand": () => ({ [BRAND]: true }), "a brand of a kind that is none": () => ({ [BRAND]: true, kind: "constructor" }), "a brand whose kind fails": () => Object.defineProperty({ [BRAND]: true }, "kind", { enumerable: true, get: fail }),
  "an error of no kind": () => new PipedriveError("it has no kind"), "an error with a kind of its own": () => new PipedriveError("x", { kind: "another", detail: TOKEN }), "an error with fields that fail": () => new AuthenticationError("x", { headers: closed({}), detail: TOKEN, body: TOKEN }),
  "errors that are revoked": () => Object.assign(new Error("x"), { errors: revoked([]), cause: { errors: revoked([]) } }), "errors that fail": () => Object.assign(new Error(""), { errors: closed([1]) }), "errors of anything": () => Object.assign(new Error(""), { errors: [revoked({}), closed({}), null] }),
  "a cause that is revoked": () => new Error("x", { cause: revoked({}) }), "a response that is revoked": () => Object.assign(new Error("x"), { response: revoked({}) }), "names that are none": () => Object.assign(new Error("x"), { name: Symbol("n"), code: 1n, stack: {} }),
};

const headers = (members) => ({ get: () => null, entries: () => [].values(), ...members });
const response = (members, prototype = Object.prototype) => Object.setPrototypeOf({ status: 200, headers: headers(), ...members }, { __proto__: prototype, text: () => GOOD });
const reading = (read) => response({ body: { getReader: () => ({ read }) } });
/** Four pieces, then the end. */
const pieces = (piece) => {
  let count = 0;
  return reading(async () => ({ done: ++count > 4, ...piece }));
};

// Where a value can be: makes a call with it there. `client` takes a configuration.
const PLACES = {
  "an id": (value, client) => client().getUser(value),
  "a term": (value, client) => client().findUsersByName(value),
  "a new user": (value, client) => client().addUser(value),
  "a user's e-mail": (value, client) => client().addUser({ email: value }),
  "a user's access": (value, client) => client().addUser({ email: "q@mi6.example", access: value }),
  "an entry of access": (value, client) => client().addUser({ email: "q@mi6.example", access: [value] }),
  "a member of an entry": (value, client) => client().addUser({ email: "q@mi6.example", access: [{ app: value, admin: value }] }),
  "changes": (value, client) => client().updateUser(7, value),
  "a change": (value, client) => client().updateUser(7, { active_flag: value }),
  "options": (value, client) => client().getUser(7, value),
  ...Object.fromEntries(["signal", "timeoutMs", "maxRetries", "headers"].map((name) => [`the option ${name}`, (value, client) => client().getUser(7, { [name]: value })])),
  "the headers of a call": (value, client) => client().getUser(7, { headers: { a: value } }),
  "the names of a call's headers": (value, client) => client().getUser(7, { headers: new Map([[value, "x"]]) }),
  "limit and cursor": (value, client) => client().getUserFollowers(7, { limit: value, cursor: value }),
  "start": (value, client) => client().getUserRoleAssignments(7, { start: value }),
  "the limit of toArray": (value, client) => client({ fetch: async () => new Response('{"success":true,"data":[]}') }).getUserFollowers(7).toArray({ limit: value }),
  "what a credential function returns": (value, client) => client({ accessToken: () => value }).getUser(7),
  "what a credential function throws": (value, client) => client({ accessToken: () => { throw value; } }).getUser(7),
  "what it throws after a 401": (value, client) => client({ fetch: async () => new Response("{}", { status: 401 }), accessToken: async ({ refused }) => { if (refused) throw value; return TOKEN; } }).getUser(7),
  "what cachedToken is given": (value, client) => client({ accessToken: cachedToken(() => value) }).getUser(7),
  "what cachedToken's function throws": (value, client) => client({ accessToken: cachedToken(async () => { throw value; }) }).getUser(7),
  "an expiry": (value, client) => client({ accessToken: cachedToken(() => ({ token: TOKEN, expiresAt: value })) }).getUser(7),
  "what fetch throws": (value, client) => client({ fetch: () => { throw value; } }).getUser(7),
  "what fetch rejects with": (value, client) => client({ fetch: async () => { throw value; } }).getUser(7),
  "what fetch returns": (value, client) => client({ fetch: () => value }).getUser(7),
  "a status": (value, client) => client({ fetch: () => response({ status: value }) }).getUser(7),
  "headers": (value, client) => client({ fetch: () => response({ headers: value }) }).getUser(7).withResponse(),
  "what get() returns": (value, client) => client({ fetch: () => response({ headers: headers({ get: () => value }) }) }).getUser(7).withResponse(),
  "what get() and entries() throw": (value, client) => client({ fetch: () => response({ headers: headers({ get() { throw value; }, entries() { throw value; } }) }) }).getUser(7).withResponse(),
  "the same of an error": (value, client) => client({ fetch: () => response({ status: 429, headers: headers({ get() { throw value; }, entries() { throw value; } }) }) }).getUser(7),
  "what entries() returns": (value, client) => client({ fetch: () => response({ headers: headers({ entries: () => value }) }) }).getUser(7).withResponse(),
  "an entry": (value, client) => client({ fetch: () => response({ status: 404, headers: headers({ entries: () => [value, ["a", value], [value, "b"]].values() }) }) }).getUser(7),
  "what text() returns": (value, client) => client({ fetch: () => ({ ...response(), text: () => value }) }).getUser(7),
  "what text() throws": (value, client) => client({ fetch: () => ({ ...response(), text() { throw value; } }) }).getUser(7),
  "text": (value, client) => client({ fetch: () => ({ ...response(), text: value }) }).getUser(7),
  "a body": (value, client) => client({ fetch: () => response({ body: value }) }).getUser(7),
  "a reader": (value, client) => client({ fetch: () => response({ body: { getReader: () => value } }) }).getUser(7),
  "what read() returns": (value, client) => client({ fetch: () => reading(() => value) }).getUser(7),
  "a piece": (value, client) => client({ fetch: () => pieces({ value }) }).getUser(7),
  "the bytes of a piece": (value, client) => client({ fetch: () => pieces({ value: { byteLength: value } }) }).getUser(7),
  "what a hook throws": (value, client) => client({ onEvent() { throw value; } }).getUser(7),
  "what a hook returns": (value, client) => client({ onEvent: () => value }).getUser(7),
  "what onDrift throws": (value, client) => client({ onDrift() { throw value; } }).getUser(7),
  "what a logger throws": (value, client) => client({ logLevel: "debug", logger: Object.fromEntries(["error", "warn", "info", "debug"].map((level) => [level, () => { throw value; }])) }).getUser(7),
  ...Object.fromEntries(["companyDomain", "baseUrl", "fetch", "timeoutMs", "maxRetries", "maxConcurrency", "maxBodyBytes", "dailyTokenBudget", "dangerouslyAllowBrowser", "logLevel", "onEvent", "onDrift"].map((name) => [`the setting ${name}`, (value, client) => client({ [name]: value }).getUser(7)])),
  "the headers of a client": (value, client) => client({ headers: { a: value } }).getUser(7),
  "all headers of a client": (value, client) => client({ headers: value }).getUser(7),
  "the names of a client's headers": (value, client) => client({ headers: new Map([[value, "x"]]) }).getUser(7),
  "a configuration": (value) => new UsersClient(value).getUser(7),
  "the setting logger": (value, client) => client({ logger: value }).getUser(7),
  "the setting limits": (value, client) => client({ limits: value }).getUser(7),
};

for (const [place, make] of Object.entries(PLACES)) {
  test(`values that nobody expects, as ${place}`, { timeout: 60_000 }, async () => {
    await Promise.all(Object.entries(VALUES).map(async ([name, value]) => {
      const bystander = new UsersClient({ apiToken: "bystander", fetch: async () => new Response(GOOD) }).getUser(1);
      const client = (config) => new UsersClient({ accessToken: TOKEN, timeoutMs: 150, maxRetries: 0, logLevel: "off", fetch: async () => new Response(GOOD), ...config });
      const [result] = await Promise.allSettled([(async () => make(value(), client))()]);
      if (result.status === "rejected") {
        const { reason } = result;
        assert.ok(isPipedriveError(reason), `${name}: ${inspect(reason)}`);
        assert.ok(!/stopped on a fault/.test(reason.message), `${name}: ${reason.message}`);
        for (const text of [reason.message, reason.stack, JSON.stringify(reason), inspect(reason, { depth: 9, showHidden: true })]) assert.ok(!String(text).includes("5ecre7"), `${name}: ${text}`);
      }
      assert.deepEqual(await bystander, { id: 7 }, `${name}: the other client's call`);
    }));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(unhandled.splice(0), []);
  });
}

test("what a configuration throws is a ConfigError, which does not show it", () => {
  const boom = () => { throw new Error(TOKEN); };
  for (const config of [{ get apiToken() { return boom(); } }, { accessToken: TOKEN, limits: { attach: boom } }, { accessToken: TOKEN, headers: { entries: boom } }, { accessToken: TOKEN, logger: { get error() { return boom(); } } }, closed({}), revoked({})]) {
    assert.throws(() => new UsersClient(config), (error) => isPipedriveError(error, "config") && !inspect(error, { depth: 9, showHidden: true }).includes("5ecre7"));
  }
});

test("a signal that is none of the runtime's is refused, or ends the call and no other", async () => {
  const bystander = new UsersClient({ apiToken: "bystander", fetch: async () => new Response(GOOD) });
  const client = new UsersClient({ accessToken: TOKEN, fetch: async () => new Response(GOOD), maxRetries: 0 });
  for (const [signal, isData] of [
    [{ addEventListener() {} }, false], [{ addEventListener() {}, removeEventListener: 1 }, false], [{ addEventListener: fail, removeEventListener() {} }, false],
    [{ addEventListener() {}, removeEventListener: fail }, true], [{ aborted: 0, addEventListener() {}, removeEventListener() {} }, true],
  ]) {
    const [result] = await Promise.allSettled([client.getUser(7, { signal })]);
    if (isData) assert.deepEqual(result.value, { id: 7 });
    else assert.equal(result.reason?.kind, "argument");
    assert.deepEqual(await bystander.getUser(1), { id: 7 });
  }
  assert.deepEqual(unhandled, []);
});

test("an error that a credential function throws keeps its kind, where it has one, and none of its texts", async () => {
  const from = async (thrown) => new UsersClient({ accessToken: () => { throw thrown; }, maxRetries: 0 }).getUser(7).catch((error) => error);
  const limited = await from(new RateLimitError("wait", { scope: "daily", resetAt: new Date(5), code: "x", detail: TOKEN, body: TOKEN }));
  assert.deepEqual([limited.name, limited.kind, limited.scope, limited.code, limited.resetAt.getTime(), limited.detail, limited.body, limited.operation], ["RateLimitError", "rate_limit", "daily", "x", 5, undefined, undefined, "getUser"]);
  for (const thrown of [new PipedriveError("no session"), new PipedriveError("no session", { kind: "another" })]) {
    const error = await from(thrown);
    assert.deepEqual([error.name, error.kind, error.cause.message], ["AuthenticationError", "authentication", "no session"]);
    assert.match(error.message, /the credential function failed: no session/);
  }
});

test("an error that a program made is serialised and shown, whatever its cause is", () => {
  for (const value of Object.values(VALUES)) {
    const error = new ServerError("x", { cause: value() });
    assert.equal(JSON.parse(JSON.stringify(error)).message, "x");
  }
});

test("headers whose get() throws are read by their entries, and those that cannot be read are absent", async () => {
  const call = (members) => new UsersClient({ accessToken: TOKEN, fetch: () => response({ headers: headers(members) }) }).getUser(7).withResponse();
  const { response: listed } = await call({ get: fail, entries: () => [["x-correlation-id", "abc"]].values() });
  assert.deepEqual([listed.headers, listed.requestId], [{ "x-correlation-id": "abc" }, "abc"]);
  const { response: hidden } = await call({ get: fail, entries: fail });
  assert.deepEqual([hidden.headers, hidden.requestId, hidden.rateLimit.limit], [{}, undefined, undefined]);
});

test("what a message says of a name or a key is no token", async () => {
  const hex = "0123456789abcdef0123456789abcdef01234567";
  const client = new UsersClient({ accessToken: TOKEN, fetch: async () => new Response(GOOD) });
  for (const secret of [TOKEN, hex]) {
    for (const make of [
      () => new UsersClient({ [secret]: 1 }), () => new UsersClient({ accessToken: TOKEN, headers: { [`x-api-token: ${secret}`]: "" } }), () => new UsersClient({ companyDomain: `_${secret}`, accessToken: TOKEN }),
      () => new UsersClient({ baseUrl: secret, accessToken: TOKEN }), () => client.getUser(7, { [secret]: 1 }), () => client.getUser(7, { headers: { [`x-api-token: ${secret}`]: "" } }), () => client.getUser(secret),
      () => client.addUser({ [secret]: 1 }), () => client.addUser({ email: secret }), () => client.addUser({ email: "q@mi6.example", access: [{ app: "sales", [secret]: 1 }] }), () => client.updateUser(7, { [secret]: 1 }),
    ]) {
      const [{ reason }] = await Promise.allSettled([(async () => make())()]);
      assert.ok(isPipedriveError(reason));
      // Half of one is too much.
      assert.ok(!JSON.stringify(reason).includes(secret.slice(0, 25)) && !reason.message.includes("5ecre7c0ffee5ecre7"), reason.message);
    }
  }
});

// What tests and old libraries do to a program's globals, while a call is under way.
const GLOBALS = {
  "a Date without now()": "globalThis.Date = function () { return new RealDate(0); }",
  "a Date that always is the same": "globalThis.Date = class extends RealDate { constructor() { super(0); } static now() { return 0; } }",
  "a Date.now that throws": "Date.now = () => { throw new Error('mock'); }",
  "a Date.now that returns nothing": "Date.now = () => undefined",
  "a Date.now that is not a number": "Date.now = () => NaN",
  "a Date.now of bigints": "Date.now = () => 5n",
  "a Date that throws": "globalThis.Date = class { constructor() { throw new Error('mock'); } static now() { throw new Error('mock'); } }",
  "a monotonic clock that is not a number": "performance.now = () => NaN",
  "a monotonic clock of bigints": "performance.now = () => 5n",
  "a monotonic clock of symbols": "performance.now = () => Symbol()",
  "a monotonic clock that throws": "performance.now = () => { throw new Error('mock'); }",
  "a monotonic clock that goes back": "{ const real = performance.now.bind(performance); performance.now = () => -real(); }",
  "no clock at all": "performance.now = () => NaN; Date.now = () => Symbol()",
  ...Object.fromEntries(["1", "NaN", "-1", "Infinity", "5n", "Symbol()"].map((number) => [`randomness that is always ${number}`, `Math.random = () => ${number}`])),
  "randomness that throws": "Math.random = () => { throw new Error('mock'); }",
  "no performance": "delete globalThis.performance",
  "an Object.prototype with the names of options": "Object.prototype.signal = 5; Object.prototype.maxRetries = 0; Object.prototype.headers = { a: 'b' }; Object.prototype.timeoutMs = 1",
  "no TextDecoder, as in jsdom": "delete globalThis.TextDecoder",
};

for (const [what, change] of Object.entries(GLOBALS)) {
  test(`calls and waits go on with ${what}`, { timeout: 20_000 }, async () => {
    const { took, results } = await runScript(`
      const { UsersClient } = await import("pipedrive-users");
      const RealDate = Date;
      const started = process.hrtime.bigint();
      let count = 0;
      const respond = () => ++count === 1 ? new Response("{}", { status: 503, headers: { "retry-after": "1" } }) : new Response('{"success":true,"data":{"id":7}}');
      const client = new UsersClient({ accessToken: async () => "secret", fetch: async () => respond(), logLevel: "off" });
      const never = new UsersClient({ accessToken: "secret", fetch: () => new Promise(() => {}), maxRetries: 0, logLevel: "off" });
      const early = client.getUser(7);
      await new Promise((resolve) => setTimeout(resolve, 100));
      ${change};
      const results = [(await early).id];
      const took = Number(process.hrtime.bigint() - started) / 1e6;
      let busy = 0;
      const paused = new UsersClient({ accessToken: "secret", fetch: async () => ++busy === 1 ? new Response("{}", { status: 429, headers: { "x-ratelimit-reset": "1" } }) : respond(), logLevel: "off" });
      results.push((await paused.getUser(6)).id);
      results.push((await client.getUser(8)).id, (await client.updateUser(7, { active_flag: true })).id, await never.getUser(9, { timeoutMs: 200 }).catch((error) => error.kind));
      // Node.js's own console takes them for its options.
      for (const name of ["signal", "maxRetries", "headers", "timeoutMs"]) delete Object.prototype[name];
      console.log(JSON.stringify({ took, results }));`);
    assert.deepEqual(results, [7, 7, 7, 7, "timeout"]);
    assert.ok(took > 950 && took < 3_000, `${took} ms`);
  });
}
