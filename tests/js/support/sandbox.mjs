// The sandbox behind its HTTP server, as a process of its own.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Starts the sandbox. Returns its URL and tokens, and `stop()`. */
export function startSandbox(...args) {
  const program = process.env.PIPEDRIVE_SANDBOX;
  if (!program) throw new Error("set PIPEDRIVE_SANDBOX to the program that serves the sandbox (xtask)");
  return start(program, ["sandbox", ...args.map(String)]);
}

/** The command that the package itself has. */
export const COMMAND = fileURLToPath(new URL("dist/cli.js", import.meta.resolve("pipedrive-users/package.json")));

/** Starts the sandbox as `npx pipedrive-users sandbox` does. */
export const startSandboxOfPackage = (...args) => start(process.execPath, [COMMAND, "sandbox", ...args.map(String)]);

async function start(program, args) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => child.kill());
  const ended = new Promise((resolve) => child.once("close", resolve));
  const failed = new Promise((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the sandbox ended with ${code}`)));
  });
  failed.catch(() => {});
  const first = new Promise((resolve) => createInterface({ input: child.stdout }).once("line", resolve));
  const facts = JSON.parse(await Promise.race([first, failed]));
  const stop = () => {
    child.kill();
    return ended;
  };
  return { ...facts, stop };
}
