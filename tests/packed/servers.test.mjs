// Node, Deno and Bun: an import or a require, and ten calls over HTTP.
import { after } from "node:test";
import { command, json } from "./support/command.mjs";
import { ENTRIES, installed, project, required, run } from "./support/project.mjs";
import { facts, packageVersion, row, stop } from "./support/rows.mjs";

after(stop);

const MAIN = 'import { run } from "./run.mjs";\nrun(JSON.parse(process.env.FACTS)).then((result) => console.log(JSON.stringify(result)));\n';
const MAIN_CJS = 'const { run } = require("./run.cjs");\nrun(JSON.parse(process.env.FACTS)).then((result) => console.log(JSON.stringify(result)));\n';

const deno = installed("deno/bin.cjs");
const bun = installed("bun/bin/bun.exe");

for (const [what, version, file, program, args] of [
  ["Node.js, import", async () => process.version.slice(1), "main.mjs", process.execPath, []],
  ["Node.js, require", async () => process.version.slice(1), "main.cjs", process.execPath, []],
  ["Deno", () => packageVersion("deno"), "main.mjs", process.execPath, [deno, "run", "--no-remote", "--allow-net=127.0.0.1", "--allow-env", "--allow-read"]],
  ["Bun, import", () => packageVersion("bun"), "main.mjs", bun, []],
  ["Bun, require", () => packageVersion("bun"), "main.cjs", bun, []],
]) {
  for (const entry of ENTRIES) {
    row({ what, version, entry }, async (facts) => {
      const cwd = await project(`${what.replace(/\W+/g, "-").toLowerCase()}-${entry}`, { "run.mjs": run(entry), "run.cjs": required(entry), "main.mjs": MAIN, "main.cjs": MAIN_CJS });
      return json(program, [...args, file], { cwd, env: { FACTS: JSON.stringify(facts) } });
    });
  }
}
