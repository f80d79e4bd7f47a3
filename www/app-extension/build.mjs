// Bundles the panel's script and copies the panel's files to public/, the folder that the backend serves.
import { cp, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
await cp(here("panel"), here("public"), { recursive: true });
await build({ entryPoints: [here("panel/panel.js")], outfile: here("public/panel.js"), bundle: true, minify: true, format: "esm", logLevel: "warning" });

// To try the panel on this machine: a page of the sandbox may frame it, too.
if (process.argv.includes("--local")) {
  const headers = await readFile(here("panel/_headers"), "utf8");
  await writeFile(here("public/_headers"), headers.replace("https://*.pipedrive.com", "$& http://127.0.0.1:*"));
}
