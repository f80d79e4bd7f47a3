// Runs the whole app locally: the backend, a sandbox instead of Pipedrive's API, and a page that simulates Pipedrive around the panel.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startHost } from "./host.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Resolves to a free port of the loopback. */
export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/**
 * Starts the backend and the page for a running sandbox (`{ url, apiToken, clientId, clientSecret }`). `runtime` is `worker` (workerd) or
 * `node`, `port` is the page's, `env` has more environment variables for the backend.
 */
export async function startAll(sandbox, { runtime = "worker", port, env } = {}) {
  const me = await (await fetch(`${sandbox.url}/v1/users/me`, { headers: { "x-api-token": sandbox.apiToken } })).json();
  const backendPort = await freePort();
  const backend = `http://127.0.0.1:${backendPort}`;
  const vars = { CLIENT_ID: sandbox.clientId, CLIENT_SECRET: sandbox.clientSecret, REDIRECT_URI: `${backend}/callback`, ENCRYPTION_KEY: randomBytes(32).toString("base64"), OAUTH_URL: sandbox.url };
  const stateFolder = await mkdtemp(join(tmpdir(), "panel-"));
  const program = runtime === "node" ? [here("node.mjs")] : [here("node_modules/wrangler/bin/wrangler.js"), "dev", "--ip=127.0.0.1", `--port=${backendPort}`, "--inspector-port=0", "--show-interactive-dev-session=false", `--persist-to=${stateFolder}`, ...Object.entries(vars).map(([name, value]) => `--var=${name}:${value}`)];
  const quiet = { CI: "1", NO_COLOR: "1", WRANGLER_SEND_METRICS: "false", DO_NOT_TRACK: "1" };
  const child = spawn(process.execPath, program, { cwd: here("."), env: { ...process.env, ...quiet, ...vars, ...env, PORT: String(backendPort) }, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const lines = [];
  const killBackend = () => {
    try {
      // The process group: wrangler runs workerd as a child.
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has already exited.
    }
  };
  process.once("exit", killBackend);
  await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        if (/Ready on http|the app's backend/.test(line)) resolve();
      });
    }
    child.once("error", reject).once("exit", (code) => reject(new Error(`the backend exited with ${code}: ${lines.join("\n").slice(-2000)}`)));
  });
  const host = await startHost({ sandbox: sandbox.url, app: sandbox, backend, companyId: me.data.company_id, port });
  const stop = async () => {
    host.stop();
    killBackend();
    await rm(stateFolder, { recursive: true, force: true });
  };
  return { backend, page: host.origin, companyId: me.data.company_id, vars, lines, stop };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { page, stop } = await startAll(JSON.parse(process.env.SANDBOX), { port: 8018 });
  const stopAndExit = () => stop().finally(() => process.exit());
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stopAndExit);
  // The parent process keeps stdin open; its end means that the parent has exited.
  process.stdin.once("end", stopAndExit).resume();
  console.log(`${page}/`);
}
