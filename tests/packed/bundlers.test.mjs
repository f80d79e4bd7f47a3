// Bundlers with nothing configured: built, served, and run in Chromium.
import { after } from "node:test";
import { command, start } from "./support/command.mjs";
import { serveFolder, visit } from "./support/browsers.mjs";
import { ENTRIES, HTML, installed, PAGE, project, run } from "./support/project.mjs";
import { packageVersion, row, stop } from "./support/rows.mjs";

after(stop);

const node = process.execPath;
const MODULE = HTML('<script type="module" src="./main.js"></script>');
const files = (entry) => ({ "run.mjs": run(entry), "main.js": PAGE, "index.html": MODULE });

/** Visits what was built. */
async function built(folder, facts) {
  const server = await serveFolder(folder);
  try {
    return { ...(await visit("Chromium", `${server.origin}/`, facts)), bytes: server.bytes() };
  } finally {
    server.close();
  }
}

/** Visits what a tool serves by itself. */
async function served(program, args, { until, path = "/", ...options }, facts) {
  const running = await start(program, args, { until, ...options });
  try {
    return await visit("Chromium", `http://localhost:${running.match[1]}${path}`, facts);
  } finally {
    running.stop();
  }
}

for (const entry of ENTRIES) {
  row({ what: "Vite, build", version: () => packageVersion("vite"), entry }, async (facts) => {
    const cwd = await project(`vite-${entry}`, files(entry));
    await command(node, [installed("vite/bin/vite.js"), "build"], { cwd });
    return built(`${cwd}/dist`, facts);
  });
  row({ what: "Vite, dev server", version: () => packageVersion("vite"), entry }, async (facts) => {
    const cwd = await project(`vite-dev-${entry}`, files(entry));
    return served(node, [installed("vite/bin/vite.js"), "--port", "0"], { cwd, until: /localhost:(\d+)/ }, facts);
  });
  row({ what: "webpack", version: () => packageVersion("webpack"), entry }, async (facts) => {
    const cwd = await project(`webpack-${entry}`, { ...files(entry), "src/index.js": 'import "../main.js";\n', "dist/index.html": HTML('<script src="main.js"></script>') });
    await command(node, [installed("webpack-cli/bin/cli.js"), "build", "--mode", "production"], { cwd });
    return built(`${cwd}/dist`, facts);
  });
  row({ what: "Rspack", version: () => packageVersion("@rspack/core"), entry }, async (facts) => {
    const cwd = await project(`rspack-${entry}`, { ...files(entry), "src/index.js": 'import "../main.js";\n', "dist/index.html": HTML('<script src="main.js"></script>') });
    await command(node, [installed("@rspack/cli/bin/rspack.js"), "build", "--mode", "production"], { cwd });
    return built(`${cwd}/dist`, facts);
  });
  row({ what: "Rollup", version: () => packageVersion("rollup"), entry }, async (facts) => {
    const cwd = await project(`rollup-${entry}`, { ...files(entry), "dist/index.html": MODULE });
    await command(node, [installed("rollup/dist/bin/rollup"), "main.js", "--dir", "dist", "--plugin", "node-resolve"], { cwd });
    // Rollup minifies nothing: what is sent is not what a project sends.
    const { bytes, ...result } = await built(`${cwd}/dist`, facts);
    return result;
  });
  row({ what: "esbuild", version: () => packageVersion("esbuild"), entry }, async (facts) => {
    const cwd = await project(`esbuild-${entry}`, { ...files(entry), "dist/index.html": MODULE });
    await command(installed("esbuild/bin/esbuild"), ["main.js", "--bundle", "--minify", "--format=esm", "--splitting", "--outdir=dist"], { cwd });
    return built(`${cwd}/dist`, facts);
  });
  row({ what: "Parcel", version: () => packageVersion("parcel"), entry }, async (facts) => {
    const cwd = await project(`parcel-${entry}`, { ...files(entry), "package.json": '{ "private": true }\n' });
    await command(node, [installed("parcel/lib/bin.js"), "build", "index.html", "--no-cache", "--dist-dir", "dist"], { cwd });
    return built(`${cwd}/dist`, facts);
  });
  row({ what: "Next.js, server component, client component and edge route", version: () => packageVersion("next"), entry, seconds: 400 }, async (facts) => {
    const report = "export const dynamic = \"force-dynamic\";\n";
    const cwd = await project(`next-${entry}`, {
      "package.json": '{ "private": true }\n',
      "run.mjs": run(entry),
      "app/layout.jsx": "export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n",
      "app/page.jsx": `"use client";\nimport { useEffect } from "react";\nimport { run } from "../run.mjs";\nexport default function Page() {\n  useEffect(() => {\n    const facts = Object.fromEntries(new URLSearchParams(location.search));\n    const report = (body) => fetch(facts.report, { method: "POST", body: JSON.stringify(body) });\n    run(facts).then((result) => report({ result }), (error) => report({ error: String(error.stack) }));\n  }, []);\n  return <p>client</p>;\n}\n`,
      "app/server/page.jsx": `import { run } from "../../run.mjs";\n${report}export default async function Page() {\n  const { firstCallMs } = await run(JSON.parse(process.env.FACTS));\n  return <p>{\`server \${firstCallMs > 0}\`}</p>;\n}\n`,
      "app/edge/route.js": `import { run } from "../../run.mjs";\nexport const runtime = "edge";\n${report}export const GET = async () => Response.json(await run(JSON.parse(process.env.FACTS)));\n`,
    });
    const next = installed("next/dist/bin/next");
    const env = { FACTS: JSON.stringify(facts) };
    await command(node, [next, "build"], { cwd, env, seconds: 300 });
    const running = await start(node, [next, "start", "--port", "0"], { cwd, env, until: /localhost:(\d+)/ });
    try {
      const origin = `http://localhost:${running.match[1]}`;
      const page = await (await fetch(`${origin}/server`)).text();
      if (!page.includes("server true")) throw new Error(`the server component: ${page.slice(0, 500)}`);
      const edge = await fetch(`${origin}/edge`);
      if (!edge.ok) throw new Error(`the edge route: ${edge.status} ${(await edge.text()).slice(0, 500)} ${running.log().slice(-2000)}`);
      await edge.json();
      return await visit("Chromium", `${origin}/`, facts);
    } finally {
      running.stop();
    }
  });
}
