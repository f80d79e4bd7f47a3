// The documentation as `cargo xtask docs` builds it: no dead link, nothing that axe finds, nothing cut off, a search without a server, and the console in its pages.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { launch, open, PHONE } from "../browser/browser.mjs";
import { pagesOfSite, SITE, siteServer } from "./serve.mjs";

const here = siteServer();
const axe = await readFile(createRequire(new URL("../package.json", import.meta.url)).resolve("axe-core/axe.min.js"), "utf8");
const pages = await pagesOfSite();
/** All but the pages of single types, of which one of each kind is enough. */
const shown = pages.filter((page, index) => !/^api\/\w+\//.test(page) || dirname(page) !== dirname(pages[index - 1]));
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const text = new Map();
const read = async (file) => {
  if (!text.has(file)) text.set(file, await readFile(join(SITE, file), "utf8"));
  return text.get(file);
};

test("every page is there: the guides, and the reference of each entry of the package", async () => {
  assert.ok(shown.length >= 30, `${shown.length} pages`);
  // A page whose source moved away has nothing in it.
  for (const page of pages.filter((name) => name !== "404.html")) assert.match(await read(page), /<h1[ >]/, page);
  const { exports } = JSON.parse(await readFile(new URL("../../pkg/package.json", import.meta.url), "utf8"));
  const reference = await read("api/index.html");
  for (const entry of Object.keys(exports).filter((name) => !/\*|json/.test(name))) {
    const name = entry.replace(/^\./, "pipedrive-users");
    assert.ok(reference.includes(`>${name}</a>`), `the reference has no ${name}`);
  }
});

test("no link is dead, and no anchor", async () => {
  const dead = [];
  for (const page of pages) {
    const html = await read(page);
    for (const [, href] of html.matchAll(/<a [^>]*href="([^"]*)"/g)) {
      const { pathname, hash, origin } = new URL(href.replaceAll("&amp;", "&"), `http://site/${page}`);
      if (origin !== "http://site") continue;
      const file = decodeURIComponent(pathname.slice(1)).replace(/(^|\/)$/, "$1index.html");
      if (!existsSync(join(SITE, file))) dead.push(`${page}: ${href}`);
      // The console reads its hash by itself, and rustdoc's anchors are rustdoc's own.
      else if (hash && /\.html$/.test(file) && !/^(console|rustdoc)\//.test(file) && !(await read(file)).includes(`id="${decodeURIComponent(hash.slice(1))}"`)) dead.push(`${page}: ${href}, the anchor`);
    }
  }
  assert.deepEqual([...new Set(dead)], []);
  const llms = await read("llms.txt");
  const linked = [...llms.matchAll(/\]\(([^)]+)\)/g)].map(([, file]) => file);
  assert.ok(linked.length >= 14);
  for (const file of linked) assert.ok(existsSync(join(SITE, file)), `llms.txt: ${file}`);
});

test("no page shows a line that rustdoc hides", async () => {
  for (const page of pages.filter((name) => name.startsWith("guide/"))) {
    const code = [...(await read(page)).matchAll(/<pre [^]*?<\/pre>/g)].map(([block]) => block.replace(/<[^>]+>/g, "")).join("\n");
    assert.equal(/^# (?:use |let |async fn |fn |Ok\(|\})/m.exec(code), null, page);
  }
});

for (const [what, options] of [["a desktop, light", { viewport: { width: 1280, height: 800 } }], ["a phone, dark", { ...PHONE, viewport: { width: 320, height: 640 }, colorScheme: "dark" }]]) {
  test(`axe finds nothing, and nothing is cut off: ${what}`, { timeout: 240_000 }, async () => {
    const { page, faults, close } = await open(browser, `${here.origin}/`, { reducedMotion: "reduce", ...options });
    const found = [];
    for (const name of shown) {
      await page.goto(`${here.origin}/${name}`);
      await page.locator("h1").first().waitFor();
      await page.evaluate(axe);
      found.push(...(await page.evaluate(async () => {
        const { violations } = await axe.run(document, { resultTypes: ["violations"] });
        return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target, failureSummary }) => `${id} (${impact}) at ${target}: ${failureSummary}`));
      })).map((violation) => `${name}: ${violation}`));
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) found.push(`${name} is wider than the screen`);
    }
    await close();
    assert.deepEqual(found, []);
    assert.deepEqual(faults, []);
  });
}

test("the search works without a server", { timeout: 60_000 }, async () => {
  const { page, faults, close } = await open(browser, `${here.origin}/guide/start.html`);
  page.setDefaultTimeout(20_000);
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("searchbox").or(page.locator("#localsearch-input")).first().fill("dailyTokenBudget");
  await page.locator(".result").first().waitFor();
  await page.locator(".result").first().click();
  await page.waitForURL(/\/(guide|api)\//);
  await close();
  assert.deepEqual(faults, []);
});

test("the console is in the page where a call is worth a try, and is loaded when it is opened", { timeout: 60_000 }, async () => {
  const { page, faults, close } = await open(browser, `${here.origin}/guide/errors.html`);
  page.setDefaultTimeout(20_000);
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));
  const details = page.locator("details.try");
  await details.waitFor();
  assert.equal(await details.count(), 1);
  assert.ok(!requests.some((url) => url.includes("/console/")), "nothing is loaded before");
  await details.locator("summary").click();
  const frame = page.frameLocator("details.try iframe");
  await frame.locator("h1", { hasText: /^getUser$/ }).waitFor();
  assert.equal(await frame.getByLabel("id").inputValue(), "4");
  await frame.getByRole("button", { name: "Run", exact: true }).click();
  await frame.locator(".profile").waitFor();
  await close();
  assert.deepEqual(faults, []);
});

test("the colours of the page can be chosen, and the console in it has the same", { timeout: 60_000 }, async () => {
  const { page, close } = await open(browser, `${here.origin}/guide/start.html`, { colorScheme: "light" });
  page.setDefaultTimeout(20_000);
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.locator(".VPSwitchAppearance").first().click();
  await page.waitForFunction(() => document.documentElement.classList.contains("dark"));
  assert.notEqual(await ground(), light);
  await page.locator("details.try summary").click();
  const frame = page.frameLocator("details.try iframe");
  await frame.locator("h1", { hasText: /^getUser$/ }).waitFor();
  assert.equal(await frame.locator("html").getAttribute("data-theme"), "dark");
  await close();
});
