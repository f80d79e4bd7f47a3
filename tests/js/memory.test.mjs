// The result of a call belongs to its caller: the client keeps none of it, however the call ended.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UsersClient } from "pipedrive-users";
import { gc } from "./support/gc.mjs";
import { good, held, respond, scripted } from "./support/script.mjs";
import { rejection, settle, until } from "./support/wait.mjs";

const COUNT = 50;

/** How many of the objects that a function returns are still in memory after it. */
async function kept(make) {
  const refs = [];
  for (let index = 0; index < COUNT; index++) refs.push(new WeakRef(await make(index + 1)));
  for (let turn = 0; turn < 3; turn++) {
    await settle();
    gc();
  }
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

const { fetch } = scripted(({ path, method }) => (method === "GET" && path.endsWith("404") ? respond(404, "{}") : good(/followers/.test(path) ? [{ user_id: 1 }] : { id: 7 })));
const client = new UsersClient({ apiToken: "secret", fetch });
const { signal } = new AbortController();

for (const [what, make] of Object.entries({
  "the data of a read": (id) => client.getUser(id),
  "the data of a write": (id) => client.updateUser(id, { active_flag: true }),
  "the data of a call with a signal that lives on": (id) => client.getUser(id, { signal }),
  "the items of a page": async (id) => (await client.getUserFollowers(id)).items,
  "the response": async (id) => (await client.getUser(id).withResponse()).response,
  "an error": () => rejection(client.getUser(404)),
  "the reason of an aborted call": async (id) => {
    const controller = new AbortController();
    const { fetch, requests } = held();
    const call = rejection(new UsersClient({ apiToken: "secret", fetch }).getUser(id, { signal: controller.signal }));
    await until(() => requests.length === 1);
    controller.abort({ reason: id });
    return call;
  },
})) {
  // The last one may still be on the stack.
  test(`${what} is not kept`, async () => assert.ok((await kept(make)) <= 1));
}
