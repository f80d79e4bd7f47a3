import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { launch, open, PHONE, SHOTS } from "./browser.mjs";
import { browserAndServer, WWW } from "./server.mjs";

/** The console in a real browser. Every page here must stay without an error, without a breach of its policy, and on the loopback. */

const here = browserAndServer();

/** A test on a page that has made its first run. */
function onPage(name, options, body) {
  test(name, { timeout: 60_000 }, async () => {
    const { page, faults, close } = await open(here.browser, here.server.origin + "/", options);
    page.setDefaultTimeout(10_000);
    await page.waitForSelector("html[data-ready]");
    await body(page);
    await close();
    assert.deepEqual(faults, []);
  });
}

const go = async (page, operation) => {
  await page.evaluate((name) => void (location.hash = name), operation);
  await page.locator("h1", { hasText: new RegExp(`^${operation}$`) }).waitFor();
};
const run = (page) => page.getByRole("button", { name: "Run", exact: true }).click();
const errorName = (page) => page.locator(".error-name").textContent();

/** Opens the settings, lets them be filled in, and applies them. */
async function settings(page, fill) {
  await page.getByRole("button", { name: /Connection settings/ }).click();
  await fill(page.getByRole("dialog"));
  await page.getByRole("button", { name: "Apply" }).click();
}

/** Runs what the overview has. A new connection runs nothing by itself. */
const runAll = (page) => page.getByRole("button", { name: "Run all again" }).click();

onPage("the first run: ten operations, all of them good", {}, async (page) => {
  assert.equal(await page.locator("html").getAttribute("data-ready"), "10");
  const rows = page.locator(".runs tbody tr");
  assert.deepEqual(await rows.locator(".status").allTextContents(), Array(10).fill("OK"));
  assert.deepEqual(await rows.locator(".cost").allTextContents(), ["20", "40", "2", "2", "10", "10", "10", "10", "10", "10"]);
  assert.match(await rows.first().innerText(), /getUsers\s+GET \/v1\/users\s+25 users/);
  assert.equal(await page.locator(".spent dd").first().textContent(), "124");
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(SHOTS, "console.png") });
});

onPage("dark", { colorScheme: "dark" }, async (page) => {
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.ok(ground.match(/\d+/g).every((part) => Number(part) < 40), ground);
  await go(page, "getUsers");
  await run(page);
  await page.locator(".data tbody tr").first().waitFor();
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(SHOTS, "console-dark.png") });
});

onPage("a phone: nothing is wider than the screen", PHONE, async (page) => {
  const fits = async (what) => assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, what);
  await fits("overview");
  await page.screenshot({ path: join(SHOTS, "console-phone.png") });
  const names = await page.locator("#picker option").evaluateAll((options) => options.map(({ value }) => value).filter(Boolean));
  assert.equal(names.length, 10);
  for (const name of names) {
    await page.locator("#picker").selectOption(name);
    await page.locator("h1", { hasText: new RegExp(`^${name}$`) }).waitFor();
    await run(page);
    await page.locator(".metadata").waitFor();
    await fits(name);
  }
  await page.getByRole("button", { name: /Connection settings/ }).click();
  const { x, width } = await page.getByRole("dialog").boundingBox();
  assert.ok(x >= 0 && x + width <= 390);
});

for (const width of [1280, 1024, 768, 375, 320]) {
  onPage(`${width} px wide: nothing is cut off, and only tables and code scroll`, { viewport: { width, height: 800 } }, async (page) => {
    const cutOff = () => page.evaluate(() => {
      const scrollable = ".scroll, pre, input, select, .log";
      const clips = (one) => one === document.documentElement || getComputedStyle(one).overflowX !== "visible";
      const wide = [...document.querySelectorAll("*")].filter((one) =>
        one.checkVisibility() && !one.closest(".hidden, .brand, svg") && clips(one) && one.scrollWidth > one.clientWidth + 1 && !one.matches(scrollable));
      return wide.map((one) => `${one.tagName}.${one.className}: ${one.scrollWidth} in ${one.clientWidth}`);
    });
    assert.deepEqual(await cutOff(), []);
    for (const name of ["getUsers", "getCurrentUser", "getUserFollowers", "addUser"]) {
      await go(page, name);
      await run(page);
      await page.locator(".metadata").waitFor();
      assert.deepEqual(await cutOff(), [], name);
    }
    await page.getByRole("button", { name: /Connection settings/ }).click();
    await page.getByRole("dialog").locator("[name=source][value=account]").check();
    assert.deepEqual(await cutOff(), []);
  });
}

