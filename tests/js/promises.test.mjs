// A call is a real promise: engines and libraries that read a promise's own state, and never call its `then`, see the
// outcome of the call too.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { UsersClient } from "pipedrive-users";
import { NATIVE, UNHANDLED } from "./support/everywhere/native.mjs";
import { testEach, testEachAlone } from "./support/node-world.mjs";
import { good, held, respond, scripted } from "./support/script.mjs";
import { rejection, settle, until } from "./support/wait.mjs";

testEach(NATIVE);
testEachAlone("native", UNHANDLED);

const { fetch } = scripted(async ({ path }) => (await settle(1), path.endsWith("404") ? respond(404, { success: false, error: "User not found" }) : good(/followers/.test(path) ? [{ user_id: 1 }] : { id: 7, name: "James Bond" })));
const client = new UsersClient({ apiToken: "secret", fetch, logLevel: "off" });

// Each kind of promise that the client returns.
const CALLS = {
  "a read": (id) => client.getUser(id),
  "a write": (id) => client.updateUser(id, { active_flag: true }),
  "a paged call": (id) => client.getUserFollowers(id),
};

for (const [what, call] of Object.entries(CALLS)) {
  test(`the engine sees ${what} pending, fulfilled and rejected`, async () => {
    const pending = call(7);
    assert.match(inspect(pending), /<pending>/);
    await pending;
    assert.match(inspect(pending), /\[Promise\] \{\s+\S* ?\{/, "with its value");
  });
}

test("a call that fails is natively rejected", async () => {
  const failed = client.getUser(404);
  await rejection(failed);
  assert.match(inspect(failed), /<rejected>/);
  assert.equal(await Promise.prototype.catch.call(client.getUser(404), ({ kind }) => kind), "not_found");
  assert.equal((await rejection(Promise.race([client.getUser(404)]))).kind, "not_found");
});

test("a call is pending until its response has come", async () => {
  const { fetch, requests } = held();
  const call = new UsersClient({ apiToken: "secret", fetch }).getUser(7);
  let isOver = false;
  call.finally(() => (isOver = true));
  await until(() => requests.length === 1);
  await settle();
  assert.equal(isOver, false);
  assert.match(inspect(call), /<pending>/);
  requests[0].give();
  await call;
});
