// Node, Deno and Bun: an import or a require, and ten calls over HTTP.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { inParts, KINDS } from "../js/support/everywhere/index.mjs";
import { json } from "./support/command.mjs";
import { copy, installed, project, required, run, SERVER_ENTRIES } from "./support/project.mjs";
import { packageVersion, row, stop } from "./support/rows.mjs";

after(stop);

const MAIN = 'import { run } from "./run.mjs";\nrun(JSON.parse(process.env.FACTS)).then((result) => console.log(JSON.stringify(result)));\n';
const MAIN_CJS = 'const { run } = require("./run.cjs");\nrun(JSON.parse(process.env.FACTS)).then((result) => console.log(JSON.stringify(result)));\n';

const deno = installed("deno/bin.cjs");
const bun = installed("bun/bin/bun.exe");

/** The installed Node.js, and the newer ones that are maintained. */
const nodes = [
  ["Node.js", async () => process.version.slice(1), process.execPath],
  ...[22, 24].map((major) => [`Node.js ${major}`, () => packageVersion(`node-${major}`), installed(`node-${major}/bin/node`)]),
];

const DENO = [deno, "run", "--no-remote", "--allow-net=127.0.0.1", "--allow-env", "--allow-read"];

for (const [what, version, file, program, args] of [
  ...nodes.flatMap(([what, version, program]) => [[`${what}, import`, version, "main.mjs", program, []], [`${what}, require`, version, "main.cjs", program, []]]),
  ["Deno", () => packageVersion("deno"), "main.mjs", process.execPath, DENO],
  ["Bun, import", () => packageVersion("bun"), "main.mjs", bun, []],
  ["Bun, require", () => packageVersion("bun"), "main.cjs", bun, []],
]) {
  for (const entry of SERVER_ENTRIES) {
    row({ what, version, entry }, async (facts) => {
      const cwd = await project(`${what.replace(/\W+/g, "-").toLowerCase()}-${entry}`, { "run.mjs": run(entry), "run.cjs": required(entry), "main.mjs": MAIN, "main.cjs": MAIN_CJS });
      return json(program, [...args, file], { cwd, env: { FACTS: JSON.stringify(facts) } });
    });
  }
}

const PART = `import * as sdk from "pipedrive-users";
import { runAll } from "./support/everywhere/index.mjs";
const unhandled = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));
runAll(JSON.parse(process.env.PART), sdk, { unhandled }).then((result) => (console.log(JSON.stringify(result)), process.exit()));
`;
// They have one realm only.
const { realms, ...kinds } = KINDS;

for (const [what, program, args] of [[nodes[1][0], nodes[1][2], []], [nodes[2][0], nodes[2][2], []], ["Deno", process.execPath, DENO], ["Bun", bun, []]]) {
  test(`the scenarios of every runtime in ${what}`, { timeout: 180_000 }, async () => {
    const cwd = await project(`everywhere-${what.replace(/\W+/g, "-").toLowerCase()}`, { "part.mjs": PART });
    await copy(fileURLToPath(new URL("../js/support", import.meta.url)), `${cwd}/support`);
    for (const [kind, scenarios] of Object.entries(kinds)) {
      const results = await inParts(kind, (part) => json(program, [...args, "part.mjs"], { cwd, env: { PART: JSON.stringify(part) } }));
      assert.deepEqual(results, { count: Object.keys(scenarios).length, failed: {} }, kind);
    }
  });
}
