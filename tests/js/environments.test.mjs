// Where programs really run: proxies around a client, replaced promises and prototypes, shims of a DOM, two copies of the package.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { test } from "node:test";
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import axios from "axios";
import crossFetch from "cross-fetch";
import * as immer from "immer";
import * as mobx from "mobx";
import nodeFetch from "node-fetch";
import * as undici from "undici";
import { proxy } from "valtio/vanilla";
import { reactive, ref } from "@vue/reactivity";
import ky from "ky";
import { ofetch } from "ofetch";
import * as sdk from "pipedrive-users";
import { createSandbox, fakePage } from "pipedrive-users/sandbox";
import * as server from "pipedrive-users/server";
import * as slim from "pipedrive-users/slim";
import { startSandbox } from "./support/sandbox.mjs";

const { ApiPromise, isPipedriveError, NotFoundError, PipedriveError, ServerError, UsersClient } = sdk;
const require = createRequire(import.meta.url);
const sandbox = createSandbox();
const make = (more) => new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch, ...more });

/** Runs a program of its own, and returns what it prints. */
function run(program, ...flags) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, "--input-type=module", "--eval", program], { cwd: import.meta.dirname ?? new URL(".", import.meta.url).pathname, encoding: "utf8" });
  return { stdout, stderr, status };
}

for (const [name, wrap] of [
  ["Vue's ref", (value) => ref(value).value],
  ["Vue's reactive", (value) => reactive({ value }).value],
  ["valtio's proxy", (value) => proxy({ value }).value],
  ["MobX's observable", (value) => mobx.observable({ value }).value],
  ["a Proxy", (value) => (value instanceof Promise ? value : new Proxy(value, {}))],
]) {
  test(`${name} around a client, a page, a promise and an error`, async () => {
    const client = wrap(make());
    assert.equal((await client.getUser(1)).id, 1);
    assert.equal((await client.getUser(1).withResponse()).response.status, 200);
    assert.equal(client.usage.callsSent, 2);
    assert.equal(client.rateLimit.limit, 100);
    const page = wrap(await make().getUserFollowers(1, { limit: 2 }));
    assert.equal(page.items.length, 2);
    assert.equal((await page.getNextPage()).items.length, 2);
    const promise = wrap(make().getUser(2));
    assert.equal((await promise).id, 2);
    assert.equal((await wrap(make().getUser(2)).withResponse()).data.id, 2);
    const error = wrap(await make().getUser(999).catch((error) => error));
    assert.ok(isPipedriveError(error, "not_found"));
    assert.equal(JSON.parse(JSON.stringify(error)).status, 404);
    client.close();
    await assert.rejects(client.getUser(1), { name: "ConfigError" });
  });
}

test("a method that was taken off its client rejects with words", async () => {
  const { getUser, getUserFollowers } = make();
  // Of an object of the program's own, too.
  const own = { getUser, getUserFollowers };
  for (const call of [() => getUser(1), () => getUserFollowers(1), () => own.getUser(1), () => own.getUserFollowers(1)]) await assert.rejects(call(), (error) => isPipedriveError(error, "argument") && /call it as client\.getUser/.test(error.message));
  await assert.rejects((async () => { for await (const follower of getUserFollowers(1)) assert.fail(follower); })(), { kind: "argument" });
});

test("what is hidden of a client and a page does not show, and is not compared", async () => {
  assert.equal(inspect(make()), "UsersClient {}");
  assert.equal(JSON.stringify(make()), "{}");
  const page = await make().getUserFollowers(1, { limit: 500 });
  assert.deepEqual({ ...page }, { items: page.items, hasNextPage: false, nextCursor: undefined });
  assert.match(inspect(make().getUser(1)), /^ApiPromise \[Promise\]/);
});

test("a global Promise that is not native", () => {
  const { stdout, stderr } = run(`
    globalThis.Promise = (await import("bluebird")).default;
    const { UsersClient } = await import("pipedrive-users");
    const { createSandbox } = await import("pipedrive-users/sandbox");
    const { apiToken, fetch } = createSandbox();
    const client = new UsersClient({ apiToken, fetch });
    const { data, response } = await client.getUser(1).withResponse();
    const followers = await client.getUserFollowers(1).toArray({ limit: 3 });
    console.log(data.id, response.status, followers.length, (await client.getUser(999).catch((error) => error)).kind);`);
  assert.equal(stdout, "1 200 3 not_found\n", stderr);
});

