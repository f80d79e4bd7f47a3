// Bundles the panel's script, and puts the panel's files where the backend serves them from.
import { cp, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
await mkdir(here("public"), { recursive: true });
for (const file of ["index.html", "installed.html", "panel.css", "_headers"]) await cp(here(`panel/${file}`), here(`public/${file}`));
await build({ entryPoints: [here("panel/panel.js")], outfile: here("public/panel.js"), bundle: true, minify: true, format: "esm", logLevel: "warning" });
