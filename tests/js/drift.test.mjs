// Drift: where responses differ from the models. It is reported once, without personal data, and fails no call.
import assert from "node:assert/strict";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { UsersClient } from "pipedrive-users";
import { createSandbox } from "pipedrive-users/sandbox";
import { OPERATIONS } from "./support/operations.mjs";
import { good, scripted } from "./support/script.mjs";
import { rejection } from "./support/wait.mjs";

/** A client whose drift is kept. */
function watching(script, config = {}) {
  const { fetch } = scripted(script);
  const drifts = [];
  const client = new UsersClient({ apiToken: "secret", fetch, logLevel: "off", onDrift: (drift) => drifts.push(drift), ...config });
  return { client, drifts };
}

const USER = {
  id: 1, name: "James Bond", default_currency: "EUR", locale: "et_EE", lang: 1, email: "bond@mi6.example", phone: null, activated: true,
  last_login: "2019-11-21 08:45:56", created: "2018-11-13 09:16:26", modified: null, has_created_company: true,
  access: [{ app: "sales", admin: true, permission_set_id: "62cc4d7f-4038-4352-abf3-a8c1c822b631" }],
  active_flag: true, timezone_name: "Europe/Berlin", timezone_offset: "+03:00", role_id: 1, icon_url: null, is_you: true, is_deleted: false,
};
const without = (name) => Object.fromEntries(Object.entries(USER).filter(([key]) => key !== name));
const APPS = 'one of "global", "sales", "campaigns", "projects", "account_settings", "partnership", "nova"';

test("the sandbox's responses never drift, in any operation", async () => {
  const sandbox = createSandbox({ users: 30 });
  const drifts = [];
  const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch, onDrift: (drift) => drifts.push(drift) });
  for (const { call } of OPERATIONS) await call(client);
  for (let id = 1; id <= 30; id++) await Promise.all([client.getUser(id), client.getUserFollowers(id).toArray({ limit: 500 }), client.getUserRoleAssignments(id).toArray({ limit: 500 })]);
  assert.deepEqual(drifts, []);
});

test("a good record does not drift, with what may be missing or null", async () => {
  const { client, drifts } = watching((_, number) => good([USER, without("access"), { ...USER, phone: "007", icon_url: "https://upload.example/x.png" }][number - 1]));
  for (let index = 0; index < 3; index++) await client.getUser(1);
  assert.deepEqual(drifts, []);
});

// [what, data, path, kind, expected, found]
for (const [what, data, path, kind, expected, found] of [
  ["a member that is missing", without("name"), "$.data.name", "missing", "a string", "nothing"],
  ["a member that is null", { ...USER, email: null }, "$.data.email", "type", "a string", "null"],
  ["a member of another type", { ...USER, id: "1" }, "$.data.id", "type", "an integer", "a string"],
  ["a fraction", { ...USER, role_id: 1.5 }, "$.data.role_id", "type", "an integer", "a number"],
  ["an object where a text was", { ...USER, phone: { mobile: "007" } }, "$.data.phone", "type", "a string", "an object"],
  ["a list where a flag was", { ...USER, is_you: [] }, "$.data.is_you", "type", "a boolean", "a list"],
  ["a text where a list was", { ...USER, access: "all" }, "$.data.access", "type", "a list", "a string"],
  ["an unknown value of an enumeration", { ...USER, access: [USER.access[0], { ...USER.access[0], app: "quantum_crm" }] }, "$.data.access[].app", "value", APPS, '"quantum_crm"'],
  ["another type inside a list", { ...USER, access: [{ ...USER.access[0], admin: "yes" }] }, "$.data.access[].admin", "type", "a boolean", "a string"],
  ["an unknown member", { ...USER, nickname: "Jimmy" }, "$.data.nickname", "unknown", "nothing", "a string"],
  ["an unknown member inside", { ...USER, access: [{ ...USER.access[0], since: 2027 }] }, "$.data.access[].since", "unknown", "nothing", "an integer"],
]) {
  test(`${what} is reported exactly, once for each client, and the call returns the data as it came`, async () => {
    for (let client_ = 0; client_ < 2; client_++) {
      const { client, drifts } = watching(() => good(data));
      for (let index = 0; index < 3; index++) assert.deepEqual(await client.getUser(1), data);
      assert.deepEqual(drifts, [{ operation: "getUser", path, kind, expected, found }]);
    }
  });
}