onPage("nothing moves while the page comes up", {}, async (page) => {
  // But for the lines of the log, which move down in their own box as new ones come.
  const shift = await page.evaluate(() => new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries())).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve([]), 500);
  }).then((entries) => entries.filter(({ sources }) => sources.some(({ node }) => !node?.closest?.(".log"))).reduce((sum, { value }) => sum + value, 0)));
  assert.ok(shift < 0.01, `layout shift ${shift}`);
});

onPage("a call by mouse", {}, async (page) => {
  await page.locator('#list a[href="#getUsers"]').click();
  await run(page);
  await page.locator(".data tbody tr").nth(24).waitFor();
  assert.match(await page.locator(".data tbody tr").first().innerText(), /ZR\s+Zoë Rossi\s*you\s+zoe\.rossi@casinoroyale\.example\s+active/);
  assert.match(await page.locator(".metadata").innerText(), /Status\s+200[^]*Cost\s+20 tokens[^]*Attempts\s+1[^]*Burst left\s+\d+ of 100[^]*Request id\s+[0-9a-f-]{36}/);
  await page.getByRole("tab", { name: "JSON" }).click();
  assert.equal(JSON.parse(await page.locator(".result pre").textContent()).length, 26);
  assert.match(await page.locator(".log li").first().innerText(), /response\s+getUsers\s+200/);
});

onPage("a call by keyboard alone", {}, async (page) => {
  const focused = () => page.evaluate(() => document.activeElement.textContent || document.activeElement.name);
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the content");
  for (let stop = 0; !(await focused()).startsWith("getUserFollowers"); stop++) {
    assert.ok(stop < 30, "the list is reached with Tab");
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.tagName === "H1");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "id");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("3");
  await page.keyboard.press("Enter");
  await page.locator(".metadata").waitFor();
  assert.match(await page.locator("#announcer").textContent(), /^getUserFollowers returned 200: \d+ followers?$/);
  await page.getByRole("tab", { name: "View" }).focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.getByRole("tab", { selected: true }).textContent(), "JSON");
});

onPage("every control has a name", {}, async (page) => {
  for (const name of ["getUserFollowers", "findUsersByName", "addUser", "updateUser"]) await go(page, name), await nameless(page);
  await page.getByRole("button", { name: /Connection settings/ }).click();
  await nameless(page);
});

async function nameless(page) {
  const bare = await page.locator("input, select, button, [tabindex='0'], h1").evaluateAll((elements) =>
    elements.filter((one) => !one.getAttribute("aria-label") && ![...(one.labels ?? [])].some((label) => label.textContent.trim()) && !one.textContent.trim()).map((one) => one.outerHTML));
  assert.deepEqual(bare, []);
}

onPage("the code is the call, and can be copied", { permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
  await go(page, "addUser");
  await page.getByLabel("email").fill('o"hara@example.com');
  await page.locator('[name="access-sales"]').check();
  await page.getByLabel("admin of sales").check();
  await page.locator('[name="active_flag"]').selectOption("false");
  await page.locator('[name="extent"][value="program"]').check();
  await page.getByRole("button", { name: "Copy the code" }).click();
  const code = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(code, /^import \{ UsersClient \} from "pipedrive-users";\n[^]*createSandbox\(\)/);
  // What was copied runs, and does what the page does.
  const body = code.replace(/^import .*$/gm, "");
  const dist = here.server.origin + "/pipedrive-users";
  const added = await page.evaluate(`(async () => {
    const { UsersClient } = await import("${dist}/index.js");
    const { createSandbox } = await import("${dist}/sandbox.js");
    ${body}
    return [data.email, data.active_flag, data.access.map(({ app, admin }) => [app, admin]), response.status];
  })()`);
  assert.deepEqual(added, ['o"hara@example.com', false, [["sales", true]], 200]);
});

