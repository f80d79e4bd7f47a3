// Other ways to install than npm's: what they make of the tarball, in a project with nothing else. The network is not asked.
import { join } from "node:path";
import { after } from "node:test";
import { command, json } from "./support/command.mjs";
import { ENTRIES, installed, project, run, TARBALL } from "./support/project.mjs";
import { packageVersion, row, stop } from "./support/rows.mjs";

after(stop);

const MAIN = 'import { run } from "./run.mjs";\nrun(JSON.parse(process.env.FACTS)).then((result) => console.log(JSON.stringify(result)));\n';
const MANIFEST = JSON.stringify({ name: "project", private: true, type: "module", dependencies: { "pipedrive-users": `file:${TARBALL}` } });

const pnpm = installed("pnpm/bin/pnpm.mjs");
const yarn = installed("@yarnpkg/cli-dist/bin/yarn.js");

for (const entry of ENTRIES) {
  row({ what: "pnpm", version: () => packageVersion("pnpm"), entry }, async (facts) => {
    const cwd = await project(`pnpm-${entry}`, { "package.json": MANIFEST, "pnpm-workspace.yaml": "packages: []\n", "run.mjs": run(entry), "main.mjs": MAIN });
    await command(installed("node-24/bin/node"), [pnpm, "install", "--offline", "--store-dir", join(cwd, "store")], { cwd, env: { HOME: cwd } });
    return json(process.execPath, ["main.mjs"], { cwd, env: { FACTS: JSON.stringify(facts) } });
  });

  row({ what: "Yarn, Plug'n'Play", version: () => packageVersion("@yarnpkg/cli-dist"), entry }, async (facts) => {
    const cwd = await project(`yarn-${entry}`, { "package.json": MANIFEST, "yarn.lock": "", ".yarnrc.yml": "nodeLinker: pnp\nenableTelemetry: false\nenableGlobalCache: false\nenableNetwork: false\n", "run.mjs": run(entry), "main.mjs": MAIN });
    await command(process.execPath, [yarn, "install", "--no-immutable"], { cwd, env: { HOME: cwd } });
    return json(process.execPath, [yarn, "node", "main.mjs"], { cwd, env: { HOME: cwd, FACTS: JSON.stringify(facts) } });
  });
}
