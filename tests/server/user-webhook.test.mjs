// Pipedrive's webhooks for users: who may send them, what they change, and how soon they are answered.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { NotFoundError, UsersClient } from "pipedrive-users";
import { UserDirectory } from "pipedrive-users/directory";
import { createSandbox } from "pipedrive-users/sandbox";
import { ConfigError, createUserWebhook, toNodeListener } from "pipedrive-users/server";
import { startSandbox } from "../js/support/sandbox.mjs";
import { settle, until } from "../js/support/wait.mjs";

const CREDENTIALS = { username: "pipedrive", password: "a long and random pässword" };
const basic = ({ username, password } = CREDENTIALS) => `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
const request = (body, { authorization = basic(), method = "POST" } = {}) =>
  new Request("https://app.example/users", { method, headers: authorization ? { authorization } : {}, ...(method === "POST" && { body: typeof body === "string" ? body : JSON.stringify(body) }) });

const COMPANY = 70_001;
const NOW = Date.UTC(2026, 10, 22, 12);

const v2 = (at, data, meta = {}) => ({
  data: data && { id: "2", access: null, lang: "en-US", ...data },
  previous: {},
  meta: { action: "change", entity: "user", entity_id: "2", id: "2", company_id: `${COMPANY}`, timestamp: new Date(at).toISOString(), version: "2.0", attempt: 1, ...meta },
});
const v1 = (at, data) => ({ v: 1, event: "updated.user", retry: 0, meta: { v: 1, action: "updated", object: "user", id: 2, company_id: COMPANY, timestamp: at / 1_000 }, current: [{ id: 2, ...data }], previous: [{ id: 2, name: "Before" }] });

function open() {
  const users = [1, 2, 3].map((id) => ({ id, name: `Person ${id}`, email: `p${id}@mi6.example`, active_flag: true, is_deleted: false, role_id: 1, lang: 1, access: [{ app: "sales", admin: false }], modified: "2026-11-01 10:00:00" }));
  const calls = { getUser: 0, getUsers: 0 };
  const client = {
    users,
    getUsers: async () => (calls.getUsers++, structuredClone(users)),
    getUser: async (id) => (calls.getUser++, structuredClone(users.find((user) => user.id === id))),
    getCurrentUser: async () => ({ ...users[0], company_id: COMPANY }),
  };
  const directory = new UserDirectory(client);
  const errors = [];
  const handle = createUserWebhook({ directory, ...CREDENTIALS, onError: (error) => errors.push(error) });
  /** Sends a body, and waits until its work is done. */
  const send = async (body, options) => {
    const works = [];
    const response = await handle(request(body, options), { waitUntil: (work) => works.push(work) });
    await Promise.all(works);
    return response.status;
  };
  return { client, calls, directory, errors, handle, send };
}

test("both versions are merged: what they carry at once, the rest when it is asked for", async () => {
  const { client, calls, directory, send, errors } = open();
  await directory.all();
  assert.equal(await send(v2(NOW, { name: "Vesper", active_flag: false, phone: null })), 204);
  const { name, status, phone, role_id, lang, access } = directory.peek(2);
  assert.deepEqual([name, status, phone, role_id, lang, access.length], ["Vesper", "deactivated", null, 1, 1, 1], "and what they have in another form is left");
  client.users[1] = { ...client.users[1], name: "Vesper", role_id: 9 };
  assert.equal((await directory.byId(2)).name, "Vesper");
  await settle();
  assert.deepEqual([directory.peek(2).role_id, calls], [9, { getUser: 1, getUsers: 1 }]);
  assert.equal(await send(v1(NOW + 60_000, { name: "Lynd" })), 204);
  assert.equal(directory.peek(2).name, "Lynd");
  assert.equal(await send(v2(NOW + 70_000, null, { action: "delete" })), 204);
  assert.equal(directory.peek(2).status, "deleted");
  client.users.push({ ...client.users[0], id: 4, name: "New" });
  assert.equal(await send(v2(NOW, { id: "4", name: "n@mi6.example" }, { action: "create", entity_id: "4", id: "4" })), 204);
  assert.equal(directory.peek(4).name, "New");
  assert.deepEqual(errors, []);
});

test("what comes late, twice, malformed or of another company changes nothing", async () => {
  const { directory, send, errors, calls } = open();
  await directory.all();
  await send(v2(NOW, { name: "Vesper" }));
  const before = JSON.stringify(directory.entries());
  for (const body of [
    v2(NOW, { name: "twice" }),
    v2(NOW, { name: "another attempt" }, { attempt: 2 }),
    v2(NOW - 1, { name: "late" }),
    v1(NOW - 1_000, { name: "late" }),
    v2(Date.UTC(2026, 9, 1), { id: "1", name: "older than the record" }, { entity_id: "1" }),
    v2(NOW + 1, { name: "of another company" }, { company_id: "70002" }),
    v2(NOW + 1, { name: "of a deal" }, { entity: "deal" }),
    v2(NOW + 1, { name: "of another user" }, { entity_id: "3" }),
    v2(NOW + 1, { name: 7 }),
    v2(NOW + 1, null),
    v2(NOW + 1, { name: "x" }, { timestamp: "yesterday" }),
    v2(NOW + 1, { name: "x" }, { version: "3.0" }),
    "", "{", "null", "[]", '"text"', "7", '{"meta":{"version":"2.0"}}', "\0",
  ]) {
    assert.equal(await send(body), 204, "Pipedrive bans a webhook that refuses");
    assert.equal(JSON.stringify(directory.entries()), before, JSON.stringify(body));
  }
  assert.deepEqual([errors, calls], [[], { getUser: 0, getUsers: 1 }]);
});

test("nobody gets in without the exact credentials, and nothing is done for them", async () => {
  const { directory, send } = open();
  await directory.all();
  const body = v2(NOW, { name: "Le Chiffre" });
  const wrong = ["", "Basic", "Basic ", basic({ ...CREDENTIALS, password: "a long" }), basic({ ...CREDENTIALS, username: "Pipedrive" }), `Bearer ${basic().slice(6)}`, basic().slice(0, -4), basic({ username: "", password: "" })];
  for (const authorization of wrong) assert.equal(await send(body, { authorization }), 401, authorization);
  for (const method of ["GET", "PUT", "DELETE"]) assert.equal(await send(undefined, { method }), 405);
  assert.equal(directory.peek(2).name, "Person 2");
  assert.equal(await send(body, { authorization: basic().replace("Basic", "basic") }), 204);
  assert.equal(directory.peek(2).name, "Le Chiffre");
});

test("it responds before any work, and does not wait for a body for ever", { timeout: 20_000 }, async () => {
  const { client, directory, handle, errors } = open();
  await directory.all();
  let resolve;
  client.getCurrentUser = () => new Promise((resolved) => (resolve = resolved));
  assert.equal((await handle(request(v2(NOW, { name: "Vesper" })))).status, 204);
  assert.equal(resolve, undefined, "nothing was asked for yet");
  await until(() => resolve);
  resolve({ company_id: COMPANY });
  await until(() => directory.peek(2).name === "Vesper");
  assert.equal((await handle(request("x".repeat(2 ** 20 + 1)))).status, 413);
  const endless = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
  const slow = new Request("https://app.example/users", { method: "POST", headers: { authorization: basic() }, body: endless, duplex: "half" });
  assert.equal((await handle(slow)).status, 408);
  const failing = new Error("no company");
  const other = createUserWebhook({ ...CREDENTIALS, directory: { merge: async () => Promise.reject(failing) }, onError: (error) => errors.push(error) });
  assert.equal((await other(request(v2(NOW, { name: "x" })))).status, 204);
  await until(() => errors.length === 1);
  assert.deepEqual(errors, [failing]);
});

test("what is no Request is an ArgumentError", async () => {
  const webhook = createUserWebhook({ directory: { merge: async () => true }, username: "pipedrive", password: "secret" });
  for (const request of [undefined, null, 7, { method: "POST", headers: {} }]) await assert.rejects(webhook(request), { kind: "argument", message: /must be a Request/ });
});

test("a body that was read before is a 400", async () => {
  const { directory } = open();
  const handle = createUserWebhook({ directory, ...CREDENTIALS });
  for (const read of [(request) => request.text(), (request) => request.body.getReader()]) {
    const request = new Request("https://app.example/webhook", { method: "POST", headers: { authorization: basic() }, body: "{}" });
    await read(request);
    assert.equal((await handle(request)).status, 400);
  }
});

test("an app with many companies gives the directory of each", async () => {
  const merged = [];
  const handle = createUserWebhook({ ...CREDENTIALS, directory: async (companyId) => (companyId === COMPANY ? { merge: async (news) => merged.push(news) } : undefined) });
  const works = [];
  for (const company_id of [`${COMPANY}`, "8"]) await handle(request(v2(NOW, { name: "Vesper" }, { company_id })), { waitUntil: (work) => works.push(work) });
  await Promise.all(works);
  assert.deepEqual(merged, [{ id: 2, companyId: COMPANY, at: NOW, isDeleted: false, members: { name: "Vesper" } }]);
});

test("a configuration that protects nothing is refused", () => {
  const { directory } = open();
  for (const config of [undefined, null, {}, { directory, ...CREDENTIALS, password: "" }, { directory, ...CREDENTIALS, password: undefined }, { directory, ...CREDENTIALS, username: "" }, { directory, ...CREDENTIALS, username: "a:b" }, { ...CREDENTIALS }, { ...CREDENTIALS, directory: {} }, { ...CREDENTIALS, directory, secret: 1 }, { ...CREDENTIALS, directory, onError: 1 }]) {
    assert.throws(() => createUserWebhook(config), ConfigError, JSON.stringify(config));
  }
});

/** A server of the webhook on the loopback, whose directory is set later. */
async function serve(t) {
  const holder = {};
  const handle = createUserWebhook({ directory: () => holder.directory, ...CREDENTIALS });
  const http = createServer(toNodeListener(handle)).listen(0, "127.0.0.1");
  await new Promise((resolve) => http.once("listening", resolve));
  t.after(() => {
    http.closeAllConnections();
    http.close();
  });
  return Object.assign(holder, { url: `http://127.0.0.1:${http.address().port}/users?from=pipedrive` });
}

