// Failures on demand: `sandbox.fail()`, and the same over HTTP.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { isPipedriveError, UsersClient } from "pipedrive-users";
import { createSandbox } from "pipedrive-users/sandbox";
import { collect } from "./support/gc.mjs";
import { startSandbox, startSandboxOfPackage } from "./support/sandbox.mjs";

/** A sandbox here, and one behind HTTP: how to fail, and how a client reaches it. */
const SANDBOXES = {
  "createSandbox()": async () => {
    const sandbox = createSandbox();
    return { fail: async (failure) => sandbox.fail(failure), config: { apiToken: sandbox.apiToken, fetch: sandbox.fetch } };
  },
  "cargo xtask sandbox": (t) => overHttp(t, startSandbox),
  "npx pipedrive-users sandbox": (t) => overHttp(t, startSandboxOfPackage),
};

async function overHttp(t, start) {
  const sandbox = await start();
  t.after(() => sandbox.stop());
  const fail = async (failure) => {
    const response = await fetch(`${sandbox.url}/sandbox/fail`, { method: "POST", body: JSON.stringify(failure) });
    if (!response.ok) throw new Error((await response.json()).error);
  };
  return { fail, config: { apiToken: sandbox.apiToken, baseUrl: sandbox.url } };
}

// [failure, what the error of a call without retries has]
const FAILURES = [
  [{ status: 500 }, { kind: "server", status: 500 }],
  [{ status: 503 }, { kind: "server", status: 503 }],
  [{ status: 401 }, { kind: "authentication", status: 401, code: 401 }],
  [{ status: 403 }, { kind: "permission", status: 403 }],
  [{ status: 404 }, { kind: "not_found", status: 404 }],
  [{ status: 400 }, { kind: "validation", status: 400 }],
  [{ status: 418 }, { kind: "unexpected_status", status: 418 }],
  [{ status: 429 }, { kind: "rate_limit", scope: "burst", status: 429 }],
  [{ fault: "burst" }, { kind: "rate_limit", scope: "burst", status: 429 }],
  [{ fault: "daily" }, { kind: "rate_limit", scope: "daily", status: 429 }],
  [{ fault: "blocked" }, { kind: "blocked", status: 403 }],
  [{ fault: "timeout" }, { kind: "timeout" }],
  [{ fault: "reset" }, { kind: "connection" }],
  [{ fault: "cut" }, { kind: "connection" }],
  [{ fault: "malformed" }, { kind: "decode" }],
  [{ fault: "latency", delayMs: 2_000 }, { kind: "timeout" }],
  [{ delayMs: 2_000 }, { kind: "timeout" }],
  [{ status: 500, delayMs: 2_000 }, { kind: "timeout" }],
];

for (const [name, open] of Object.entries(SANDBOXES)) {
  test(`${name}: each failure is the error that it stands for, once`, async (t) => {
    const { fail, config } = await open(t);
    for (const [failure, expected] of FAILURES) {
      // A client that has met a limit waits for its end.
      const make = () => new UsersClient({ ...config, maxRetries: 0, timeoutMs: 500, logLevel: "off" });
      await fail(failure);
      await assert.rejects(make().getUser(1), (error) => {
        assert.ok(isPipedriveError(error, expected.kind), `${inspect(failure)}: ${inspect(error)}`);
        for (const [key, value] of Object.entries(expected)) assert.equal(error[key], value, `${inspect(failure)} ${key}`);
        return true;
      });
      assert.equal((await make().getUser(1)).id, 1, `after ${inspect(failure)}`);
    }
  });

  test(`${name}: a client gets over what passes, and sees every attempt`, async (t) => {
    const { fail, config } = await open(t);
    const client = new UsersClient({ ...config, logLevel: "off" });
    for (const failure of [{ status: 502 }, { fault: "reset" }, { fault: "cut" }]) {
      await fail({ ...failure, operation: "getUser", times: 1 });
      const { data, response } = await client.getUser(1).withResponse();
      assert.deepEqual([data.id, response.attempts], [1, 2], inspect(failure));
    }
    await fail({ operation: "updateUser", status: 503, times: 9 });
    assert.equal((await client.getUser(1)).id, 1, "another operation does not fail");
    await assert.rejects(new UsersClient({ ...config, maxRetries: 1, logLevel: "off" }).updateUser(1, { active_flag: true }), { kind: "server", attempts: 2 });
  });

  test(`${name}: what is not usable is refused at once`, async (t) => {
    const { fail, config } = await open(t);
    for (const [failure, ...parts] of [
      [{}, "status", "fault"],
      [{ status: 500, fault: "cut" }, "status", "fault"],
      [{ status: 200 }, "status", "300"],
      [{ status: 600 }, "status", "599"],
      [{ fault: "earthquake" }, "latency"],
      [{ operation: "getDeals", status: 500 }, "operation", "getUsers"],
      [{ status: 500, times: 0 }, "times"],
      [{ stats: 500 }, "stats"],
      [{ delayMs: -1 }],
      [null],
    ]) {
      await assert.rejects(fail(failure), (error) => {
        for (const part of parts) assert.ok(error.message.includes(part), error.message);
        return true;
      }, inspect(failure));
    }
    assert.equal((await new UsersClient({ ...config, maxRetries: 0 }).getUser(1)).id, 1);
  });
}