test("each path and kind is reported once per operation, however many records have it", async () => {
  const broken = { ...without("name"), access: [{ ...USER.access[0], app: "a", admin: 1 }, { ...USER.access[0], app: "b", admin: 2 }] };
  const { client, drifts } = watching(({ path }) => good(/users\/\d/.test(path) ? broken : [broken, broken, USER, broken]));
  await client.getUsers();
  await client.getUsers();
  const differences = [["$.data[].name", "missing"], ["$.data[].access[].app", "value"], ["$.data[].access[].admin", "type"]];
  assert.deepEqual(drifts.map(({ operation, path, kind }) => [operation, path, kind]), differences.map((one) => ["getUsers", ...one]));
  drifts.length = 0;
  await client.getUser(1);
  assert.deepEqual(drifts.map(({ operation, path }) => [operation, path]), differences.map(([path]) => ["getUser", path.replace("data[]", "data")]));
});

test("the same path can drift in more than one kind", async () => {
  const { client, drifts } = watching((_, number) => good(number === 1 ? without("email") : { ...USER, email: 7 }));
  await client.getUser(1);
  await client.getUser(1);
  assert.deepEqual(drifts.map(({ path, kind }) => [path, kind]), [["$.data.email", "missing"], ["$.data.email", "type"]]);
});

test("numbers that mean something are named like texts that do", async () => {
  const { client, drifts } = watching(() => good({ deal_default_visibility: 9, lead_default_visibility: 3 }));
  assert.deepEqual(await client.getUserRoleSettings(7), { deal_default_visibility: 9, lead_default_visibility: 3 });
  assert.deepEqual(drifts, [{ operation: "getUserRoleSettings", path: "$.data.deal_default_visibility", kind: "value", expected: "one of 1, 3, 5, 7", found: "9" }]);
});

test("every operation is watched", async () => {
  for (const { name, call } of OPERATIONS) {
    // Nothing of this fits any model, neither as a record nor as a list of them.
    const list = /^(getUsers|findUsersByName|getUserFollowers|getUserRoleAssignments)$/.test(name);
    const record = { id: [], user_id: [], can_use_api: [], deal_default_visibility: [] };
    const { client, drifts } = watching(() => good(list ? [record] : record));
    await call(client);
    assert.ok(drifts.length > 0, name);
    for (const drift of drifts) {
      assert.deepEqual(Object.keys(drift), ["operation", "path", "kind", "expected", "found"]);
      assert.equal(drift.operation, name);
      assert.ok(drift.path.startsWith(list ? "$.data[]" : "$.data."), drift.path);
    }
  }
});

test("later pages are watched too", async () => {
  const { client, drifts } = watching((_, number) => good([number === 1 ? { user_id: 1, add_time: "2026-01-01T00:00:00Z" } : { user_id: "2", add_time: "2026-01-01T00:00:00Z" }], {}, number === 1 ? { additional_data: { next_cursor: "b" } } : {}));
  const [page] = [await client.getUserFollowers(7)];
  assert.deepEqual(drifts, []);
  await page.getNextPage();
  assert.deepEqual(drifts.map(({ path, kind }) => [path, kind]), [["$.data[].user_id", "type"]]);
});

test("no report holds anybody's data", async () => {
  const secret = "Moneypenny";
  const lines = [];
  const logger = Object.fromEntries(["error", "warn", "info", "debug"].map((level) => [level, (line) => lines.push(line)]));
  const record = Object.fromEntries(Object.keys(USER).map((name) => [name, { [secret]: secret }]));
  const { client, drifts } = watching((_, number) => good(number === 1 ? record : { ...USER, name: [secret], email: 5551234, phone: 5551234, nick: secret, company_name: { of: secret } }), { logger, logLevel: "debug" });
  await client.getUser(1);
  await client.getUser(1);
  assert.ok(drifts.length > 15);
  assert.ok(lines.length >= drifts.length);
  const text = JSON.stringify([drifts, lines]);
  assert.ok(!text.includes(secret) && !text.includes("5551234"), text);
});

