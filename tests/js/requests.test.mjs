// The requests that calls are made into, and the arguments that are refused, are the same in JavaScript and in Rust: the
// crate's own tests read the same table.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { UsersClient } from "pipedrive-users";

const cases = JSON.parse(await readFile(new URL("../requests.json", import.meta.url), "utf8"));

/** How each operation takes its parameters. */
const call = {
  findUsersByName: (client, { term, ...options }) => client.findUsersByName(term, options),
  addUser: (client, user) => client.addUser(user),
  updateUser: (client, { id, ...changes }) => client.updateUser(id, changes),
};

for (const { operation, args, target, body, error } of cases) {
  test(`${operation}(${JSON.stringify(args)}) ${error ? "is refused" : "is sent"} as in Rust`, async () => {
    const sent = [];
    const fetch = async (url, init) => {
      sent.push([url, init.body]);
      return Response.json({ success: true, data: /getUsers|find|Followers|Assignments/.test(operation) ? [] : {} });
    };
    const client = new UsersClient({ apiToken: "secret", baseUrl: "https://backend.example", fetch });
    const made = (call[operation] ?? ((client, { id, ...options }) => (id === undefined ? client[operation](options) : client[operation](id, options))))(client, args);
    if (error) await assert.rejects(async () => made, { kind: "argument", message: error });
    else await made;
    assert.deepEqual(sent, error ? [] : [[`https://backend.example${target}`, body]]);
  });
}