test("what is not usable is a ConfigError, thrown by fail()", () => {
  const sandbox = createSandbox();
  assert.throws(() => sandbox.fail({ stats: 503 }), (error) => isPipedriveError(error, "config") && /did you mean "status"/.test(error.message));
  assert.throws(() => sandbox.fail({ status: 503, fault: undefined, delayMs: null }), { name: "ConfigError" });
  sandbox.fail({ operation: undefined, status: 503, fault: undefined, delayMs: undefined, times: undefined });
});

test("what was processed before a response was lost stays processed", async () => {
  const sandbox = createSandbox();
  const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch, maxRetries: 0 });
  for (const [fault, isProcessed] of [["cut", true], ["malformed", true], ["reset", false]]) {
    const email = `${fault}@mi6.example`;
    sandbox.fail({ operation: "addUser", fault });
    await assert.rejects(client.addUser({ email }));
    const found = await client.findUsersByName(email, { searchByEmail: true });
    assert.equal(found.length === 1, isProcessed, fault);
  }
});

test("a call that is aborted ends a wait for a response that never comes", async () => {
  const sandbox = createSandbox();
  const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch });
  for (const failure of [{ fault: "timeout" }, { fault: "latency", delayMs: 60_000 }]) {
    sandbox.fail(failure);
    const reason = new Error("enough");
    await assert.rejects(client.getUser(1, { signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
    sandbox.fail(failure);
    const controller = new AbortController();
    const call = client.getUser(1, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await assert.rejects(call, (thrown) => thrown === reason);
  }
});

test("a request that is aborted after garbage was collected ends as well", async () => {
  const sandbox = createSandbox();
  const url = "https://api.pipedrive.com/v1/users/1";
  const init = (signal) => ({ headers: { "x-api-token": sandbox.apiToken }, signal });
  for (const send of [(signal) => sandbox.fetch(url, init(signal)), (signal) => sandbox.fetch(new Request(url, init(signal))), (signal) => sandbox.fetch(new Request(url), init(signal))]) {
    for (const failure of [{ fault: "timeout" }, { fault: "latency", delayMs: 60_000 }]) {
      sandbox.fail(failure);
      const controller = new AbortController();
      const ended = send(controller.signal).then(() => "responded", ({ name }) => name);
      await collect();
      controller.abort();
      assert.equal(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1_000, "waits on"))]), "AbortError");
    }
  }
});

test("a request that is aborted in any microtask before the wait for its response ends at once", async () => {
  const sandbox = createSandbox();
  const ask = (signal) => sandbox.fetch("https://api.pipedrive.com/v1/users/1", { headers: { "x-api-token": sandbox.apiToken }, signal }).then(({ status }) => status, ({ name }) => name);
  assert.equal(await ask(), 200);
  for (let microtask = 0; microtask < 20; microtask++) {
    sandbox.fail({ fault: "timeout" });
    const controller = new AbortController();
    const ended = ask(controller.signal);
    for (let time = 0; time < microtask; time++) await undefined;
    controller.abort();
    assert.equal(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 500, "waits on"))]), "AbortError", `${microtask}`);
  }
});

test("the token endpoint can fail", async () => {
  const sandbox = createSandbox();
  sandbox.fail({ operation: "token", status: 503, times: 2 });
  const ask = async () => (await sandbox.fetch("https://oauth.pipedrive.com/oauth/token", { method: "POST" })).status;
  assert.deepEqual([await ask(), await ask(), await ask()], [503, 503, 401]);
});

for (const start of [startSandbox, startSandboxOfPackage]) test(`${start.name}: --fail asks for failures in order`, async (t) => {
  const sandbox = await start("--fail", '{"status":503}', "--fail", '{"fault":"blocked","operation":"getCurrentUser"}');
  t.after(() => sandbox.stop());
  const ask = async (path) => (await fetch(sandbox.url + path, { headers: { "x-api-token": sandbox.apiToken } })).status;
  assert.deepEqual([await ask("/v1/users/1"), await ask("/v1/users/1"), await ask("/v1/users/me"), await ask("/v1/users/me")], [503, 200, 403, 200]);
});
