// The scenarios of every runtime in a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inParts, KINDS } from "../js/support/everywhere/index.mjs";
import { open } from "./browser.mjs";
import { browserAndServer } from "./server.mjs";

const here = browserAndServer();

/** Runs a part of a kind in a page of its own. */
async function inPage(part) {
  const { page, faults, close } = await open(here.browser, `${here.server.origin}/test-pages/blank.html`);
  await page.addScriptTag({ type: "module", content: `
    import * as sdk from "/pipedrive-users/index.js";
    import { runAll } from "/test-support/everywhere/index.mjs";
    import { hangingLoad } from "/test-support/everywhere/loading.mjs";
    const unhandled = [];
    addEventListener("unhandledrejection", (event) => (event.preventDefault(), unhandled.push(event.reason)));
    const frame = document.body.appendChild(document.createElement("iframe"));
    const evaluate = (text) => frame.contentWindow.eval("(" + text + ")");
    globalThis.run = async (part) => {
      await hangingLoad(sdk);
      return runAll(part, sdk, { unhandled, evaluate });
    };
    document.documentElement.dataset.ready = "";` });
  await page.waitForSelector("html[data-ready]");
  const result = await page.evaluate((part) => globalThis.run(part), part);
  await close();
  // The console names each request that fails.
  assert.deepEqual(faults.filter((fault) => !fault.includes("Failed to load resource")), []);
  return result;
}

for (const [kind, scenarios] of Object.entries(KINDS)) {
  test(`${kind} in Chromium`, { timeout: 120_000 }, async () => {
    assert.deepEqual(await inParts(kind, inPage), { count: Object.keys(scenarios).length, failed: {} });
  });
}
