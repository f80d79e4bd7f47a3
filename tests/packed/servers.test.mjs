// Node, Deno and Bun: an import or a require, and ten calls over HTTP.
import { after } from "node:test";
import { json } from "./support/command.mjs";
import { installed, project, required, run, SERVER_ENTRIES } from "./support/project.mjs";
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

for (const [what, version, file, program, args] of [
  ...nodes.flatMap(([what, version, program]) => [[`${what}, import`, version, "main.mjs", program, []], [`${what}, require`, version, "main.cjs", program, []]]),
  ["Deno", () => packageVersion("deno"), "main.mjs", process.execPath, [deno, "run", "--no-remote", "--allow-net=127.0.0.1", "--allow-env", "--allow-read"]],
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
