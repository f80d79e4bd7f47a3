import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { open, PHONE } from "./browser.mjs";
import { browserAndServer } from "./server.mjs";

/** axe finds nothing on any page, in light and dark, on a desktop and on a phone. */

const here = browserAndServer();
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds, one line for each. */
async function violations(page) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target, failureSummary }) => `${id} (${impact}) at ${target}: ${failureSummary}`));
  });
}

const OPERATIONS = ["getUsers", "findUsersByName", "getCurrentUser", "getUser", "getUserFollowers", "getUserPermissions", "getUserRoleAssignments", "getUserRoleSettings", "addUser", "updateUser"];

const go = async (page, hash) => {
  await page.evaluate((to) => void (location.hash = to), hash);
  await page.locator("h1", { hasText: new RegExp(`^${hash}$`) }).waitFor();
};

// Colours and widths do not depend on each other: two of the four pairs have every rule of both.
for (const [what, options] of [["a desktop, light", {}], ["a phone, dark", { ...PHONE, colorScheme: "dark" }]]) {
  test(`the console on ${what}`, { timeout: 120_000 }, async () => {
    const { page, close } = await open(here.browser, `${here.server.origin}/`, { reducedMotion: "reduce", ...options });
    page.setDefaultTimeout(10_000);
    await page.waitForSelector("html[data-ready]");
    assert.deepEqual(await violations(page), [], "overview");
    for (const operation of OPERATIONS) {
      await go(page, operation);
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await page.locator(".metadata").waitFor();
      for (const tab of ["Timeline", "JSON", "Headers", "View"]) {
        await page.getByRole("tab", { name: tab }).click();
        if (tab === "View" || operation === "getUser") assert.deepEqual(await violations(page), [], `${operation}, ${tab}`);
      }
    }
    await page.locator("details.card summary").click();
    await page.locator("#fault").selectOption("404");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.locator(".error-name").waitFor();
    assert.deepEqual(await violations(page), [], "an error, and the history");
    await page.getByRole("button", { name: /Connection settings/ }).click();
    assert.deepEqual(await violations(page), [], "the sandbox's settings");
    await page.getByRole("dialog").locator("[name=source][value=account]").check();
    assert.deepEqual(await violations(page), [], "the account's settings");
    await close();
  });
}

for (const colorScheme of ["light", "dark"]) {
  test(`the comparison, ${colorScheme}`, { timeout: 150_000 }, async () => {
    const { page, close } = await open(here.browser, `${here.server.origin}/compare/?rounds=1`, { reducedMotion: "reduce", colorScheme });
    await page.waitForSelector("html[data-ready]", { timeout: 120_000 });
    assert.deepEqual(await violations(page), []);
    await close();
  });

  test(`the pages of the app extension, ${colorScheme}`, { timeout: 60_000 }, async () => {
    // The last two are the sandbox's own: its Marketplace and its consent page.
    const { clientId } = here.server.sandbox.app;
    const query = new URLSearchParams({ client_id: clientId, redirect_uri: "https://app.example/callback" });
    for (const path of ["app-extension/panel/index.html", "app-extension/panel/installed.html", "panel-page/index.html", `account/sandbox/marketplace?${query}`, `account/oauth/authorize?${query}`]) {
      const { page, close } = await open(here.browser, `${here.server.origin}/${path}`, { colorScheme });
      await page.locator("h1").first().waitFor();
      assert.deepEqual(await violations(page), [], path);
      await close();
    }
  });
}
