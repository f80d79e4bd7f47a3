// No bundler: pages with an import map, workers, a service worker, and a sandboxed frame under a policy, in real browsers.
import { after } from "node:test";
import { serveFolder, versionOf, visit } from "./support/browsers.mjs";
import { copy, ENTRIES, HTML, installed, PAGE, project, run } from "./support/project.mjs";
import { row, stop } from "./support/rows.mjs";

after(stop);

const IMPORTS = { "pipedrive-users": "/package/dist/index.js", "pipedrive-users/sandbox": "/package/dist/sandbox.js", "pipedrive-users/directory": "/package/dist/directory.js" };
const PAGES = {
  // What the README shows.
  "page with an import map": (entry) => ({ "index.html": HTML(`<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script><script type="module" src="main.js"></script>`) }),
  // Workers have no import map: addresses stand in the place of names.
  "module worker": () => ({ "index.html": HTML('<script>new Worker("worker.js" + location.search, { type: "module" })</script>'), "worker.js": PAGE, "run.mjs": undefined }),
  "service worker": () => ({
    "index.html": HTML('<script>navigator.serviceWorker.register("worker.js" + location.search, { type: "module" }).catch((error) => fetch(new URLSearchParams(location.search).get("report"), { method: "POST", body: JSON.stringify({ error: String(error) }) }))</script>'),
    "worker.js": PAGE,
    "run.mjs": undefined,
  }),
  "frame with sandbox=\"allow-scripts\" and a policy with 'wasm-unsafe-eval'": () => ({
    "index.html": HTML('<script>const frame = document.createElement("iframe"); frame.sandbox = "allow-scripts"; frame.src = "frame.html" + location.search; document.body.append(frame)</script>').replace("<link", "<body><link"),
    "frame.html": HTML('<script type="module" src="main.js"></script>'),
    "run.mjs": undefined,
  }),
};

/** The frame's policy: what an app extension's page may well have. In a frame without an origin, WebKit has no 'self'. */
const policy = (browser) => ({ "/frame.html": (origin) => ({ "content-security-policy": `script-src ${browser === "WebKit" ? origin : "'self'"} 'wasm-unsafe-eval'` }) });

for (const browser of ["Chromium", "Firefox", "WebKit"]) {
  for (const [what, files] of Object.entries(PAGES)) {
    for (const entry of ENTRIES) {
      row({ what: `${browser}, ${what}`, version: () => versionOf(browser), entry }, async (facts) => {
        const own = files(entry);
        const byAddress = run(entry).replace(/"(pipedrive-users[\w/]*)"/g, (_, name) => `".${IMPORTS[name]}"`);
        const cwd = await project(`${browser}-${what}-${entry}`.replace(/\W+/g, "-").toLowerCase(), {
          "main.js": PAGE,
          ...own,
          "run.mjs": "run.mjs" in own ? byAddress : run(entry),
        });
        await copy(installed("pipedrive-users"), `${cwd}/package`);
        const server = await serveFolder(cwd, policy(browser));
        try {
          const { firstCallMs } = await visit(browser, `${server.origin}/`, facts);
          return { firstCallMs, bytes: server.bytes() };
        } finally {
          server.close();
        }
      });
    }
  }
}