test("a change in the sandbox is visible within a second, in this process and over HTTP", { timeout: 30_000 }, async (t) => {
  const own = await serve(t);
  const sandbox = createSandbox({ webhookUrl: own.url, webhookUsername: CREDENTIALS.username, webhookPassword: CREDENTIALS.password });
  const other = await serve(t);
  const server = await startSandbox("--webhook-url", other.url, "--webhook-username", CREDENTIALS.username, "--webhook-password", CREDENTIALS.password);
  t.after(server.stop);
  for (const [holder, client] of [
    [own, new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch })],
    [other, new UsersClient({ apiToken: server.apiToken, baseUrl: server.url })],
  ]) {
    const directory = (holder.directory = new UserDirectory(client));
    await directory.all();
    await client.updateUser(2, { active_flag: false });
    await until(() => directory.peek(2).status === "deactivated", "the deactivated user", 1_000);
    await client.addUser({ email: "vesper@casinoroyale.example" });
    await until(() => directory.entries().length === 26, "the new user", 1_000);
    assert.equal((await directory.byEmail("vesper@casinoroyale.example")).id, 26);
    assert.equal((await directory.search("vesper")).length, 1);
  }
});

/** Every path to a value in a JSON value. */
const paths = (value, path = []) => [path, ...(Object(value) === value ? Object.entries(value).flatMap(([name, member]) => paths(member, [...path, name])) : [])];

