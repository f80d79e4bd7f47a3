// A fault of the module in a real browser: all calls get an error, later ones work, and the page hears of nothing.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { check, FAULTS } from "../js/support/trap.mjs";
import { launch, open } from "./browser.mjs";

const dist = process.env.PIPEDRIVE_USERS_FAULTY_DIST;
if (!dist) throw new Error("set PIPEDRIVE_USERS_FAULTY_DIST to a build that can fault on purpose (xtask)");

const here = fileURLToPath(new URL(".", import.meta.url));
const FOLDERS = { faulty: dist, support: join(here, "../js/support"), pages: join(here, "pages") };
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8" };

let server;
let browser;

before(async () => {
  browser = await launch();
  server = createServer(async ({ url }, response) => {
    try {
      const [, folder, ...path] = new URL(url, "http://page").pathname.split("/");
      const bytes = await readFile(join(FOLDERS[folder], normalize(`/${path.join("/")}`)));
      response.writeHead(200, { "content-type": TYPES[extname(url)] ?? "application/octet-stream" }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
});

after(async () => {
  await browser?.close();
  server?.close();
  server?.closeAllConnections();
});

/** Calls a function of the page. Nothing may go wrong on it beside what the calls report. */
async function onPage(work) {
  const { page, faults, close } = await open(browser, `http://127.0.0.1:${server.address().port}/pages/trap.html`);
  await page.waitForSelector("html[data-ready]");
  await page.evaluate(() => {
    globalThis.unheard = [];
    addEventListener("unhandledrejection", ({ reason }) => unheard.push(`unhandledrejection: ${reason}`));
    addEventListener("error", ({ message }) => unheard.push(`error: ${message}`));
  });
  const result = await page.evaluate(work);
  const unheard = await page.evaluate(() => globalThis.unheard);
  await close();
  // The console names the icon that the page does not have.
  assert.deepEqual([...faults.filter((fault) => !/favicon|404/.test(fault)), ...unheard], []);
  return result;
}

let reported;

for (const [place, fault] of FAULTS.entries()) {
  test(`${fault} in Chromium: all calls of all clients get a LoadError, and later calls work`, { timeout: 60_000 }, async () => {
    const result = await (reported ??= onPage(() => globalThis.faults.report()));
    assert.equal(result[place].fault, fault);
    check(assert, result[place]);
  });
}

test("20 faults in a row in Chromium", { timeout: 60_000 }, async () => {
  assert.deepEqual(await onPage(() => globalThis.faults.inARow()), Array(20).fill(["load", 1]).flat());
});
