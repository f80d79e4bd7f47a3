// The app extension in Chromium: the panel with the official SDK in a page instead of Pipedrive's, the backend in workerd and in Node.js with
// Redis, the sandbox instead of Pipedrive. The page never receives one of Pipedrive's tokens.
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { startAll } from "../../www/app-extension/demo.mjs";
import { launch, SHOTS } from "../browser/browser.mjs";
import { startSandbox } from "../js/support/sandbox.mjs";
import { record } from "./support/recorder.mjs";
import { startRedis } from "./support/stores.mjs";

const REFUSED = "You have not authorised this app, or the authorisation is no longer valid. Install the app";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Opens a browser window that records the URL, the headers and the body of each response. */
async function watchedWindow() {
  const context = await browser.newContext({ viewport: { width: 1200, height: 760 } });
  context.setDefaultTimeout(20_000);
  const received = [];
  const faults = [];
  // The browser keeps no body of a response that a script reads as a stream: such bodies are recorded in the page.
  const bodies = [];
  await context.exposeFunction("recordBody", (url, text) => bodies.push({ url, text }));
  await context.addInitScript(() => {
    const original = window.fetch;
    window.fetch = async (...args) => {
      const response = await original(...args);
      const copy = response.clone();
      void copy.text().then((text) => window.recordBody(response.url, text));
      return response;
    };
  });
  const bodyInPage = async (response, error) => {
    for (let waited = 0; waited < 2_000; waited += 20) {
      const index = bodies.findIndex(({ url }) => url === response.url());
      if (index >= 0) return bodies.splice(index, 1)[0].text;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw error;
  };
  context.on("response", (response) => {
    received.push(
      (async () => {
        const headers = JSON.stringify(await response.headersArray());
        // A redirect has no body to read.
        const body = /^(204|3..)$/.test(response.status()) ? "" : await response.text().catch((error) => bodyInPage(response, error));
        return `${response.url()}\n${headers}\n${body}`;
      })(),
    );
  });
  context.on("weberror", (error) => faults.push(`uncaught: ${error.error().message}`));
  /** Waits until nothing is in flight and all is recorded: a body can be read only while its page is there. */
  const inFlight = new Set();
  context.on("request", (request) => inFlight.add(request));
  for (const event of ["requestfinished", "requestfailed"]) context.on(event, (request) => inFlight.delete(request));
  const settled = async () => {
    for (let quiet = 0; quiet < 5; quiet = inFlight.size ? 0 : quiet + 1) await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.all(received);
  };
  await context.addInitScript(() => addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
  context.on("console", (message) => message.text().startsWith("policy") && faults.push(message.text()));
  return { context, faults, settled, received: async () => (await Promise.all(received)).join("\n") };
}

/** Returns the strings in the heap of a page and of its frame, which is of the same site. */
async function heapOf(page) {
  const session = await page.context().newCDPSession(page);
  const chunks = [];
  session.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  await session.send("HeapProfiler.enable");
  await session.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  // A session that stays attached can hold up the frames that are opened later.
  await session.detach();
  return JSON.parse(chunks.join("")).strings.join("\n");
}

/** Returns all that a frame stores; of databases and caches only the names. */
const storageOf = (frame) =>
  frame.evaluate(async () => JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie, await indexedDB.databases(), await caches.keys()]));

