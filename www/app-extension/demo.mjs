// The whole picture on this machine: the Worker in workerd, the sandbox in Pipedrive's place, and a page that plays Pipedrive around the panel.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { playPipedrive } from "./pipedrive.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** A port that is free. */
export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts it all beside a sandbox (`{ url, apiToken, clientId, clientSecret }`), with the backend in `worker` or `node`, which gets `env` too. */
export async function startAll(sandbox, { runtime = "worker", port, env } = {}) {
  const me = await (await fetch(`${sandbox.url}/v1/users/me`, { headers: { "x-api-token": sandbox.apiToken } })).json();
  const at = await freePort();
  const backend = `http://127.0.0.1:${at}`;
  const vars = { CLIENT_ID: sandbox.clientId, CLIENT_SECRET: sandbox.clientSecret, REDIRECT_URI: `${backend}/callback`, ENCRYPTION_KEY: randomBytes(32).toString("base64"), OAUTH_URL: sandbox.url };
  const kept = await mkdtemp(join(tmpdir(), "panel-"));
  const program = runtime === "node" ? [here("node.mjs")] : [here("node_modules/wrangler/bin/wrangler.js"), "dev", "--ip=127.0.0.1", `--port=${at}`, "--inspector-port=0", "--show-interactive-dev-session=false", `--persist-to=${kept}`, ...Object.entries(vars).map(([name, value]) => `--var=${name}:${value}`)];
  const quiet = { CI: "1", NO_COLOR: "1", WRANGLER_SEND_METRICS: "false", DO_NOT_TRACK: "1" };
  const child = spawn(process.execPath, program, { cwd: here("."), env: { ...process.env, ...quiet, ...vars, ...env, PORT: String(at) }, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const lines = [];
  const end = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  };
  process.once("exit", end);
  await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        if (/Ready on http|the app's backend/.test(line)) resolve();
      });
    }
    child.once("error", reject).once("exit", (code) => reject(new Error(`the backend ended with ${code}: ${lines.join("\n").slice(-2000)}`)));
  });
  const pipedrive = await playPipedrive({ sandbox: sandbox.url, app: sandbox, backend, companyId: me.data.company_id, port });
  const stop = async () => {
    pipedrive.stop();
    end();
    await rm(kept, { recursive: true, force: true });
  };
  return { backend, page: pipedrive.origin, companyId: me.data.company_id, vars, lines, stop };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { page, stop } = await startAll(JSON.parse(process.env.SANDBOX), { port: 8018 });
  const end = () => stop().finally(() => process.exit());
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, end);
  // Whoever started it holds this open for as long as it is wanted.
  process.stdin.once("end", end).resume();
  console.log(`${page}/`);
}
