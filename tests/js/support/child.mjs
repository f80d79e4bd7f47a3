// Runs a script in a process of its own, for what happens once per process.
import { spawn } from "node:child_process";

/** Runs a module's text. Returns what it printed, parsed as JSON. */
export async function runScript(text) {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", text], { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "pipe"] });
  const read = async (stream) => {
    let all = "";
    for await (const chunk of stream) all += chunk;
    return all;
  };
  const [out, err, code] = await Promise.all([read(child.stdout), read(child.stderr), new Promise((resolve) => child.once("close", resolve))]);
  if (code !== 0) throw new Error(`the script ended with ${code}: ${err}`);
  return JSON.parse(out);
}
