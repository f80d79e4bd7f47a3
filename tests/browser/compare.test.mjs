import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { open, PHONE, SHOTS } from "./browser.mjs";
import { browserAndServer } from "./server.mjs";

/** The page that measures the package beside others, in a real browser: it measures, it draws what it measured, and it does so again. */

const TIMED = ["limit", "floor", "ours", "ours-drift", "openapi-fetch", "ky-zod"];

const here = browserAndServer();

/** What the plots show, as numbers: by title, then by client. */
const drawn = (page) => page.evaluate(() => Object.fromEntries([...document.querySelectorAll(".comparison")].map((section) => [
  section.querySelector("h2").textContent,
  Object.fromEntries([...section.querySelectorAll("tr")].map((row) => [row.dataset.peer, { value: Number(row.querySelector(".value").dataset.value), bar: row.querySelector(".bar").getBoundingClientRect().width, text: row.innerText }])),
])));

const measured = async (page) => {
  await page.waitForSelector("html[data-ready]", { timeout: 60_000 });
  assert.equal(await page.evaluate(() => document.documentElement.dataset.ready), "ok", await page.locator("[role=status]").first().textContent());
};

for (const [size, options] of [["desktop", {}], ["phone", PHONE]]) {
  test(`it measures, draws, and measures again, on a ${size}`, { timeout: 150_000 }, async () => {
    const { page, faults, close } = await open(here.browser, `${here.server.origin}/compare/?rounds=2`, { reducedMotion: "reduce", ...options });
    await measured(page);
    const once = await drawn(page);
    assert.deepEqual(Object.keys(once), ["Bytes in a page", "The first call", "A small call", "A large list"]);
    for (const [title, clients] of Object.entries(once)) {
      if (title !== "Bytes in a page") assert.deepEqual(Object.keys(clients), TIMED, title);
      const longest = Math.max(...Object.values(clients).map(({ value }) => value));
      const widest = Math.max(...Object.values(clients).map(({ bar }) => bar));
      for (const [client, { value, bar, text }] of Object.entries(clients)) {
        assert.ok(value > 0, `${title}, ${client}: ${text}`);
        // As long as its value says.
        assert.ok(Math.abs(bar / widest - value / longest) < 0.02, `${title}, ${client}: a bar of ${bar} for ${value}`);
      }
    }
    const facts = JSON.parse(await readFile(new URL("../../www/compare/peers/facts.json", import.meta.url), "utf8"));
    for (const [client, { value }] of Object.entries(once["Bytes in a page"])) assert.equal(value, facts.bytes[client]);
    const { ours, official, limit } = facts.bytes;
    assert.ok(limit < ours && ours <= 28_900 && ours <= official / 2, JSON.stringify(facts.bytes));
    // Ten thousand users take longer than one, and a check takes longer than none.
    for (const client of TIMED) assert.ok(once["A large list"][client].value > 10 * once["A small call"][client].value, client);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing is wider than the page");
    await page.screenshot({ path: `${SHOTS}compare-${size}.png`, fullPage: true });

    await page.click("button.primary");
    await page.waitForSelector("html:not([data-ready])");
    await measured(page);
    const twice = await drawn(page);
    assert.notDeepEqual(TIMED.map((client) => twice["A small call"][client].value), TIMED.map((client) => once["A small call"][client].value), "it was measured anew");
    await close();
    assert.deepEqual(faults, []);
  });
}

test("where a client fails, the page says which and why", { timeout: 60_000 }, async () => {
  const context = await here.browser.newContext();
  const page = await context.newPage();
  await page.route("**/compare/peers/openapi-fetch.js", (route) => route.fulfill({ contentType: "text/javascript", body: 'export const open = () => ({ getUser: () => Promise.reject(new Error("of no use")) });' }));
  await page.goto(`${here.server.origin}/compare/?rounds=1`);
  await page.waitForSelector("html[data-ready=failed]");
  assert.match(await page.locator("[role=status]").first().textContent(), /openapi-fetch: Error: of no use/);
  await context.close();
});
