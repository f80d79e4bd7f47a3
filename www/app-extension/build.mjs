// Bundles the panel's script and copies the panel's files to public/, the folder that the backend serves.
import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
await cp(here("panel"), here("public"), { recursive: true });
await build({ entryPoints: [here("panel/panel.js")], outfile: here("public/panel.js"), bundle: true, minify: true, format: "esm", logLevel: "warning" });
