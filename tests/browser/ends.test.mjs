// How calls end in a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./browser.mjs";
import { browserAndServer } from "./server.mjs";
import { EXPECTED_ENDS, sentAfterTheEnd } from "../js/support/ends.mjs";

const here = browserAndServer();

test("nothing is sent after the end in Chromium", { timeout: 60_000 }, async () => {
  const { page, faults, close } = await open(here.browser, `${here.server.origin}/test-pages/blank.html`);
  const content = `
    import { UsersClient } from "/pipedrive-users/index.js";
    globalThis.run = () => (${sentAfterTheEnd})(UsersClient);
    document.documentElement.dataset.ready = "";`;
  await page.addScriptTag({ type: "module", content });
  await page.waitForSelector("html[data-ready]");
  assert.deepEqual(await page.evaluate(() => globalThis.run()), EXPECTED_ENDS);
  await close();
  assert.deepEqual(faults, []);
});
