// The most frequent first mistake, an environment variable that is not set: Node.js prints the line of the program that made it, and no line of the
// package's scripts, of which some are as long as the whole script.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL("../", import.meta.url));
const STORE = 'clientSecret: "x", redirectUri: "https://app.example/callback", encryptionKey: "none"';

const MISTAKES = [
  ["pipedrive-users", "UsersClient", "new it({ apiToken: process.env.NOT_SET })", "apiToken is undefined: is the environment variable set?"],
  ["pipedrive-users/server", "OAuth", `new it({ clientId: process.env.NOT_SET, ${STORE} })`, "got undefined: is the environment variable set?"],
  ["pipedrive-users/server", "createUsersProxy", "it({ apiToken: process.env.NOT_SET, authenticate() {} })", "apiToken must be a string, got undefined: is the environment variable set?"],
  ["pipedrive-users/directory", "UserDirectory", "new it(process.env.NOT_SET)", "client must have getUsers(), got undefined"],
  ["pipedrive-users/sandbox", "createSandbox", "it({ user: process.env.NOT_SET })", 'did you mean "users"?'],
];

for (const [entry, name, code, message] of MISTAKES) {
  for (const [type, load] of [["module", `import { ${name} as it } from "${entry}";`], ["commonjs", `const { ${name}: it } = require("${entry}");`]]) {
    test(`an uncaught mistake with ${name} fills no terminal: ${type}`, () => {
      const { status, stderr } = spawnSync(process.execPath, [`--input-type=${type}`, "--eval", `${load}\n${code};`], { cwd, encoding: "utf8" });
      assert.equal(status, 1);
      assert.ok(stderr.includes(`ConfigError: `) && stderr.includes(message), stderr.slice(0, 2_000));
      assert.ok(stderr.length < 2_000, `${stderr.length} characters`);
    });
  }
}
