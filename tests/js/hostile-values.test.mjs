// Values that nobody expects, wherever a program, a server or a replaced `fetch` can put one: each call ends with its data or
// with an error of this package that shows no token, nothing stays unhandled, and no other client's call notices.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { isPipedriveError, PipedriveError, RateLimitError, ServerError, UsersClient } from "pipedrive-users";
import * as sdk from "pipedrive-users";
import { CLOCKS } from "./support/everywhere/clocks.mjs";
import { closed, fail, GOOD, headers, response, revoked, TOKEN, VALUES, VALUES_ANYWHERE } from "./support/everywhere/values.mjs";
import { testEach, testEachAlone, WORLD } from "./support/node-world.mjs";

const { unhandled } = WORLD;

testEach(VALUES_ANYWHERE);

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
    const error = new ServerError("x", { cause: value(sdk) });
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

// Node.js reads these globals too.
testEachAlone("clocks", CLOCKS);