onPage("the code in other languages, and for an account", {}, async (page) => {
  await go(page, "findUsersByName");
  await page.getByLabel("term").fill("o'hara & co");
  await page.getByLabel("searchByEmail").check();
  const code = () => page.locator(".source pre").textContent();
  const choose = async (name, value) => page.locator(`[name="${name}"][value="${value}"]`).check();
  await choose("language", "curl");
  assert.equal(await code(), `curl 'http://127.0.0.1:8018/v1/users/find?term=o%27hara+%26+co&search_by_email=1' \\\n  --header "x-api-token: $PIPEDRIVE_API_TOKEN"`);
  await choose("extent", "account");
  assert.match(await code(), /^curl 'https:\/\/your-company\.pipedrive\.com\/v1\/users\/find\?/);
  await choose("language", "typescript");
  assert.match(await code(), /^import \{ type User, UsersClient \} from "pipedrive-users";\n\nconst client = new UsersClient\(\{\n  companyDomain: "your-company",\n  apiToken: process\.env\.PIPEDRIVE_API_TOKEN,\n\}\);\n\nconst data: User\[\] = /);
  await choose("language", "rust");
  await choose("extent", "call");
  assert.equal(await code(), `let data = client.find_users_by_name("o'hara & co").search_by_email(true).await?;`);
  // The choice holds for the other operations too.
  await go(page, "getUserFollowers");
  assert.match(await code(), /^let data = client\.get_user_followers\(1\)\.limit\(10\)\.await\?;$/);
  await choose("language", "javascript");
  await choose("extent", "program");
  assert.match(await code(), /console\.log\(page\.items\);$/);
});

onPage("a link holds the operation and its parameters, and the history has such links", {}, async (page) => {
  await page.evaluate(() => void (location.hash = "#getUser?id=4&other=1"));
  await page.locator("h1", { hasText: /^getUser$/ }).waitFor();
  assert.equal(await page.getByLabel("id").inputValue(), "4");
  await run(page);
  await page.locator(".profile").waitFor();
  await page.getByLabel("id").fill("5");
  assert.equal(await page.evaluate(() => location.hash), "#getUser?id=5");
  await page.evaluate(() => void (location.hash = '#addUser?email=a%40b.example&access=[{"app":"sales"}]&active_flag=true'));
  await page.locator("h1", { hasText: /^addUser$/ }).waitFor();
  assert.equal(await page.getByLabel("email").inputValue(), "a@b.example");
  assert.ok(await page.locator('[name="access-sales"]').isChecked());
  await page.evaluate(() => void (location.hash = "#addUser?access=nonsense"));
  await page.locator("details.card summary").click();
  assert.match(await page.locator(".history li").innerText(), /^getUser\(4\)\s+200 · /);
  await page.locator(".history a").click();
  await page.locator("h1", { hasText: /^getUser$/ }).waitFor();
  assert.equal(await page.getByLabel("id").inputValue(), "4");
});

onPage("a link to no operation says so, and what of the code is shown is kept", {}, async (page) => {
  await page.evaluate(() => void (location.hash = "#nonsense"));
  await page.getByText('There is no operation "nonsense".').waitFor();
  assert.equal(await page.locator("h1").textContent(), "Overview");
  await go(page, "getUser");
  assert.equal(await page.locator(".note.unknown").count(), 0);
  await page.locator('[name="language"][value="typescript"]').check();
  await page.locator('[name="extent"][value="program"]').check();
  const program = await page.locator(".source pre").textContent();
  assert.match(program, /^import \{/);
  await page.reload();
  await page.waitForSelector("html[data-ready]");
  assert.equal(await page.locator(".source pre").textContent(), program);
});

onPage("each fault can be looked at, and its timeline", {}, async (page) => {
  await go(page, "getUser");
  const choose = (fault) => page.locator("#fault").selectOption(fault);
  await choose("503-once");
  await run(page);
  await page.locator(".profile").waitFor();
  assert.match(await page.locator(".metadata").innerText(), /Attempts\s+2/);
  await page.getByRole("tab", { name: "Timeline" }).click();
  const lines = await page.locator(".timeline .what").allTextContents();
  assert.match(lines.join("|"), /^(Before the first request[^|]*\|)?Request 1: 503\|Pause before the next request\|Request 2: 200$/);
  for (const [fault, name] of [["404", "NotFoundError"], ["blocked", "BlockedError"], ["malformed", "DecodeError"]]) {
    await choose(fault);
    await run(page);
    await page.locator(".error-name", { hasText: name }).waitFor();
    await page.getByRole("tab", { name: "Headers" }).click();
    assert.match(await page.locator(".result .facts").innerText(), /content-type/, fault);
  }
  await choose("none");
  await run(page);
  await page.locator(".profile").waitFor();
  assert.match(await page.locator(".metadata").innerText(), /Burst left\s+\d+ of 100/);
  // The last one: after it the client knows that nothing can be spent today.
  await choose("daily");
  await run(page);
  await page.locator(".error-name", { hasText: "RateLimitError" }).waitFor();
});

onPage("the colours are chosen, and stay", {}, async (page) => {
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  const button = page.getByRole("button", { name: /^Colours/ });
  await button.click();
  assert.equal(await ground(), light);
  await button.click();
  assert.notEqual(await ground(), light);
  await page.reload();
  await page.waitForSelector("html[data-ready]");
  assert.notEqual(await ground(), light);
  await button.click();
  assert.equal(await ground(), light);
});

onPage("a bad parameter is refused by the SDK, and nothing is sent", {}, async (page) => {
  await go(page, "getUser");
  await page.getByLabel("id").fill("-1.5");
  await run(page);
  assert.equal(await errorName(page), "ArgumentError");
  assert.match(await page.locator(".problem").innerText(), /id must be a positive integer[^]*got -1\.5/);
  assert.match(await page.locator(".metadata").innerText(), /not sent[^]*0 tokens/);
  await page.getByLabel("id").fill("999");
  await run(page);
  await page.locator(".error-name", { hasText: "NotFoundError" }).waitFor();
  assert.match(await page.locator(".problem").innerText(), /not_found[^]*User not found[^]*requestId/);
});

onPage("pages continue, and begin again", {}, async (page) => {
  await go(page, "getUserFollowers");
  const rows = page.locator(".data tbody tr");
  const pages = [];
  await run(page);
  await page.locator(".pager").waitFor();
  for (const next = page.getByRole("button", { name: "Next page" }); ; ) {
    pages.push(await rows.count());
    if (await next.isDisabled()) break;
    const first = await rows.first().textContent();
    await next.click();
    await page.waitForFunction((old) => document.querySelector(".data tbody tr").textContent !== old, first);
  }
  assert.deepEqual(pages, [10, 10, 4]);
  assert.match(await page.locator(".source pre").textContent(), /getUserFollowers\(1, \{[^]*cursor: "/);
  await page.getByRole("button", { name: "First page" }).click();
  await page.locator(".data tbody tr").nth(9).waitFor();
  assert.equal(await page.getByLabel("cursor").inputValue(), "");

  await go(page, "getUserRoleAssignments");
  await run(page);
  await page.getByRole("button", { name: "Next page" }).click();
  await page.waitForFunction(() => document.querySelector("[name=start]").value === "2");
});

onPage("who is no admin cannot add a user", {}, async (page) => {
  await settings(page, (dialog) => dialog.getByLabel("Not an admin").check());
  await page.waitForTimeout(200);
  assert.equal(await page.locator(".spent dd").first().textContent(), "0", "a new connection runs nothing by itself");
  assert.deepEqual(new Set(await page.locator(".runs .status").allTextContents()), new Set(["waiting"]));
  await runAll(page);
  await page.waitForSelector('html[data-ready="8"]');
  assert.deepEqual(await page.locator('.runs tr[data-state="failed"] .summary').allTextContents(), ["PermissionError", "PermissionError"]);
  await go(page, "addUser");
  await run(page);
  assert.equal(await errorName(page), "PermissionError");
  assert.match(await page.locator(".metadata").innerText(), /Status\s+403/);
});

onPage("an app without users:read reads only the current user", {}, async (page) => {
  await settings(page, (dialog) => dialog.getByLabel("OAuth, base only").check());
  await runAll(page);
  await page.waitForSelector('html[data-ready="1"]');
  assert.match(await page.locator('.runs tr[data-state="ok"]').innerText(), /getCurrentUser/);
});

onPage("a day's budget that is spent", {}, async (page) => {
  await settings(page, (dialog) => dialog.getByLabel("Daily budget").fill("130"));
  await runAll(page);
  await page.waitForSelector('html[data-ready="10"]');
  await go(page, "getUsers");
  await run(page);
  assert.equal(await errorName(page), "RateLimitError");
  assert.match(await page.locator(".problem").innerText(), /scope\s+daily[^]*resetAt/);
  assert.match(await page.locator(".limit").last().innerText(), /6 \/ 130/);
  assert.match(await page.locator(".log li.error").first().innerText(), /limited/);
});

onPage("settings that cannot be used are reported in the dialog", {}, async (page) => {
  await settings(page, (dialog) => dialog.getByLabel("Users", { exact: true }).fill("2"));
  assert.match(await page.getByRole("alert").textContent(), /ConfigError users must be an integer from 3/);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.match(await page.evaluate(() => document.activeElement.id), /connection/);
});

onPage("one's own account: its token is shown nowhere, and writing asks first", {}, async (page) => {
  const token = here.server.sandbox.apiToken;
  const seen = [];
  page.on("request", (request) => seen.push(request));
  await settings(page, async (dialog) => {
    await dialog.locator("[name=source][value=account]").check();
    await dialog.locator("[name=hostOption][value=baseUrl]").check();
    await dialog.getByLabel("Host").fill(here.server.origin + "/account");
    await dialog.locator("[name=token]").fill(token);
  });
  await page.getByRole("button", { name: /Your account/ }).waitFor();
  await page.waitForTimeout(200);
  assert.equal(seen.length, 0, "nothing is sent unasked");
  await page.getByRole("button", { name: "Run all reads" }).click();
  await page.waitForSelector('html[data-ready="8"]');
  assert.equal(seen.length, 8);
  assert.deepEqual(await page.locator(".runs .status").allTextContents(), [...Array(8).fill("OK"), "skipped", "skipped"]);

  await go(page, "addUser");
  await page.getByLabel("email").fill("mathis@example.com");
  await run(page);
  await page.getByRole("dialog").getByText("This invites mathis@example.com and may be billed as a seat.").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(seen.length, 8, "no was said");
  await run(page);
  await page.getByRole("button", { name: "Send POST" }).click();
  await page.locator(".profile").waitFor();
  assert.equal(seen.length, 9);
  assert.equal(seen[8].headers()["x-api-token"], token);

  await go(page, "updateUser");
  await page.locator('[name="active_flag"]').selectOption("");
  await run(page);
  assert.equal(await errorName(page), "ArgumentError", "what is refused needs no confirmation");
  await page.locator('[name="active_flag"]').selectOption("false");
  await run(page);
  await page.getByRole("dialog").getByText(/^This deactivates user \d+\.$/).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(seen.length, 9);

  await page.locator('[name="extent"][value="program"]').check();
  const shown = await page.evaluate(() => document.documentElement.outerHTML + location.href + JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  const typed = await page.locator("input").evaluateAll((inputs) => inputs.map(({ value }) => value));
  assert.ok(!shown.includes(token) && !typed.includes(token));
  assert.ok(seen.every((request) => !request.url().includes(token)));
});

onPage("a call in flight: elapsed time, Cancel, and the old response marked as stale", {}, async (page) => {
  let hold = false;
  let held = () => {};
  let sent = 0;
  await page.route("**/account/**", async (route) => {
    sent += 1;
    if (hold) await new Promise((resolve) => (held = resolve));
    await route.continue();
  });
  await settings(page, async (dialog) => {
    await dialog.locator("[name=source][value=account]").check();
    await dialog.locator("[name=hostOption][value=baseUrl]").check();
    await dialog.getByLabel("Host").fill(here.server.origin + "/account");
    await dialog.locator("[name=token]").fill(here.server.sandbox.apiToken);
  });
  await page.getByRole("button", { name: /Your account/ }).waitFor();
  await go(page, "getUsers");
  const section = page.locator(".result");
  const cancel = page.getByRole("button", { name: "Cancel", exact: true });
  assert.equal(await page.locator(".actions button").count(), 1);

  hold = true;
  await run(page);
  await cancel.waitFor();
  assert.match(await section.innerText(), /Waiting for the response/);
  await page.waitForFunction(() => /[1-9]\.\d s$/.test(document.querySelector(".run").innerText));
  assert.equal(await page.getByRole("button", { name: "Run", exact: true }).count(), 0);
  await cancel.click();
  assert.equal(await errorName(page), "AbortError");
  assert.match(await section.innerText(), /Status\s+sent, cancelled[^]*Cost\s+20 tokens[^]*Attempts\s+1[^]*cancelled the call after it was sent/);
  held();

  hold = false;
  await run(page);
  await page.locator(".data tbody tr").first().waitFor();
  assert.ok(!(await section.innerText()).includes("stale"));
  hold = true;
  await run(page);
  await cancel.waitFor();
  assert.match(await section.innerText(), /Response\s+stale: from the previous call[^]*Zoë Rossi/);
  await page.screenshot({ path: join(SHOTS, "console-in-flight.png") });
  await cancel.press("Enter");
  assert.equal(await errorName(page), "AbortError");
  assert.ok(!(await section.innerText()).includes("stale"));
  held();
  await page.getByRole("button", { name: "Run", exact: true }).waitFor();
  assert.equal(sent, 3);
});

onPage("a call cancelled while it waits for the burst window was not sent", {}, async (page) => {
  await settings(page, (dialog) => dialog.getByLabel("Burst").fill("5"));
  // The ten calls of the overview fill two windows.
  await runAll(page);
  await page.waitForSelector('html[data-ready="10"]');
  await go(page, "getUser");
  await run(page);
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  assert.equal(await errorName(page), "AbortError");
  assert.match(await page.locator(".result").innerText(), /Status\s+not sent[^]*Cost\s+0 tokens[^]*Attempts\s+0[^]*before it was sent/);
});

onPage("a large company is drawn in parts", {}, async (page) => {
  await settings(page, (dialog) => dialog.getByLabel("Users", { exact: true }).fill("5000"));
  await go(page, "getUsers");
  await run(page);
  const rows = page.locator(".data tbody tr");
  await rows.nth(99).waitFor();
  assert.equal(await rows.count(), 100);
  await page.getByRole("button", { name: /Show 100 more of 4,900/ }).click();
  assert.equal(await rows.count(), 200);
  await page.getByRole("tab", { name: "JSON" }).click();
  assert.match(await page.locator(".result .note").textContent(), /The first 60,000 of/);
});

onPage("the page leaves no globals", {}, async (page) => {
  const names = () => page.evaluate(() => Object.getOwnPropertyNames(window));
  const ours = await names();
  await page.goto(here.server.origin + "/test-pages/blank.html");
  const blank = new Set(await names());
  // The test's own tool leaves names that begin with two underscores.
  assert.deepEqual(ours.filter((name) => !blank.has(name) && !name.startsWith("__")), []);
});

test("the policy has the hash of the import map, and nothing that would make it weak", async () => {
  const html = await readFile(join(WWW, "index.html"), "utf8");
  const [, map] = /<script type="importmap">([^]*?)<\/script>/.exec(html);
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html);
  const hash = createHash("sha256").update(map).digest("base64");
  assert.ok(policy.includes(`script-src 'self' 'wasm-unsafe-eval' 'sha256-${hash}';`), `the policy needs 'sha256-${hash}'`);
  assert.ok(policy.startsWith("default-src 'none';") && !/'unsafe-|\*(?![ ;])(?!:)/.test(policy));
  assert.deepEqual(html.match(/(?:src|href)="(?!\.?\/|#|data:)[^"]*"/g), null, "all that the page loads is its own");
});

test("every script of the page is asked for at once, and what the page is for is there before they run", async () => {
  const html = await readFile(join(WWW, "index.html"), "utf8");
  const [, map] = /<script type="importmap">([^]*?)<\/script>/.exec(html);
  const { imports } = JSON.parse(map);
  const needed = new Set();
  const visit = async (script) => {
    for (const [, name] of (await readFile(join(WWW, script), "utf8")).matchAll(/^import .* from "([^"]+)";$/gm)) {
      const file = imports[name] ?? name;
      if (needed.has(file)) continue;
      needed.add(file);
      if (file === name) await visit(file);
    }
  };
  await visit("console.js");
  const preloaded = [...html.matchAll(/<link rel="modulepreload" href="([^"]+)">/g)].map(([, href]) => href);
  assert.deepEqual(preloaded.sort(), [...needed].sort());
  const { page, close } = await open(here.browser, here.server.origin + "/", { javaScriptEnabled: false });
  assert.match(await page.locator("main").innerText(), /^Overview\s+All ten operations/);
  await close();
});

onPage("the page responds between the calls of a run", {}, async (page) => {
  const tasks = await page.evaluate(async () => {
    const { port1, port2 } = new MessageChannel();
    let count = 0;
    port1.onmessage = () => {
      count += 1;
      port2.postMessage(undefined);
    };
    const isDone = new Promise((resolve) => new MutationObserver(() => document.documentElement.dataset.ready && resolve()).observe(document.documentElement, { attributes: true }));
    [...document.querySelectorAll("button")].find(({ textContent }) => textContent.includes("Run all again")).click();
    port2.postMessage(undefined);
    await isDone;
    port1.close();
    return count;
  });
  assert.ok(tasks >= 10, `${tasks} other tasks while ten calls ran`);
});

test("no import map and no bundler: ten calls", async () => {
  const { page, faults, close } = await open(here.browser, here.server.origin + "/test-pages/bare.html");
  await page.waitForSelector("html[data-done]");
  const lines = (await page.locator("#out").textContent()).split("\n");
  assert.equal(lines.length, 10);
  for (const line of lines) assert.match(line, /^\w+ 200$/);
  await close();
  assert.deepEqual(faults, []);
});

test("a policy without 'wasm-unsafe-eval': the calls reject with a LoadError that names it", async () => {
  const { page, faults, close } = await open(here.browser, here.server.origin + "/test-pages/no-wasm.html");
  await page.waitForSelector("html[data-done]");
  const lines = (await page.locator("#out").textContent()).split("\n");
  assert.equal(lines.length, 10);
  for (const line of lines) assert.match(line, /^\w+ LoadError: .*'wasm-unsafe-eval'/);
  await close();
  assert.deepEqual(faults.filter((fault) => !/wasm-eval|wasm-unsafe-eval|WebAssembly|Content Security Policy/.test(fault)), []);
});

test("a missing Chromium is reported in one line", async () => {
  const { CHROMIUM } = process.env;
  process.env.CHROMIUM = "/nowhere/chromium";
  try {
    await assert.rejects(launch(), /^Error: there is no Chromium at \/nowhere\/chromium: install the package chromium[^\n]*$/);
  } finally {
    if (CHROMIUM === undefined) delete process.env.CHROMIUM;
    else process.env.CHROMIUM = CHROMIUM;
  }
});

onPage("the picker finds people in the directory, which costs one list", {}, async (page) => {
  const spent = async () => Number(/spent (\d+)/.exec(await page.locator("#people-cost").textContent())?.[1]);
  const found = () => page.locator("#people-found strong").allTextContents();
  await page.locator("#people").fill("ame");
  await page.waitForFunction(() => document.querySelectorAll("#people-found li").length > 0);
  const first = await spent();
  assert.ok((await found()).every((name) => name.length > 0));
  await page.locator("#people").fill("zzz");
  await page.waitForFunction(() => document.querySelectorAll("#people-found li").length === 0);
  await page.locator("#people").fill("casinoroyale");
  await page.waitForFunction(() => document.querySelectorAll("#people-found li").length === 8);
  assert.equal(await spent(), first, "the second search is free");
  await page.locator("#people").fill("");
  await page.waitForFunction(() => document.querySelectorAll("#people-found li").length === 0);
});
