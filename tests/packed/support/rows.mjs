// The rows of RUNTIMES.md: each test that ran leaves one.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startSandbox } from "../../js/support/sandbox.mjs";
import { installed, ROOT } from "./project.mjs";

let sandbox;

/** The sandbox over HTTP that all calls of a file go to. Bursts are not what is tested. */
export const facts = () => (sandbox ??= startSandbox("--burst", 100_000, "--daily", 100_000_000));

/** The version of an installed package. */
export const packageVersion = async (name) => JSON.parse(await readFile(installed(`${name}/package.json`), "utf8")).version;

/** A test that leaves a row: what it ran in, which version, which entry; and what `work` gives of bytes and time. */
export function row({ what, version, entry, seconds = 180 }, work) {
  test(`${what}, ${entry}`, { timeout: seconds * 1000 }, async () => {
    const { firstCallMs, bytes } = await work(await facts());
    const row = { what, version: await version(), entry, bytes, firstCallMs };
    await mkdir(join(ROOT, "rows"), { recursive: true });
    await writeFile(join(ROOT, "rows", `${`${what} ${entry}`.replace(/\W+/g, "-")}.json`), JSON.stringify(row));
  });
}

process.once("exit", () => sandbox?.then(({ stop }) => stop()));
export const stop = async () => (await sandbox)?.stop();
