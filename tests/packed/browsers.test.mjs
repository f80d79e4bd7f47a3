// No bundler: pages with an import map, workers, a service worker, and a sandboxed frame under a policy, in real browsers.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { KINDS } from "../js/support/everywhere/index.mjs";
import { extension, serveFolder, versionOf, visit } from "./support/browsers.mjs";
import { copy, ENTRIES, HTML, installed, PAGE, project, REPORT, run } from "./support/project.mjs";
import { facts, row, stop } from "./support/rows.mjs";

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

// A worker of a blob, as Vite's `?worker&inline` makes it, has no address of its own: a path as baseUrl is one of its page's origin.
row({ what: "Chromium, worker made of a blob, baseUrl a path", version: () => versionOf("Chromium"), entry: "client" }, async (facts) => {
  const cwd = await project("chromium-blob", {
    "index.html": HTML(`<script>const code = "const facts = " + JSON.stringify(Object.fromEntries(new URLSearchParams(location.search))) + ";\\nimport { run } from '" + location.origin + "/run.mjs';\\nconst report = (body) => fetch(facts.report, { method: 'POST', body: JSON.stringify(body) });\\nrun(facts).then((result) => report({ result }), (error) => report({ error: String(error.stack) }));"; new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), { type: "module" })</script>`),
    "run.mjs": run("client").replace(/"pipedrive-users"/, '"/package/dist/index.js"').replace(/\{ baseUrl: facts.url, .*? \}/, '{ baseUrl: "/pipedrive" }'),
  });
  await copy(installed("pipedrive-users"), `${cwd}/package`);
  const server = await serveFolder(cwd, {}, facts);
  try {
    return { ...(await visit("Chromium", `${server.origin}/`, facts)), bytes: server.bytes() };
  } finally {
    server.close();
  }
});

row({ what: "Chromium, page with Trusted Types and a policy with 'wasm-unsafe-eval'", version: () => versionOf("Chromium"), entry: "client" }, async (facts) => {
  const cwd = await project("chromium-trusted-types", { "index.html": HTML('<script type="module" src="main.js"></script>'), "main.js": PAGE, "run.mjs": run("client").replace(/"pipedrive-users"/, '"/package/dist/index.js"').replace("apiToken: facts.apiToken,", "apiToken: facts.apiToken, onDrift() {},") });
  await copy(installed("pipedrive-users"), `${cwd}/package`);
  const server = await serveFolder(cwd, { "/": () => ({ "content-security-policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src *; img-src data:; require-trusted-types-for 'script'; trusted-types 'none'" }) });
  try {
    return { ...(await visit("Chromium", `${server.origin}/`, facts)), bytes: server.bytes() };
  } finally {
    server.close();
  }
});