test("a long name is not shown, as it may be a token", async () => {
  const token = "0123456789abcdef0123456789abcdef01234567";
  const lines = [];
  const { client, drifts } = watching(() => good({ ...USER, [token]: 1 }), { apiToken: token, logLevel: "warn", logger: { ...console, warn: (line) => lines.push(line) } });
  await client.getUser(1);
  assert.deepEqual(drifts.map(({ path, kind, found }) => [path, kind, found]), [["$.data.a long name", "unknown", "an integer"]]);
  assert.match(lines.join("\n"), /a long name/);
  assert.ok(!JSON.stringify([drifts, lines]).includes(token));
  const permissions = watching(() => good({ [token]: 1 }));
  await permissions.client.getUserPermissions(1);
  assert.deepEqual(permissions.drifts.map(({ path }) => path), ["$.data.a long name"]);
});

test("what is no success is not held against the models", async () => {
  const { client, drifts } = watching(() => new Response('{"success":false,"error":"no","data":{"id":"x"}}', { status: 404 }));
  await rejection(client.getUser(1));
  assert.deepEqual(drifts, []);
});

test("odd data breaks nothing: a member called __proto__, one called constructor, an empty object, a deep one", async () => {
  for (const text of ['{"__proto__":{"x":1},"constructor":7,"toString":null,"hasOwnProperty":1}', "{}", `{"access":${'[{"access":'.repeat(500)}1${"}]".repeat(500)}}`]) {
    const { client, drifts } = watching(() => new Response(`{"success":true,"data":${text}}`));
    assert.deepEqual(await client.getUser(1), JSON.parse(text));
    assert.ok(drifts.length > 0);
  }
});

test("calls that begin while the check loads report a difference once", async () => {
  for (let gap = 0; gap < 40; gap++) {
    const drifts = [];
    const client = new UsersClient({ apiToken: "secret", fetch: scripted(() => good({ id: "7" })).fetch, onDrift: (drift) => drifts.push(`${drift.path} ${drift.kind}`) });
    const first = client.getUser(1);
    for (let time = 0; time < gap; time++) await undefined;
    await Promise.all([first, client.getUser(2)]);
    assert.deepEqual(drifts, [...new Set(drifts)], `${gap} microtasks later`);
    assert.ok(drifts.length > 0);
  }
});

test("without onDrift what it needs is not even loaded; with it, a file that cannot be loaded is reported once, and fails no call", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pipedrive-users-"));
  try {
    await cp(dirname(fileURLToPath(import.meta.resolve("pipedrive-users"))), folder, { recursive: true });
    await cp(join(folder, "index.js"), join(folder, "index.mjs"));
    await rm(join(folder, "drift.js"));
    const copy = await import(join(folder, "index.mjs"));
    const { fetch } = scripted(() => good({ id: "7" }));
    assert.deepEqual(await new copy.UsersClient({ apiToken: "secret", fetch }).getUser(7), { id: "7" });
    const warnings = [];
    const logger = { ...console, warn: (line) => warnings.push(line) };
    const watching = new copy.UsersClient({ apiToken: "secret", fetch, logger, onDrift: () => assert.fail("it has no check") });
    await Promise.all([1, 2, 3].map((id) => watching.getUser(id)));
    for (let call = 0; call < 3; call++) assert.deepEqual(await watching.getUser(7), { id: "7" });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /^\[pipedrive-users\] onDrift is not called: drift\.js/);
    assert.deepEqual(await new copy.UsersClient({ apiToken: "secret", fetch, logLevel: "off", onDrift() {} }).getUser(7), { id: "7" });
  } finally {
    await rm(folder, { recursive: true });
  }
});