test("an extended Object.prototype", () => {
  const { stdout, stderr } = run(`
    Object.prototype.forOwn = function () {}; Array.prototype.last = function () {}; Object.prototype.limit = 3; Object.prototype.apiToken = "inherited";
    const { UsersClient } = await import("pipedrive-users");
    const { createSandbox } = await import("pipedrive-users/sandbox");
    const { accessToken, fetch } = createSandbox();
    const client = new UsersClient({ accessToken, fetch });
    console.log((await client.getUser(1)).id, (await client.addUser({ email: "q@mi6.example", access: [{ app: "sales" }] })).email, (await client.getUserFollowers(1).toArray({ limit: 100 })).length > 3);`);
  assert.equal(stdout, "1 q@mi6.example true\n", stderr);
});

test("fetch wrappers that throw on a status: the response on their error is read", async (t) => {
  const http = await startSandbox();
  t.after(() => http.stop());
  for (const [name, fetch] of [
    ["ky", (url, init) => ky(url, { ...init, retry: 0 })],
    ["ofetch", (url, init) => ofetch.raw(url, { ...init, retry: 0, responseType: "stream" })],
  ]) {
    const client = new UsersClient({ apiToken: http.apiToken, baseUrl: http.url, fetch, maxRetries: 0 });
    await assert.rejects(client.getUser(999), { kind: "not_found", status: 404, message: /User not found/ }, name);
  }
});

/** A fetch made of axios, which has responses of its own. */
const axiosFetch = async (url, { method, headers, body, signal }) => {
  const { status, headers: received, data } = await axios({ url, method, headers: Object.fromEntries(new Headers(headers)), data: body, signal, responseType: "text", transformResponse: (text) => text, validateStatus: () => true });
  return new Response(data, { status, headers: Object.entries(received) });
};

