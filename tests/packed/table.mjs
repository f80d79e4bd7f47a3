// Writes RUNTIMES.md of the rows that the tests left, or says how it differs from the one that is there.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "./support/project.mjs";

const file = fileURLToPath(new URL("../../RUNTIMES.md", import.meta.url));
const folder = join(ROOT, "rows");
const rows = await Promise.all((await readdir(folder)).map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8"))));
const byName = (a, b) => a.what.localeCompare(b.what, "en") || a.entry.localeCompare(b.entry, "en");

const HEAD = `# Where it runs

Each row is a test: the packed tarball, installed in an empty project with nothing but what the tool's own new project
has; then each of the ten operations once, and an error that has its class. \`client\` calls a sandbox over HTTP,
\`sandbox\` has \`pipedrive-users/sandbox\` in the place of the network, \`server\` is a page's client behind the proxy of
\`pipedrive-users/server\`, whose user authorised the app and whose token expired. Only what passed has a row, and a test
fails if one is missing.

Two that have no row. React Native's Hermes has no WebAssembly: every call rejects with a \`LoadError\` that says so. Electron does not
come from npm alone, since its installer downloads the program: its main process is a Node.js and its windows are Chromium's.

Bytes are all scripts that were loaded or bundled, the test's own two kilobytes with them, as brotli sends them. "First
call" is the time of the first call with the loading of the WebAssembly in it, once, on a small and busy machine.

Made by \`cargo xtask test --all\`; \`node tests/packed/table.mjs --write\` writes it anew.

| runtime or tool | version | entry | result | bytes | first call |
|---|---|---|---|---:|---:|
`;

const line = ({ what, version, entry, bytes, firstCallMs }) => `| ${what} | ${version} | ${entry} | ten calls | ${bytes ?? ""} | ${firstCallMs === undefined ? "" : `${Math.round(firstCallMs)} ms`} |`;
const names = (text) => [...text.matchAll(/^\| ([^|]+) \| [^|]+ \| (client|sandbox|server) \|/gm)].map(([, what, entry]) => `${what.trim()}, ${entry}`).sort();

const text = `${HEAD}${rows.sort(byName).map(line).join("\n")}\n`;
if (process.argv.includes("--write")) {
  await writeFile(file, text);
} else {
  const [there, here] = [names(await readFile(file, "utf8")), names(text)];
  const missing = there.filter((name) => !here.includes(name));
  const unnamed = here.filter((name) => !there.includes(name));
  if (missing.length || unnamed.length) {
    console.log(`RUNTIMES.md is out of date. No test left a row for: ${missing.join("; ") || "-"}. It does not name: ${unnamed.join("; ") || "-"}`);
    process.exit(1);
  }
  console.log(`RUNTIMES.md names the ${here.length} rows`);
}