/** A copy with another value, or without it, at a path. */
function changed(value, [name, ...rest], other) {
  if (name === undefined) return other;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  if (rest.length === 0 && other === undefined) delete copy[name];
  else copy[name] = changed(value[name], rest, other);
  return copy;
}

test("whatever is wrong in a body, the response is the same, and no record becomes ill", { timeout: 60_000 }, async () => {
  const wrong = [undefined, null, true, 0, 7, -1, 1.5, 1e300, 1_793_527_200_123_456, "", "x", "7", "0", "-1", "9".repeat(400), "9999-12-31T23:59:59Z", [], [null], [[]], {}, { id: 3 }, JSON.parse('{"__proto__":{"name":"x"},"constructor":1}'), "\u0000\ud800"];
  const full = { name: "Vesper", email: "v@mi6.example", active_flag: false, phone: null, modified: "2026-11-22 11:00:00", locale: "en_GB", icon_url: "https://a.example/b.png" };
  let sent = 0;
  for (const body of [v2(NOW, full), v1(NOW, full), v2(NOW, null, { action: "delete" })]) {
    for (const path of paths(body)) {
      for (const value of wrong) {
        const { client, directory, send, errors } = open();
        client.getUser = async () => Promise.reject(new NotFoundError("getUser: no such user"));
        await directory.all();
        const others = () => JSON.stringify([directory.peek(1), directory.peek(3)]);
        const before = others();
        const text = JSON.stringify(changed(body, path, value)) ?? "";
        assert.equal(await send(text), 204, text);
        assert.deepEqual(errors, [], text);
        const user = directory.peek(2);
        assert.deepEqual([typeof user.name, typeof user.email, typeof user.active_flag, user.id, Object.getPrototypeOf(user)], ["string", "string", "boolean", 2, Object.prototype], text);
        if (!path.includes("entity_id") && !path.includes("meta") && path.length > 0) assert.equal(others(), before, text);
        assert.equal(directory.entries().length, 3, text);
        // It does not keep what comes later from being taken.
        assert.equal(await send(v2(Date.UTC(2099, 0, 1), { name: "Later" })), 204);
        assert.equal(directory.peek(2).name, "Later", text);
        sent++;
      }
    }
  }
  assert.ok(sent > 1_000, `${sent}`);
});

test("a burst of webhooks costs a request a user at most, and one that is replayed costs none", async () => {
  const { directory, send, calls } = open();
  await directory.all();
  const bodies = Array.from({ length: 200 }, (_, index) => v2(NOW + index * 1_000, { name: `Name ${index}` }));
  await Promise.all([...bodies, ...bodies].map((body) => send(body)));
  assert.equal(directory.peek(2).name, "Name 199");
  await directory.byId(2);
  await settle();
  const { getUser } = calls;
  assert.ok(getUser <= 1, `${getUser} requests`);
  for (const body of bodies) await send(body);
  await directory.byId(2);
  await settle();
  assert.deepEqual(calls, { getUser, getUsers: 1 });
});
