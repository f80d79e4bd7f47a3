// Timers that a program has replaced by what throws or returns anything: each call ends, with its data or with an error of this package.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UsersClient } from "pipedrive-users";
import { good, respond, scripted } from "./support/script.mjs";
import { settle } from "./support/wait.mjs";

const unhandled = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));

const { setTimeout, clearTimeout } = globalThis;
const refuse = () => {
  throw new Error("replaced");
};
const returning = (value) => ({ setTimeout: (...all) => (setTimeout(...all).unref(), value()) });

// What replaces them, and whether that ends the calls.
const REPLACED = {
  "a setTimeout that throws": [{ setTimeout: refuse }, true],
  "a clearTimeout that throws": [{ clearTimeout: refuse }, true],
  "a clearTimeout that does nothing": [{ clearTimeout: () => undefined }, false],
  "a setTimeout that returns nothing": [returning(() => undefined), false],
  "a setTimeout that returns a bigint": [returning(() => 5n), false],
  "a setTimeout that fires twice": [{ setTimeout: (...all) => (setTimeout(...all), setTimeout(...all)) }, false],
  "a setTimeout that fires late": [{ setTimeout: (work, milliseconds, ...all) => setTimeout(work, milliseconds + 100, ...all) }, false],
};

// Where a call waits while they are replaced, and how it ends where they do no harm.
const WAITS = {
  "for a response": [(client) => client.getUser(9, { maxRetries: 0 }), "timeout"],
  "to be sent again": [(client) => client.getUser(5), 7],
  "for its turn": [(client) => Promise.all([client.getUser(9, { maxRetries: 0 }), client.getUser(1)]).then(([, user]) => user), "timeout"],
  "for a credential": [(client) => client.getUser(1, { maxRetries: 0 }), "timeout", async (number) => (number === 1 ? "secret" : new Promise(() => {}))],
};

for (const [what, [replaced, isEnd]] of Object.entries(REPLACED)) {
  for (const [where, [call, expected, credential = async () => "secret"]] of Object.entries(WAITS)) {
    test(`${what}, while a call waits ${where}`, { timeout: 10_000 }, async (t) => {
      let [asked, fives] = [0, 0];
      const { fetch } = scripted(({ path }) => {
        if (path.endsWith("/9")) return new Promise(() => {});
        return path.endsWith("/5") && ++fives === 1 ? respond(503, "{}", { "retry-after": "0.2" }) : good({ id: 7 });
      });
      const client = new UsersClient({ accessToken: () => credential(++asked), fetch, maxConcurrency: 1, timeoutMs: 200, logLevel: "off" });
      await client.getUser(1);
      t.after(() => Object.assign(globalThis, { setTimeout, clearTimeout }));
      // Timers of Node.js keep it running only where they are its own.
      const alive = setInterval(() => undefined, 1_000);
      t.after(() => clearInterval(alive));
      Object.assign(globalThis, replaced);
      const outcome = await Promise.resolve(call(client)).then(({ id }) => id, (error) => error.kind);
      Object.assign(globalThis, { setTimeout, clearTimeout });
      assert.equal(outcome, isEnd ? "config" : expected);
      client.close();
      await settle();
      assert.deepEqual(unhandled.splice(0), []);
    });
  }
}
