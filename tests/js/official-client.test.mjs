// The sandbox is held to something that we did not write: Pipedrive's own npm client calls all ten operations on it
// over HTTP and gets what it should.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { v1, v2 } from "pipedrive";
import { UsersClient } from "pipedrive-users";
import { startSandbox } from "./support/sandbox.mjs";

const sandbox = await startSandbox("--users", 30, "--burst", 1000);
after(() => sandbox.stop());

const raw = async (path) => (await fetch(sandbox.url + path, { headers: { "x-api-token": sandbox.apiToken } })).json();
const official = (credential) => ({
  users: new v1.UsersApi(new v1.Configuration({ ...credential, basePath: `${sandbox.url}/v1` })),
  followers: new v2.UsersApi(new v2.Configuration({ ...credential, basePath: `${sandbox.url}/api/v2` })),
});

for (const [what, credential] of [["an API token", { apiKey: sandbox.apiToken }], ["an access token", { accessToken: sandbox.accessToken }]]) {
  const { users, followers } = official(credential);

  test(`with ${what}, its reading calls get the complete responses`, async () => {
    for (const [name, parameters, path] of [
      ["getUsers", undefined, "/v1/users"],
      ["findUsersByName", { term: "a" }, "/v1/users/find?term=a"],
      ["findUsersByName", { term: "casinoroyale", search_by_email: 1 }, "/v1/users/find?term=casinoroyale&search_by_email=1"],
      ["getCurrentUser", undefined, "/v1/users/me"],
      ["getUser", { id: 2 }, "/v1/users/2"],
      ["getUserPermissions", { id: 2 }, "/v1/users/2/permissions"],
      ["getUserRoleAssignments", { id: 1, start: 1, limit: 2 }, "/v1/users/1/roleAssignments?start=1&limit=2"],
      ["getUserRoleSettings", { id: 1 }, "/v1/users/1/roleSettings"],
    ]) {
      const response = await users[name](parameters);
      assert.equal(response.success, true, name);
      assert.deepEqual(response, await raw(path), name);
      assert.ok(Object.keys(response.data).length > 0, name);
    }
  });

  test(`with ${what}, it reads followers page by page`, async () => {
    const all = (await raw("/api/v2/users/1/followers?limit=500")).data;
    const read = [];
    let cursor;
    do {
      const page = await followers.getUserFollowers({ id: 1, limit: 10, ...(cursor && { cursor }) });
      read.push(...page.data);
      cursor = page.additional_data.next_cursor;
    } while (cursor);
    assert.equal(all.length, 29);
    assert.deepEqual(read, all);
  });

  test(`with ${what}, it adds and changes a user, which our client then sees`, async () => {
    const email = `${Object.keys(credential)[0].toLowerCase()}@mi6.example`;
    const added = await users.addUser({ AddUserRequest: { email, access: [{ app: "sales", admin: true }], active_flag: true } });
    assert.equal(added.success, true);
    assert.equal(added.data.email, email);
    const client = new UsersClient({ apiToken: sandbox.apiToken, baseUrl: sandbox.url });
    assert.deepEqual(await client.getUser(added.data.id), added.data);
    const updated = await users.updateUser({ id: added.data.id, UpdateUserRequest: { active_flag: false } });
    assert.equal(updated.data.active_flag, false);
    assert.deepEqual(await client.getUser(added.data.id), updated.data);
    assert.deepEqual((await users.findUsersByName({ term: email, search_by_email: 1 })).data, await client.findUsersByName(email, { searchByEmail: true }));
  });
}

test("both clients get the same data, call by call", async () => {
  const { users, followers } = official({ apiKey: sandbox.apiToken });
  const client = new UsersClient({ apiToken: sandbox.apiToken, baseUrl: sandbox.url });
  assert.deepEqual(await client.getUsers(), (await users.getUsers()).data);
  assert.deepEqual(await client.getCurrentUser(), (await users.getCurrentUser()).data);
  for (const id of [1, 2, 17]) {
    assert.deepEqual(await client.getUser(id), (await users.getUser({ id })).data);
    assert.deepEqual(await client.getUserPermissions(id), (await users.getUserPermissions({ id })).data);
    assert.deepEqual(await client.getUserRoleSettings(id), (await users.getUserRoleSettings({ id })).data);
    assert.deepEqual((await client.getUserRoleAssignments(id)).items, (await users.getUserRoleAssignments({ id })).data);
    assert.deepEqual((await client.getUserFollowers(id)).items, (await followers.getUserFollowers({ id })).data);
  }
});

test("its errors are Pipedrive's", async () => {
  const { users, followers } = official({ apiKey: sandbox.apiToken });
  const refused = (call) => call.then(() => assert.fail("was not refused"), (error) => error);
  assert.deepEqual(await refused(users.getUser({ id: 999 })), { success: false, error: "User not found or not accessible." });
  assert.equal((await refused(followers.getUserFollowers({ id: 999 }))).error, "Entity was not found");
  assert.equal((await refused(official({ apiKey: "wrong" }).users.getUsers())).errorCode, 401);
  assert.equal((await refused(official({ apiKey: sandbox.nonAdminToken }).users.addUser({ AddUserRequest: { email: "m@mi6.example" } }))).error, "You do not have permissions to do this.");
  assert.equal((await refused(official({ accessToken: sandbox.baseToken }).users.getUsers())).error, "Scope and URL mismatch");
  assert.equal((await refused(users.addUser({ AddUserRequest: { email: "nonsense" } }))).success, false);
});
