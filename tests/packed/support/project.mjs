// An empty project with the packed tarball in it, and nothing that the tool's own "new project" does not give.
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));

/** Where the tarball and the tools are installed (xtask), and the projects are made below it. */
export const ROOT = fileURLToPath(new URL("../../../target/packed/", import.meta.url));

const [scenario, backend] = await Promise.all(["scenario.mjs", "backend.mjs"].map((name) => readFile(join(here, name), "utf8")));

/** The two entries that are tested everywhere: over HTTP, and with the sandbox in the place of the network. */
export const ENTRIES = ["client", "sandbox"];

/** Where there is no page, the server half too: through its proxy, over HTTP. */
export const SERVER_ENTRIES = [...ENTRIES, "server"];

const CONFIG = {
  client: "{ baseUrl: facts.url, apiToken: facts.apiToken, dangerouslyAllowBrowser: true }",
  sandbox: "(({ apiToken, fetch }) => ({ apiToken, fetch, dangerouslyAllowBrowser: true }))(createSandbox())",
  server: "await backend(users, facts)",
};

/** What an entry needs beside the calls, and where it comes from. */
const NEEDS = { client: [], sandbox: [{ name: "createSandbox", from: "pipedrive-users/sandbox" }, { name: "UserDirectory", from: "pipedrive-users/directory" }], server: [{ name: "backend", from: "./backend.mjs" }] };
/** The directory goes with the entry that needs no network. */
const DIRECTORY = { client: "", sandbox: ", UserDirectory", server: "" };
const PACKAGE = { client: "pipedrive-users", sandbox: "pipedrive-users", server: "pipedrive-users/server" };

/** A module with `run(facts)`, which makes the ten calls. */
export const run = (entry) => `import * as users from "${PACKAGE[entry]}";
${NEEDS[entry].map(({ name, from }) => `import { ${name} } from "${from}";\n`).join("")}import { tenCalls } from "./scenario.mjs";
export const run = async (facts) => tenCalls(users, ${CONFIG[entry]}${DIRECTORY[entry]});
`;

/** The same as CommonJS, with the files beside it written into it. */
export const required = (entry) => `const users = require("${PACKAGE[entry]}");
${NEEDS[entry].filter(({ from }) => !from.startsWith("./")).map(({ name, from }) => `const { ${name} } = require("${from}");\n`).join("")}${[scenario, backend].join("").replaceAll("export async", "async")}
exports.run = async (facts) => tenCalls(users, ${CONFIG[entry]}${DIRECTORY[entry]});
`;

/** The tarball itself. */
export const TARBALL = fileURLToPath(new URL(`../../../target/npm/pipedrive-users-${JSON.parse(await readFile(join(ROOT, "node_modules/pipedrive-users/package.json"), "utf8")).version}.tgz`, import.meta.url));

/** What a page does: it runs, and reports to where its address says. */
export const REPORT = `const facts = Object.fromEntries(new URLSearchParams(location.search));
const report = (body) => fetch(facts.report, { method: "POST", body: JSON.stringify(body) });
run(facts).then((result) => report({ result }), (error) => report({ error: String(error && error.stack || error) }));
`;
export const PAGE = `import { run } from "./run.mjs";\n${REPORT}`;

export const HTML = (script) => `<!doctype html><meta charset="utf-8"><title>test</title><link rel="icon" href="data:,">${script}\n`;

/** Makes a project of files, beside the tarball. */
export async function project(name, files) {
  const folder = join(ROOT, name);
  await rm(folder, { recursive: true, force: true });
  for (const [path, text] of Object.entries({ "package.json": '{ "private": true, "type": "module" }\n', "scenario.mjs": scenario, "backend.mjs": backend, ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

/** A file of what is installed. */
export const installed = (path) => join(ROOT, "node_modules", path);

export const copy = (from, to) => cp(from, to, { recursive: true });
