// A call is a real promise: engines and libraries that read a promise's own state, and never call its `then`, see the
// outcome of the call too.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { UsersClient } from "pipedrive-users";
import { runScript } from "./support/child.mjs";
import { good, held, respond, scripted } from "./support/script.mjs";
import { rejection, settle, until } from "./support/wait.mjs";

const unhandled = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));

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

  test(`the platform's own then, catch and finally work on ${what}`, async () => {
    const { then, finally: last } = Promise.prototype;
    assert.ok(await then.call(call(7), (value) => value));
    assert.ok(await last.call(call(7), () => {}));
    assert.ok(await new Promise((resolve) => resolve(call(7))));
    assert.ok(await Promise.resolve(call(7)));
    assert.deepEqual((await Promise.all([call(7), call(8)])).length, 2);
  });

  test(`what comes of ${what} is a plain promise`, async () => {
    for (const next of [call(7).then((value) => value), call(7).catch(() => {}), call(7).finally(() => {})]) {
      assert.equal(next.constructor, Promise);
      await next;
    }
    assert.ok(call(7) instanceof Promise);
    assert.equal(Object.prototype.toString.call(call(7)), "[object Promise]");
    assert.equal(call(7).constructor[Symbol.species], Promise);
  });
}

test("a call that fails is natively rejected", async () => {
  const failed = client.getUser(404);
  await rejection(failed);
  assert.match(inspect(failed), /<rejected>/);
  assert.equal(await Promise.prototype.catch.call(client.getUser(404), ({ kind }) => kind), "not_found");
  assert.equal((await rejection(Promise.race([client.getUser(404)]))).kind, "not_found");
});

test("streams wait for a call, and fail with it", async () => {
  const writer = new WritableStream({ write: () => client.getUser(404) }).getWriter();
  assert.equal((await rejection(writer.write("x"))).kind, "not_found");
  await rejection(writer.closed);
  const readable = new ReadableStream({ start: () => client.getUser(404) });
  assert.equal((await rejection(readable.getReader().read())).kind, "not_found");
  const transform = new TransformStream({ transform: (_, controller) => client.getUser(7).then((user) => controller.enqueue(user)) });
  const input = transform.writable.getWriter();
  input.write("x").catch(() => undefined);
  assert.equal((await transform.readable.getReader().read()).value.id, 7);
});

test("iteration waits for a call", async () => {
  async function* users() {
    yield client.getUser(7);
  }
  for await (const user of users()) assert.equal(user.id, 7);
  for await (const user of [client.getUser(7)]) assert.equal(user.id, 7);
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

test("withResponse() alone handles the rejection, of every kind of promise and at any time", async () => {
  for (const call of [() => client.getUser(404), () => client.updateUser(404, { active_flag: true }), () => client.getUser(0)]) {
    assert.ok((await rejection(call().withResponse())).kind);
  }
  assert.equal((await rejection(client.getUserFollowers(0).withResponse())).kind, "argument");
  const late = client.getUser(404);
  late.catch(() => undefined);
  await settle();
  assert.equal((await rejection(late.withResponse())).kind, "not_found");
  const page = await client.getUserFollowers(7);
  assert.equal((await rejection(page.getNextPage().withResponse())).kind, "argument");
  await settle();
  assert.deepEqual(unhandled, []);
});

test("withResponse() can be called twice, and beside then", async () => {
  const call = client.getUser(7);
  const [first, second, data] = await Promise.all([call.withResponse(), call.withResponse(), call]);
  assert.equal(first.data, data);
  assert.equal(second.data, data);
  assert.equal(first.response.status, 200);
});

test("a rejection that nothing handles is reported as unhandled, once", async () => {
  const kinds = await runScript(`
    const { UsersClient } = await import("pipedrive-users");
    const kinds = [];
    process.on("unhandledRejection", ({ kind }) => kinds.push(kind));
    const client = new UsersClient({ apiToken: "secret", fetch: async () => new Response("{}", { status: 404 }), logLevel: "off" });
    client.getUser(7);
    client.getUser(0);
    client.getUserFollowers(0);
    client.getUser(7).then(() => {});
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
    console.log(JSON.stringify(kinds.sort()));
  `);
  assert.deepEqual(kinds, ["argument", "argument", "not_found", "not_found"]);
});

test("a handler that is added at once is in time", async () => {
  await Promise.all([client.getUser(0), client.getUser(404), client.getUserFollowers(0), client.getUsers({ timeout: 5 })].map(rejection));
  for (const call of [() => client.getUser(0), () => client.getUsers({ timeout: 5 })]) {
    try {
      await call();
      assert.fail("it did not reject");
    } catch ({ kind }) {
      assert.equal(kind, "argument");
    }
  }
  await settle();
  assert.deepEqual(unhandled, []);
});
