// Commands that end by themselves or are ended, with all that they started.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const QUIET = { NO_COLOR: "1", FORCE_COLOR: "0", CI: "1", NEXT_TELEMETRY_DISABLED: "1", WRANGLER_SEND_METRICS: "false", DO_NOT_TRACK: "1", BROWSERSLIST_IGNORE_OLD_DATA: "1" };

/** Runs a command to its end, and gives what it printed. */
export async function command(program, args, { cwd, env = {}, seconds = 120 } = {}) {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...QUIET, ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const timer = setTimeout(() => kill(child), seconds * 1000);
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${(err + out).slice(-3000)}`);
  return out;
}

/** The last line that a command prints, as JSON. */
export const json = async (...all) => JSON.parse((await command(...all)).trim().split("\n").pop());

/** Starts a command that keeps running, and waits for a line of it. */
export async function start(program, args, { cwd, env = {}, until, seconds = 90 }) {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...QUIET, ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
  process.once("exit", () => kill(child));
  let all = "";
  const match = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${program} ${args.join(" ")} did not start: ${all.slice(-3000)}`)), seconds * 1000);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        all += `${line}\n`;
        const match = until?.exec(line);
        if (match) resolve(match);
        if (match) clearTimeout(timer);
      });
    }
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`${program} ended with ${code}: ${all.slice(-3000)}`)));
    if (!until) resolve();
    if (!until) clearTimeout(timer);
  });
  return { match, log: () => all, stop: () => kill(child) };
}

function kill(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
