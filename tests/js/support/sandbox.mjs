// The sandbox behind its HTTP server, as a process of its own.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Starts the sandbox. Returns its URL and tokens, and `stop()`. */
export async function startSandbox(...args) {
  const program = process.env.PIPEDRIVE_SANDBOX;
  if (!program) throw new Error("set PIPEDRIVE_SANDBOX to the program that serves the sandbox (xtask)");
  const child = spawn(program, ["sandbox", ...args.map(String)], { stdio: ["ignore", "pipe", "inherit"] });
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
