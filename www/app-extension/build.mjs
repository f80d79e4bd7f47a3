// Bundles the panel's script, and puts the panel's files where the backend serves them from.
import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
await cp(here("panel"), here("public"), { recursive: true });
await build({ entryPoints: [here("panel/panel.js")], outfile: here("public/panel.js"), bundle: true, minify: true, format: "esm", logLevel: "warning" });