for (const [name, fetch] of [
  ["node-fetch", nodeFetch],
  ["cross-fetch", crossFetch],
  ["undici's own", undici.fetch],
  ["undici's own, with its Request", (url, init) => undici.fetch(new undici.Request(url, init))],
  ["axios", axiosFetch],
  ["a clone", async (url, init) => (await globalThis.fetch(url, init)).clone()],
  ["headers in a Map", async (url, init) => {
    const response = await globalThis.fetch(url, init);
    return { status: response.status, headers: new Map(response.headers), text: () => response.text() };
  }],
]) {
  test(`another fetch: ${name}`, async (t) => {
    const http = await startSandbox();
    t.after(() => http.stop());
    const client = new UsersClient({ apiToken: http.apiToken, baseUrl: http.url, fetch, maxRetries: 0 });
    const { data, response } = await client.getUser(1).withResponse();
    assert.deepEqual([data.id, response.status, response.rateLimit.limit], [1, 200, 100]);
    assert.equal((await client.updateUser(2, { active_flag: false })).active_flag, false);
    await assert.rejects(client.getUser(999), { kind: "not_found", status: 404, message: /User not found/ });
    await globalThis.fetch(`${http.url}/sandbox/fail`, { method: "POST", body: JSON.stringify({ fault: "latency", delayMs: 5_000 }) });
    const controller = new AbortController();
    const call = client.getUsers({ signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    await assert.rejects(call, { name: "AbortError" });
  });
}

test("a fetch that returns no Response is named", async () => {
  for (const [fetch, message] of [
    [async () => ({ status: 200, headers: {}, text: async () => "" }), /did not return a Response: it has no headers/],
    [async () => ({ status: 200, headers: new Headers(), json: async () => ({}) }), /did not return a Response: it has no text\(\)/],
    [async () => ({ data: {}, status: 200, headers: new Headers(), config: {} }), /did not return a Response/],
  ]) await assert.rejects(make({ fetch, maxRetries: 0 }).getUser(1), (error) => isPipedriveError(error, "connection") && message.test(error.message));
});

test("immer: a client, a page and an error in a state, and drafts as arguments", async () => {
  const client = make();
  const page = await client.getUserFollowers(1, { limit: 2 });
  const error = await client.getUser(999).catch((error) => error);
  const state = immer.produce({}, (draft) => void Object.assign(draft, { client, page, error }));
  assert.equal((await state.client.getUser(1)).id, 1);
  assert.equal((await state.page.getNextPage()).items.length, 2);
  assert.ok(isPipedriveError(state.error, "not_found"));
  const draft = immer.createDraft({ client, page, options: { limit: 2 }, changes: { active_flag: true }, config: { headers: { "x-app": "1" } } });
  assert.equal((await draft.client.getUser(1)).id, 1);
  assert.equal((await draft.page.getNextPage()).items.length, 2);
  assert.equal((await draft.client.getUserFollowers(1, draft.options)).items.length, 2);
  assert.equal((await client.updateUser(2, draft.changes)).id, 2);
  assert.equal((await make(draft.config).getUser(2)).id, 2);
});

for (const [name, shim] of [
  ["jsdom's kind", "globalThis.window = globalThis; globalThis.document = new (class { createElement(name) { return { name }; } })();"],
  ["a window of its own", "globalThis.window = {}; globalThis.document = { createElement() {} };"],
]) {
  test(`a DOM shim on a server is no page: ${name}`, () => {
    const { stdout, stderr } = run(`${shim} const { UsersClient } = await import("pipedrive-users"); new UsersClient({ apiToken: "secret" }); console.log("taken");`);
    assert.equal(stdout, "taken\n", stderr);
  });
}

test("a native document is a page, and so is one that cannot be told", () => {
  for (const document of ["{ createElement: Array.prototype.map }", "{}"]) {
    const { stdout } = run(`globalThis.window = globalThis; globalThis.document = ${document}; const { UsersClient } = await import("pipedrive-users"); try { new UsersClient({ apiToken: "secret" }); } catch (error) { console.log(error.name); }`);
    assert.equal(stdout, "ConfigError\n", document);
  }
});

test("the builds for edge servers know that they are no page, whatever old Workers have", async () => {
  const { readFile } = await import("node:fs/promises");
  const dist = new URL("dist/", import.meta.resolve("pipedrive-users/package.json"));
  for (const [file, isPage] of [["index.workerd.js", false], ["index.edge-light.js", false], ["index.js", true]]) {
    assert.equal((await readFile(new URL(file, dist), "utf8")).includes("importScripts"), isPage, file);
  }
});

test("requests are not to be cached, where the runtime knows how", async (t) => {
  const seen = [];
  const client = make({ fetch: (url, init) => (seen.push(init.cache), sandbox.fetch(url, init)) });
  await client.getUser(1);
  const { Request } = globalThis;
  t.after(() => (globalThis.Request = Request));
  globalThis.Request = class {};
  await make({ fetch: async (url, init) => (seen.push("cache" in init), Response.json({ success: true, data: {} })) }).getUser(1);
  assert.deepEqual(seen, ["no-store", false]);
});

test("a worker made of a blob gives a path the origin of its page", async (t) => {
  globalThis.location = { protocol: "blob:", origin: "https://app.example" };
  t.after(() => delete globalThis.location);
  const seen = [];
  const client = new UsersClient({ baseUrl: "/pipedrive", fetch: async (url) => (seen.push(url), Response.json({ success: true, data: {} })) });
  await client.getUser(1);
  assert.deepEqual(seen, ["https://app.example/pipedrive/v1/users/1"]);
});

test("without WebAssembly a call rejects with a LoadError that says so", () => {
  const { stdout, stderr } = run(`delete globalThis.WebAssembly; const { UsersClient } = await import("pipedrive-users"); console.log(String(await new UsersClient({ apiToken: "secret" }).getUser(1).catch((error) => error)));`);
  assert.match(stdout, /^LoadError: .*This runtime has no WebAssembly\./, stderr);
});

test("the entries share their classes", async () => {
  for (const [name, value] of Object.entries(sdk)) {
    if (typeof value === "function") assert.equal(server[name], value, name);
  }
  assert.throws(() => createSandbox({ users: 1 }), (error) => error.constructor === sdk.ConfigError);
  const { constructor } = fakePage([]);
  assert.ok(Object.getPrototypeOf(constructor) === ApiPromise || constructor === sdk.PagePromise);
  const cjs = [require("pipedrive-users"), require("pipedrive-users/server")];
  assert.equal(cjs[0].UsersClient, cjs[1].UsersClient);
});

test("two copies in one program know each other's errors", () => {
  const copies = [sdk, slim, require("pipedrive-users"), require("pipedrive-users/slim")];
  for (const one of copies) {
    for (const other of copies) {
      const error = new one.NotFoundError("no such user", { status: 404 });
      assert.ok(error instanceof other.NotFoundError && error instanceof other.PipedriveError && error instanceof Error);
      assert.ok(!(error instanceof other.ServerError));
      assert.ok(other.isPipedriveError(error, "not_found"));
    }
  }
  for (const value of [null, undefined, 7, {}, new Error("x"), new Proxy({}, { has() { throw new Error("no"); } })]) {
    assert.ok(!(value instanceof PipedriveError) && !(value instanceof NotFoundError));
  }
  class Mine extends NotFoundError {}
  assert.ok(new Mine("x") instanceof Mine && new Mine("x") instanceof NotFoundError && new Mine("x") instanceof require("pipedrive-users").NotFoundError);
  assert.ok(!(new NotFoundError("x") instanceof Mine));
  assert.ok(!(new Mine("x") instanceof ServerError));
});

test("two copies in one program know each other's OAuth", () => {
  const copies = [server, require("pipedrive-users/server")];
  const config = { clientId: "id", clientSecret: "secret", redirectUri: "http://localhost/callback", encryptionKey: "none" };
  for (const one of copies) {
    for (const other of copies) {
      const oauth = new one.OAuth({ ...config, store: other.memoryStore() });
      assert.ok(oauth instanceof other.OAuth);
      assert.equal(typeof other.createUsersProxy({ oauth, signedTokenSecret: "s".repeat(32) }), "function");
      class Mine extends other.OAuth {}
      assert.ok(!(oauth instanceof Mine) && new Mine({ ...config, store: one.memoryStore() }) instanceof one.OAuth);
      assert.ok(!/tenant|token/i.test(inspect(oauth)) && JSON.stringify(oauth) === "{}");
    }
  }
  for (const value of [null, undefined, 7, {}, new Proxy({}, { get() { throw new Error("no"); } })]) {
    assert.ok(!(value instanceof server.OAuth));
    assert.throws(() => server.createUsersProxy({ oauth: value, signedTokenSecret: "s".repeat(32) }), { kind: "config" });
  }
});

test("bytes of another realm are bytes", () => {
  const key = runInNewContext("Uint8Array.from({ length: 32 }, (_, index) => index)");
  assert.ok(!(key instanceof Uint8Array));
  assert.ok(new server.OAuth({ clientId: "id", clientSecret: "secret", redirectUri: "https://app.example/callback", store: server.memoryStore(), encryptionKey: key }));
});

test("an error of a constructor shows the caller's line, and no bundle", () => {
  const { stderr } = run(`
    import { UsersClient } from "pipedrive-users";
    class Mine extends UsersClient {}
    new Mine({ apiToken: process.env.NO_SUCH_VARIABLE });`);
  assert.match(stderr, /new Mine\(\{ apiToken/);
  assert.match(stderr, /ConfigError: apiToken is undefined: is the environment variable set\?/);
  assert.ok(stderr.length < 2_000 && !/dist\/index/.test(stderr), stderr.slice(0, 2_000));
  for (const program of ['import { OAuth } from "pipedrive-users/server"; new OAuth({ clientId: 7 });', 'import { createSandbox } from "pipedrive-users/sandbox"; createSandbox({ users: 1 });']) {
    const { stderr } = run(program);
    assert.ok(stderr.includes("ConfigError") && stderr.split("\n").every((line) => line.length < 400), stderr.slice(0, 2_000));
  }
});

test("fakePage is what a paged method returns", async () => {
  const items = [1, 2, 3, 4, 5];
  const all = [];
  for await (const item of fakePage(items, { pageSize: 2 })) all.push(item);
  assert.deepEqual(all, items);
  assert.deepEqual(await fakePage(items, { pageSize: 2 }).toArray({ limit: 3 }), [1, 2, 3]);
  const first = await fakePage(items, { pageSize: 2 });
  assert.deepEqual([first.items, first.hasNextPage, first.nextCursor, first.nextStart], [[1, 2], true, "2", 2]);
  const last = await (await first.getNextPage()).getNextPage();
  assert.deepEqual([last.items, last.hasNextPage, last.nextCursor, last.nextStart], [[5], false, undefined, undefined]);
  const whole = await fakePage([]);
  assert.deepEqual([whole.items, whole.hasNextPage], [[], false]);
  assert.equal((await fakePage(items).withResponse()).response.status, 200);
  assert.throws(() => fakePage(items, { pageSize: 0 }), { name: "ConfigError" });
  assert.throws(() => fakePage("items"), { name: "ConfigError" });
});

test("ApiPromise.resolve makes what a mocked method returns", async () => {
  const client = make();
  client.getUser = () => ApiPromise.resolve({ id: 7 });
  assert.equal((await client.getUser(1)).id, 7);
  await assert.rejects(ApiPromise.reject(new NotFoundError("no")), { kind: "not_found" });
});
