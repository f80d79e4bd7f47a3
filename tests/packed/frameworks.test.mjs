// Frameworks whose new project has a server and a page: built by their own commands, the ten calls on both sides.
import { readFile } from "node:fs/promises";
import { after } from "node:test";
import { command, start } from "./support/command.mjs";
import { serveFolder, visit } from "./support/browsers.mjs";
import { HTML, installed, project, REPORT, run } from "./support/project.mjs";
import { packageVersion, row, stop } from "./support/rows.mjs";

after(stop);

const node = process.execPath;
/** Some frameworks need a newer Node.js than the package does. */
const node24 = installed("node-24/bin/node");

/** Asks a running server for what its server side made, and visits its page. */
async function both(program, args, { cwd, env, server = "/server" }, facts) {
  const running = await start(program, args, { cwd, env, until: /(?:localhost|127\.0\.0\.1):(\d+)/ });
  try {
    const origin = `http://localhost:${running.match[1]}`;
    const text = await (await fetch(origin + server)).text();
    if (!text.includes("server true")) throw new Error(`the server side: ${text.slice(0, 500)} ${running.log().slice(-2000)}`);
    return await visit("Chromium", `${origin}/`, facts);
  } finally {
    running.stop();
  }
}

row({ what: "SvelteKit, server load function and page", version: () => packageVersion("@sveltejs/kit"), entry: "client" }, async (facts) => {
  const cwd = await project("sveltekit-client", {
    "run.mjs": run("client"),
    "vite.config.js": 'import { sveltekit } from "@sveltejs/kit/vite";\nexport default { plugins: [sveltekit()] };\n',
    "src/app.html": "<!doctype html><html><head>%sveltekit.head%</head><body>%sveltekit.body%</body></html>\n",
    "src/routes/+page.svelte": `<script>\n  import { onMount } from "svelte";\n  import { run } from "../../run.mjs";\n  onMount(() => {\n    ${REPORT}  });\n</script>\n<p>client</p>\n`,
    "src/routes/server/+page.svelte": "<script>\n  const { data } = $props();\n</script>\n<p>server {data.firstCallMs > 0}</p>\n",
    "src/routes/server/+page.server.js": 'import { env } from "$env/dynamic/private";\nimport { run } from "../../../run.mjs";\nexport const load = () => run(JSON.parse(env.FACTS));\n',
  });
  const vite = installed("vite/bin/vite.js");
  await command(node, [vite, "build"], { cwd });
  return both(node, [vite, "preview", "--port", "0"], { cwd, env: { FACTS: JSON.stringify(facts) } }, facts);
});

row({ what: "React Router, server loader and page", version: () => packageVersion("react-router"), entry: "client" }, async (facts) => {
  const cwd = await project("react-router-client", {
    "package.json": '{ "private": true, "type": "module", "dependencies": { "@react-router/node": "*", "isbot": "*", "react": "*", "react-dom": "*", "react-router": "*" } }\n',
    "run.mjs": run("client"),
    "vite.config.js": 'import { reactRouter } from "@react-router/dev/vite";\nexport default { plugins: [reactRouter()] };\n',
    "app/root.jsx": 'import { Outlet, Scripts } from "react-router";\nexport default function Root() {\n  return <html><body><Outlet /><Scripts /></body></html>;\n}\n',
    "app/routes.js": 'import { index, route } from "@react-router/dev/routes";\nexport default [index("page.jsx"), route("server", "server.jsx")];\n',
    "app/page.jsx": `import { useEffect } from "react";\nimport { run } from "../run.mjs";\nexport default function Page() {\n  useEffect(() => {\n    ${REPORT}  }, []);\n  return <p>client</p>;\n}\n`,
    "app/server.jsx": 'import { run } from "../run.mjs";\nexport const loader = () => run(JSON.parse(process.env.FACTS));\nexport default function Page({ loaderData }) {\n  return <p>{`server ${loaderData.firstCallMs > 0}`}</p>;\n}\n',
    "serve.js": 'import { createServer } from "node:http";\nimport express from "express";\nimport { createRequestListener } from "@react-router/node";\nimport * as build from "./build/server/index.js";\nconst app = express().use(express.static("build/client")).use(createRequestListener({ build }));\nconst server = createServer(app).listen(0, () => console.log(`localhost:${server.address().port}`));\n',
  });
  await command(node, [installed("@react-router/dev/bin.js"), "build"], { cwd, env: { NODE_ENV: "production" } });
  return both(node, ["serve.js"], { cwd, env: { FACTS: JSON.stringify(facts), NODE_ENV: "production" } }, facts);
});

row({ what: "Astro, page made by the build, and its script", version: () => packageVersion("astro"), entry: "client" }, async (facts) => {
  const cwd = await project("astro-client", {
    "run.mjs": run("client"),
    "src/pages/index.astro": `---\nimport { run } from "../../run.mjs";\nconst { firstCallMs } = await run(JSON.parse(process.env.FACTS));\n---\n<html><body><p>server {String(firstCallMs > 0)}</p><script>\n  import { run } from "../../run.mjs";\n  ${REPORT}</script></body></html>\n`,
  });
  await command(node24, [installed("astro/bin/astro.mjs"), "build"], { cwd, env: { FACTS: JSON.stringify(facts), ASTRO_TELEMETRY_DISABLED: "1" } });
  const page = await readFile(`${cwd}/dist/index.html`, "utf8");
  if (!page.includes("server true")) throw new Error(page.slice(0, 500));
  const server = await serveFolder(`${cwd}/dist`);
  try {
    return { ...(await visit("Chromium", `${server.origin}/`, facts)), bytes: server.bytes() || undefined };
  } finally {
    server.close();
  }
});

row({ what: "Angular, component", version: () => packageVersion("@angular/core"), entry: "client", seconds: 300 }, async (facts) => {
  const options = { browser: "src/main.ts", index: "src/index.html", tsConfig: "tsconfig.json", outputPath: "dist", outputHashing: "none" };
  const cwd = await project("angular-client", {
    "run.mjs": run("client"),
    "angular.json": JSON.stringify({ version: 1, cli: { analytics: false, cache: { enabled: false } }, projects: { app: { projectType: "application", root: "", sourceRoot: "src", architect: { build: { builder: "@angular/build:application", options } } } } }),
    "tsconfig.json": JSON.stringify({ compilerOptions: { strict: true, allowJs: true, target: "ES2022", module: "preserve", experimentalDecorators: true, skipLibCheck: false, types: [] }, files: ["src/main.ts"] }),
    "src/index.html": HTML("<body><app-root></app-root></body>"),
    "src/main.ts": `import { Component, type OnInit } from "@angular/core";\nimport { bootstrapApplication } from "@angular/platform-browser";\n// @ts-ignore\nimport { run } from "../run.mjs";\n@Component({ selector: "app-root", template: "<p>client</p>" })\nclass App implements OnInit {\n  ngOnInit() {\n    ${REPORT.replace("(body) =>", "(body: object) =>").replace("(result) =>", "(result: object) =>").replace("(error) =>", "(error: Error) =>")}  }\n}\nvoid bootstrapApplication(App);\n`,
  });
  await command(node24, [installed("@angular/cli/bin/ng.js"), "build"], { cwd, env: { NG_CLI_ANALYTICS: "false" }, seconds: 250 });
  const server = await serveFolder(`${cwd}/dist/browser`);
  try {
    return { ...(await visit("Chromium", `${server.origin}/`, facts)), bytes: server.bytes() };
  } finally {
    server.close();
  }
});
