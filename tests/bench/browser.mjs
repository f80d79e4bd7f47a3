// Chromium without a debugger, which would make each stack and each request dearer: a page is opened from outside, and sends what it
// measured to its server.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

const ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0"];

/** Starts Chromium with an empty profile. */
export async function openBrowser(executable) {
  const folder = await mkdtemp(join(tmpdir(), "pipedrive-users-bench-"));
  const child = spawn(executable, [...ARGUMENTS, `--user-data-dir=${folder}`], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.once("exit", () => child.kill("SIGKILL"));
  let port;
  for (let tries = 0; !port; tries++) {
    if (tries === 300 || child.exitCode !== null) throw new Error("Chromium did not start");
    await setTimeout(100);
    [port] = (await readFile(join(folder, "DevToolsActivePort"), "utf8").catch(() => "")).split("\n");
  }
  const ask = async (path, method) => (await fetch(`http://127.0.0.1:${port}/json/${path}`, { method })).text();
  const { Browser } = JSON.parse(await ask("version"));
  return {
    version: Browser.replace(/^.*\//, ""),
    /** Opens an address in a process of its own, until some work with it is done. */
    async open(url, work) {
      const { id } = JSON.parse(await ask(`new?${encodeURIComponent(url)}`, "PUT"));
      try {
        return await work;
      } finally {
        await ask(`close/${id}`);
      }
    },
    async close() {
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