const MANIFEST = { manifest_version: 3, name: "background", version: "1", background: { service_worker: "background.js", type: "module" }, host_permissions: ["http://127.0.0.1/*"], content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'" } };
const background = (work) => `import { facts } from "./facts.js";\nimport * as module from "./run.mjs";\nconst report = (body) => fetch(facts.report, { method: "POST", body: JSON.stringify(body) });\n(${work})(module, facts).then((result) => report({ result }), (error) => report({ error: String(error.stack) }));\n`;

/** An extension's folder: its background imports the package by address. */
async function extensionOf(name, work, runs) {
  const cwd = await project(name, { "manifest.json": JSON.stringify(MANIFEST), "background.js": background(work), "run.mjs": runs.replace(/"(pipedrive-users[\w/]*)"/g, (_, name) => `".${IMPORTS[name]}"`) });
  await copy(installed("pipedrive-users"), `${cwd}/package`);
  return cwd;
}

for (const entry of ENTRIES) {
  row({ what: "Chromium, background of a Manifest V3 extension", version: () => versionOf("Chromium"), entry }, async (facts) => extension(await extensionOf(`extension-${entry}`, "async ({ run }, facts) => run(facts)", run(entry)), facts));
}

const DRIFT = `async ({ UsersClient }, facts) => {
  const lines = [];
  const logger = { debug() {}, info() {}, warn: (line) => lines.push(line), error: (line) => lines.push(line) };
  const client = new UsersClient({ baseUrl: facts.url, apiToken: facts.apiToken, dangerouslyAllowBrowser: true, logger, onDrift() {} });
  const ids = [];
  for (const id of [1, 2, 3]) ids.push((await client.getUser(id)).id);
  return { ids, lines };
}`;
const EXPORTS = 'export { UsersClient } from "pipedrive-users";\n';

test("Chromium: onDrift where import() is forbidden says so once, and fails no call: a service worker and a Manifest V3 background", { timeout: 120_000 }, async () => {
  const sandbox = await facts();
  const cwd = await project("service-worker-drift", {
    "index.html": HTML('<script>navigator.serviceWorker.register("worker.js" + location.search, { type: "module" })</script>'),
    "worker.js": `import * as module from "./run.mjs";\nconst facts = Object.fromEntries(new URLSearchParams(location.search));\n(${DRIFT})(module, facts).then((result) => ({ result }), (error) => ({ error: String(error.stack) })).then((body) => fetch(facts.report, { method: "POST", body: JSON.stringify(body) }));\n`,
    "run.mjs": EXPORTS.replace("pipedrive-users", "./package/dist/index.js"),
  });
  await copy(installed("pipedrive-users"), `${cwd}/package`);
  const server = await serveFolder(cwd);
  const results = [];
  try {
    results.push(await visit("Chromium", `${server.origin}/`, sandbox));
  } finally {
    server.close();
  }
  results.push(await extension(await extensionOf("extension-drift", DRIFT, EXPORTS), sandbox));
  for (const { ids, lines } of results) {
    assert.deepEqual(ids, [1, 2, 3]);
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines[0], /onDrift is not called: drift\.js, beside this script, could not be loaded/);
  }
});

// Each part in a frame, since it replaces globals.
const PART = `import * as sdk from "/package/dist/index.js";
import { runAll } from "/support/everywhere/index.mjs";
const unhandled = [];
addEventListener("unhandledrejection", (event) => (event.preventDefault(), unhandled.push(event.reason)));
const other = document.body.appendChild(document.createElement("iframe"));
const evaluate = (text) => other.contentWindow.eval("(" + text + ")");
const part = JSON.parse(new URLSearchParams(location.search).get("part"));
runAll(part, sdk, { unhandled, evaluate }).then((result) => parent.postMessage({ part, result }, "*"));
`;
const PARTS = `import { inParts, KINDS } from "/support/everywhere/index.mjs";
const waiting = new Map();
const nameOf = ({ kind, part }) => kind + part;
addEventListener("message", ({ data }) => waiting.get(nameOf(data.part))(data.result));
const inFrame = (part) => new Promise((resolve) => {
  waiting.set(nameOf(part), resolve);
  const frame = document.createElement("iframe");
  frame.src = "/part.html?part=" + encodeURIComponent(JSON.stringify(part));
  document.body.append(frame);
});
const run = async () => {
  const results = {};
  for (const kind of Object.keys(KINDS)) results[kind] = await inParts(kind, inFrame);
  return results;
};
`;

for (const browser of ["Firefox", "WebKit"]) {
  test(`${browser}: the scenarios of every runtime`, { timeout: 180_000 }, async () => {
    const page = (script) => HTML(`<body><script type="module" src="${script}"></script>`);
    const cwd = await project(`${browser}-everywhere`.toLowerCase(), { "index.html": page("parts.js"), "parts.js": `${PARTS}${REPORT}`, "part.html": page("part.js"), "part.js": PART });
    await copy(installed("pipedrive-users"), `${cwd}/package`);
    await copy(fileURLToPath(new URL("../js/support", import.meta.url)), `${cwd}/support`);
    const server = await serveFolder(cwd);
    try {
      const results = await visit(browser, `${server.origin}/`, await facts(), 150);
      assert.deepEqual(results, Object.fromEntries(Object.entries(KINDS).map(([kind, scenarios]) => [kind, { count: Object.keys(scenarios).length, failed: {} }])));
    } finally {
      server.close();
    }
  });
}