for (const runtime of ["worker", "node"]) {
  test(`${runtime}: install, open, list, expire, list again, uninstall`, { timeout: 180_000 }, async (t) => {
    const sandbox = await startSandbox();
    const recorder = await record(sandbox.url);
    const redis = runtime === "node" ? await startRedis() : undefined;
    const all = await startAll({ ...sandbox, url: recorder.origin }, { runtime, env: redis && { REDIS_URL: redis.url } });
    const { context, faults, settled, received } = await watchedWindow();
    t.after(async () => {
      await context.close();
      await all.stop();
      redis?.stop();
      recorder.stop();
      await sandbox.stop();
    });
    const page = await context.newPage();
    await page.goto(all.page);
    const panel = page.frameLocator("iframe");
    const frame = () => page.frames().find((one) => one.url().startsWith(all.backend));
    const status = async (text) => {
      await panel.locator("#status", { hasText: text }).waitFor();
      return panel.locator("#status").textContent();
    };
    const refresh = async (text) => {
      await settled();
      await panel.locator("#again:enabled").click();
      return status(text);
    };
    const counters = async () => (await fetch(`${sandbox.url}/sandbox/oauth`)).json();

    // No user has authorised the app yet, and the panel says what to do.
    assert.equal(await status("not authorised"), REFUSED);
    // The demo has requested its user; the app has requested nothing.
    assert.deepEqual(recorder.api, ["/v1/users/me"]);

    // Install from the Marketplace, in a new window: the consent page without a state, and once more from the app.
    const [consent] = await Promise.all([context.waitForEvent("page"), page.click("#install")]);
    await settled();
    await consent.click("#install");
    await consent.waitForURL(/\/oauth\/authorize\?(?!.*state=)/);
    await settled();
    await consent.click("button[value=allow]");
    await consent.waitForURL(/\/oauth\/authorize\?.*state=[0-9a-f]{32}$/);
    assert.equal((await counters()).tokenRequests, 0, "the code of the Marketplace is not used");
    const callback = consent.waitForRequest(/\/callback\?code=.*state=/);
    await settled();
    await consent.click("button[value=allow]");
    await consent.waitForURL(/\/installed(\.html)?$/);
    assert.match(await consent.textContent("h1"), /is installed/);
    const { authorizations, tokenRequests } = await counters();
    assert.deepEqual([authorizations, tokenRequests], [2, 1]);
    // Opened again, in this browser and in another, the callback uses nothing up.
    await settled();
    await consent.goto((await callback).url());
    assert.match(await consent.textContent("h1"), /was opened before/);
    assert.equal((await fetch((await callback).url())).status, 400);
    assert.equal((await counters()).tokenRequests, 1);
    const consentStorage = JSON.stringify(await context.storageState());
    await settled();
    await consent.close();

    // The panel lists the users, with the roles and permissions of the one that is opened.
    assert.equal(await refresh(" users of "), "25 users of Casino Royale, seen as Zoë Rossi");
    assert.equal(await panel.locator("#users > li").count(), 25);
    assert.ok(recorder.api.includes("/api/v1/users"), String(recorder.api));
    await panel.locator("summary").nth(1).click();
    assert.match(await panel.locator("dl").textContent(), /^Roles[A-Z].+Permissions\d+ of \d+ granted$/);
    await page.screenshot({ path: `${SHOTS}app-extension-${runtime}.png` });

    // An hour later: one refresh, whatever the number of requests.
    const before = await counters();
    await page.click("#expire");
    await page.locator("#log", { hasText: "have expired" }).waitFor();
    assert.equal(await refresh(" users of "), "25 users of Casino Royale, seen as Zoë Rossi");

    // What the page has received and stored by now.
    const heap = await heapOf(page);
    const kept = [await storageOf(page.mainFrame()), await storageOf(frame()), consentStorage, JSON.stringify(await context.storageState())].join("\n");

    // A request for the store's own host and methods is one like any other, also with a valid signed token.
    const { token } = await (await fetch(`${all.page}/signed-token?user=1`)).json();
    for (const path of ["/pipedrive/lease", "/get", "/readRecord"]) {
      const status = await new Promise((resolve, reject) => request(`${all.backend}${path}`, { method: "POST", headers: { host: "token-store.invalid", authorization: `Bearer ${token}` } }, (response) => resolve(response.resume().statusCode)).on("error", reject).end(JSON.stringify({ key: `${all.companyId}:2`, milliseconds: 1e13 })));
      assert.ok(status >= 400, `${path}: ${status}`);
    }

    // Another user of the company has not authorised the app.
    await settled();
    await page.selectOption("#user", "2");
    assert.equal(await status("not authorised"), REFUSED);
    await settled();
    await page.selectOption("#user", "1");
    await status(" users of ");

    // Uninstalling deletes the record.
    await settled();
    await page.click("#uninstall");
    await page.locator("#log", { hasText: "responded with 204" }).waitFor();
    assert.equal(await status("not authorised"), REFUSED);
    assert.equal((await counters()).refreshes - before.refreshes, 1);

    const everything = { received: await received(), kept, heap };
    // The search finds what is present …
    for (const where of ["received", "heap"]) {
      assert.match(everything[where], /[\w.]+@casinoroyale\.example/, `${where} has the users`);
      assert.match(everything[where], /eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/, `${where} has a signed token`);
    }
    // … and no access token, refresh token or client secret.
    const secrets = [...recorder.secrets, sandbox.clientSecret];
    assert.equal(recorder.secrets.size, 3, "two access tokens and a refresh token");
    for (const [where, text] of Object.entries(everything)) {
      for (const secret of secrets) {
        assert.ok(secret.length > 12);
        for (const form of [secret, encodeURIComponent(secret), btoa(secret).replace(/=+$/, "")]) assert.ok(!text.includes(form), `${where} has a secret`);
      }
    }
    const policy = (await fetch(all.backend)).headers.get("content-security-policy");
    assert.match(policy, /default-src 'none'.*frame-ancestors https:\/\/\*\.pipedrive\.com/);
    assert.deepEqual(faults, []);
  });
}
