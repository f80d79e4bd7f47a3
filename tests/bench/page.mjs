// Makes what the page www/compare needs: each peer as a script, the subjects, and what each peer weighs. The package is the one that is built.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { bytes } from "./bytes.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = here("../../www/compare/peers");
const PEERS = ["limit", "floor", "ours", "ours-drift", "openapi-fetch", "ky-zod"];
const alias = { "pipedrive-users": here("../../pkg/dist/index.js") };

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const subjects = { contents: 'export { default as small } from "./subjects/small.mjs"; export { default as list } from "./subjects/list.mjs";', resolveDir: here(".") };
const common = { bundle: true, minify: true, format: "esm", platform: "browser", logLevel: "warning", alias };
await build({ ...common, splitting: true, entryPoints: PEERS.map((name) => here(`peers/${name}.mjs`)), outdir: out });
await build({ ...common, stdin: subjects, outfile: `${out}/subjects.js` });
const version = async (name) => [name, JSON.parse(await readFile(here(`node_modules/${name}/package.json`), "utf8")).version];
const versions = Object.fromEntries(await Promise.all(["pipedrive", "openapi-fetch", "ky", "zod", "axios"].map(version)));
await writeFile(`${out}/facts.json`, JSON.stringify({ bytes: await bytes({ alias }), versions }));
