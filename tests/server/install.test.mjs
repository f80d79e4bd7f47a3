// Installations as they really happen: from the app and from the Marketplace, in browsers with several tabs, by link scanners, and again.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryStore, OAuth, verifySignedToken } from "pipedrive-users/server";
import { gc } from "../js/support/gc.mjs";
import { BOND, consent, cookieOf, installWith, makeApp, makeEndpoint, makeLogger, REDIRECT, skipConsent } from "./support/app.mjs";

const INSTALL = "https://app.example/install";

/** A browser's cookies. `open` returns the response of the app to a URL. */
function makeBrowser(oauth, options) {
  const cookies = new Map();
  const open = async (url, method = "GET") => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const request = new Request(url, { method, headers: cookie ? { cookie } : {} });
    const response = await (url.startsWith(REDIRECT) ? oauth.handleCallback(request, options) : oauth.handleInstall(request));
    for (const [name, value] of response.headers.getSetCookie().map((line) => line.split(";")[0].split("="))) cookies.set(name, value);
    return response;
  };
  return { open, cookies };
}

const stateOf = (url) => new URL(url).searchParams.get("state");

/** Checks that a response is a page for a person, and returns its text. */
async function readPage(response, status) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.match(response.headers.get("content-type"), /^text\/html/);
  assert.match(response.headers.get("content-security-policy"), /default-src 'none'.*frame-ancestors 'none'/);
  assert.deepEqual(["cache-control", "referrer-policy", "x-content-type-options"].map((name) => response.headers.get(name)), ["no-store", "no-referrer", "nosniff"]);
  assert.match(text, /^<!doctype html>/);
  assert.doesNotMatch(text, /<script|v1u:|undefined/);
  return text;
}

/** The address of a page's link. */
const linkOf = (text) => /<a href="([^"]+)"/.exec(text)[1].replaceAll("&amp;", "&");

test("/install redirects to the consent page, and its cookie is of this host only and cannot be read", async () => {
  const { oauth } = makeApp();
  const response = await oauth.handleInstall(new Request(INSTALL));
  assert.equal(response.status, 302);
  const url = new URL(response.headers.get("location"));
  assert.equal(url.origin + url.pathname, "https://oauth.pipedrive.com/oauth/authorize");
  assert.deepEqual([...url.searchParams.keys()], ["client_id", "redirect_uri", "state"], "a scope is never sent");
  assert.match(url.searchParams.get("state"), /^[0-9a-f]{32}$/);
  assert.equal(response.headers.get("cache-control"), "no-store");
  const [cookie, ...attributes] = response.headers.get("set-cookie").split("; ");
  assert.match(cookie, /^__Host-pipedrive-install=[\w-]+$/);
  assert.deepEqual(attributes, ["Path=/", "Max-Age=600", "HttpOnly", "SameSite=Lax", "Secure"]);
  const bytes = Buffer.from(cookie.split("=")[1], "base64url").toString("latin1");
  assert.ok(!bytes.includes(stateOf(url.href)), "it is encrypted");
  const local = makeApp({ redirectUri: "http://127.0.0.1:8787/callback" });
  assert.match((await local.oauth.handleInstall(new Request(INSTALL))).headers.get("set-cookie"), /^pipedrive-install=[\w-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
});

test("20 000 requests to /install leave nothing in the store or in memory", async () => {
  const calls = [];
  const store = Object.fromEntries(Object.entries(memoryStore()).map(([name, method]) => [name, (...all) => (calls.push(name), method(...all))]));
  const { oauth } = makeApp({ store });
  const ask = async (count) => {
    for (let index = 0; index < count; index++) await oauth.handleInstall(new Request(INSTALL));
    gc();
    return process.memoryUsage().heapUsed;
  };
  const before = await ask(2_000);
  const after = await ask(20_000);
  assert.deepEqual(calls, []);
  assert.ok(after - before < 1_000_000, `${after - before} bytes`);
});

test("a callback is taken once, and only from the browser that began", async () => {
  const app = makeApp();
  const browser = makeBrowser(app.oauth);
  const begun = await browser.open(INSTALL);
  const back = await consent(begun.headers.get("location"), app.sandbox.fetch);
  // Another browser: without a cookie, or with one of its own. A page that logs its visitors in to another account does this.
  const other = makeBrowser(app.oauth);
  await readPage(await other.open(back), 400);
  await other.open(INSTALL);
  await readPage(await other.open(back), 400);
  // Changed states and cookies.
  const cookie = cookieOf(begun);
  const state = stateOf(back);
  const changed = [
    [back.replace(state, "0".repeat(32)), cookie],
    [back.replace(state, state.toUpperCase() === state ? "A" : state.toUpperCase()), cookie],
    [back.replace(state, `${state}%0d%0a`), cookie],
    [back, cookie.slice(0, 60) + (cookie[60] === "A" ? "B" : "A") + cookie.slice(61)],
    [back, cookie.replace("__Host-", "")],
    [back, `__Host-pipedrive-install=${state}`],
    [back, "__Host-pipedrive-install="],
    [back, cookie.replace("=", "=AAAA")],
  ];
  for (const [url, cookie] of changed) await readPage(await app.oauth.handleCallback(new Request(url, { headers: { cookie } })), 400);
  const foreign = makeApp({ clientSecret: "another-secret" });
  await readPage(await foreign.oauth.handleCallback(new Request(back, { headers: { cookie } })), 400);
  assert.equal(app.requests.length, 0, "nothing was sent");
  // Of several callbacks at the same time, one succeeds.
  const all = await Promise.all(Array.from({ length: 5 }, () => app.oauth.handleCallback(new Request(back, { headers: { cookie } }))));
  assert.deepEqual(all.map(({ status }) => status).sort(), [200, 409, 409, 409, 409]);
  assert.match(await readPage(await app.oauth.handleCallback(new Request(back, { headers: { cookie } })), 409), /opened before/);
  assert.equal(app.sentTo("/oauth/token").length, 1);
});

test("other cookies and tabs do not get in the way", async () => {
  const app = makeApp();
  const browser = makeBrowser(app.oauth);
  browser.cookies.set("session", "1");
  const tabs = [];
  for (let index = 0; index < 3; index++) tabs.push((await browser.open(INSTALL)).headers.get("location"));
  for (const [index, url] of tabs.entries()) await readPage(await browser.open(await consent(url, app.sandbox.fetch, { user: index + 1 })), 200);
  for (let index = 0; index < 50; index++) await browser.open(INSTALL);
  assert.ok([...browser.cookies.values()].join("").length < 1_000, "the cookie does not grow");
});

test("the page says that the app is installed, that it is not, or that the callback was opened twice", async () => {
  const app = makeApp();
  const browser = makeBrowser(app.oauth);
  const begin = async (answers) => consent((await browser.open(INSTALL)).headers.get("location"), app.sandbox.fetch, answers);
  const back = await begin();
  assert.match(await readPage(await browser.open(back), 200), /<h1>The app is installed/);
  assert.match(await readPage(await browser.open(back), 409), /opened before/);
  const denied = await begin({ answer: "deny" });
  for (const word of ["user_denied", "access_denied"]) assert.match(await readPage(await makeBrowser(app.oauth).open(`${REDIRECT}?error=${word}`), 403), /did not allow/);
  assert.match(await readPage(await browser.open(denied), 403), /did not allow/);
  await readPage(await browser.open(`${REDIRECT}`), 400);
  assert.match(await readPage(await browser.open(`${REDIRECT}?error=%3Cscript%3E`), 401), /could not be installed/);
  assert.equal(app.logged.length, 1);
  assert.equal(app.sentTo("/oauth/token").length, 1);
});

test("an authorization expires after ten minutes, and its page leads to another", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const app = makeApp();
  const browser = makeBrowser(app.oauth);
  const back = await consent((await browser.open(INSTALL)).headers.get("location"), app.sandbox.fetch);
  t.mock.timers.tick(10 * 60_000 + 1);
  const text = await readPage(await browser.open(back), 400);
  assert.match(text, /more than ten minutes ago/);
  await readPage(await browser.open(await consent(linkOf(text), app.sandbox.fetch)), 200);
  assert.equal(app.sentTo("/oauth/token").length, 1);
});

test("installed and denied: a URL, a path, or a response of the app's own", async () => {
  const app = makeApp();
  const install = (options, answers) => installWith(app.oauth, app.sandbox.fetch, answers, options).then(({ response }) => response);
  for (const [installed, location] of [["/installed.html", "/installed.html"], [new URL("https://app.example/welcome"), "https://app.example/welcome"], [() => "/from-a-function", "/from-a-function"]]) {
    const response = await install({ installed });
    assert.deepEqual([response.status, response.headers.get("location"), response.headers.get("cache-control")], [302, location, "no-store"]);
  }
  // Also a response whose headers cannot be changed.
  const response = await install({ installed: async (user, request) => Response.redirect(`https://app.example/${user.company_id}/${user.id}?from=${new URL(request.url).pathname}`) }, { user: 2 });
  assert.match(response.headers.get("location"), /^https:\/\/app\.example\/\d+\/2\?from=\/callback$/);
  assert.equal(response.headers.getSetCookie().length, 1);
  assert.equal((await install({ denied: "/denied" }, { answer: "deny" })).headers.get("location"), "/denied");
  assert.equal((await install({ denied: () => new Response("a pity", { status: 418 }) }, { answer: "deny" })).status, 418);
  // A function that fails, or returns what is no response, is a page too.
  for (const installed of [() => Promise.reject(new Error("the app's own")), () => 7, () => Response.error(), () => "/a\r\nb"]) await readPage(await install({ installed }), 500);
  assert.match(app.logged[0], /the app's own/);
});

test("installed and denied that never return, or return what cannot be sent: a page within ten seconds, and a line in the log", async (t) => {
  const app = makeApp();
  const used = new Response("x");
  await used.text();
  const locked = new Response("x");
  locked.body.getReader();
  const results = [() => Response.error(), () => used, () => locked, () => new Promise(() => {})];
  for (const result of results) {
    for (const answer of ["allow", "deny"]) {
      const browser = makeBrowser(app.oauth, { installed: result, denied: result });
      const back = await consent((await browser.open(INSTALL)).headers.get("location"), app.sandbox.fetch, { answer });
      const isLate = result === results.at(-1);
      let isWaiting = false;
      const called = new Promise((resolve) => {
        if (isLate) browser.waiting = resolve;
        else resolve();
      });
      const hang = () => {
        isWaiting = true;
        browser.waiting();
        return result();
      };
      if (isLate) t.mock.timers.enable({ apis: ["setTimeout"] });
      const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const handled = isLate ? app.oauth.handleCallback(new Request(back, { headers: { cookie } }), { installed: hang, denied: hang }) : browser.open(back);
      await called;
      if (isLate) {
        assert.ok(isWaiting);
        await new Promise((resolve) => setImmediate(resolve));
        t.mock.timers.tick(10_000);
      }
      const response = await handled;
      t.mock.timers.reset();
      assert.match(response.headers.get("set-cookie"), /pipedrive-install/, "the state is used");
      await readPage(response, isLate ? 504 : 500);
      assert.match(app.logged.at(-1), isLate ? /must return within 10000 ms/ : /must return a response, a URL or a path/);
    }
  }
});

describe("from the Marketplace:", () => {
  test("a callback without a state begins an authorization, and its code is not used", async () => {
    const app = makeApp();
    const browser = makeBrowser(app.oauth);
    const redirected = await browser.open(`${REDIRECT}?code=from-the-marketplace`);
    assert.equal(redirected.status, 302);
    assert.match(redirected.headers.get("location"), /^https:\/\/oauth\.pipedrive\.com\/oauth\/authorize\?.*state=[0-9a-f]{32}$/);
    assert.equal(app.requests.length, 0);
    assert.match(await readPage(await browser.open(await consent(redirected.headers.get("location"), app.sandbox.fetch)), 200), /is installed/);
    const [{ body }] = app.sentTo("/oauth/token");
    assert.ok(!body.includes("from-the-marketplace"));
  });

  test("a loop ends with a page that leads on", async () => {
    const app = makeApp();
    const browser = makeBrowser(app.oauth);
    assert.equal((await browser.open(`${REDIRECT}?code=one`)).status, 302);
    const text = await readPage(await browser.open(`${REDIRECT}?code=two`), 400);
    assert.match(text, /sent you back/);
    await readPage(await browser.open(`${REDIRECT}?code=three`), 400);
    assert.equal(app.requests.length, 0);
    await readPage(await browser.open(await consent(linkOf(text), app.sandbox.fetch)), 200);
    // The next installation is no loop.
    const other = makeBrowser(app.oauth);
    await other.open(await consent((await other.open(`${REDIRECT}?code=four`)).headers.get("location"), app.sandbox.fetch));
    assert.equal((await other.open(`${REDIRECT}?code=five`)).status, 302);
  });

  test("the sandbox's Marketplace page", async () => {
    const app = makeApp();
    const page = await app.sandbox.fetch(`https://sandbox.example/sandbox/marketplace?redirect_uri=${encodeURIComponent(REDIRECT)}`);
    const target = new URL(/id="install" href="([^"]+)"/.exec(await page.text())[1].replaceAll("&amp;", "&"), "https://sandbox.example");
    const allowed = await app.sandbox.fetch(new URL("/oauth/authorize", target).href, { method: "POST", body: new URLSearchParams({ redirect_uri: target.searchParams.get("redirect_uri"), answer: "allow" }) });
    const back = allowed.headers.get("location");
    assert.deepEqual([...new URL(back).searchParams.keys()], ["code"]);
    const browser = makeBrowser(app.oauth);
    const redirected = await browser.open(back);
    await readPage(await browser.open(await consent(redirected.headers.get("location"), app.sandbox.fetch)), 200);
    const withUrl = makeApp({ sandbox: { app: { installationUrl: INSTALL } } });
    const { headers, status } = await withUrl.sandbox.fetch("https://sandbox.example/sandbox/marketplace");
    assert.deepEqual([status, headers.get("content-type")], [200, "text/html; charset=utf-8"]);
  });
});

test("the sandbox signs tokens and uninstalls as Pipedrive does, for tests of an app's own", async () => {
  const app = makeApp();
  const who = await app.install(2);
  const { clientSecret } = app.sandbox.app;
  const token = await verifySignedToken(await app.sandbox.signedToken({ userId: 2 }), clientSecret);
  assert.deepEqual([token.companyId, token.userId], [who.companyId, 2]);
  assert.ok(Math.abs(token.expiresAt.getTime() - Date.now() - 300_000) < 2_000);
  const expired = await app.sandbox.signedToken({ userId: 2, expiresInSeconds: -1 });
  await assert.rejects(verifySignedToken(expired, clientSecret), /expired/);
  const request = await app.sandbox.uninstallRequest({ userId: 2 });
  assert.deepEqual([request.method, request.url], ["DELETE", REDIRECT]);
  assert.equal((await app.oauth.handleCallback(request)).status, 204);
  assert.equal(await app.oauth.isAuthorized(who), false);
  const wrong = [undefined, null, 2, {}, { userId: 0 }, { userId: "2" }, { userId: 2, user: 2 }];
  for (const options of [...wrong, ...["60", NaN, Infinity, null].map((expiresInSeconds) => ({ userId: 2, expiresInSeconds }))]) await assert.rejects(app.sandbox.signedToken(options), { kind: "argument" });
  for (const options of wrong) await assert.rejects(app.sandbox.uninstallRequest(options), { kind: "argument" });
});

test("HEAD and other methods use nothing up, and a notice of shared apps changes nothing", async () => {
  const app = makeApp();
  const who = await app.install(2);
  app.requests.length = 0;
  const browser = makeBrowser(app.oauth);
  const back = await consent((await browser.open(INSTALL)).headers.get("location"), app.sandbox.fetch);
  for (const url of [INSTALL, back]) {
    const response = await browser.open(url, "HEAD");
    assert.deepEqual([response.status, await response.text(), response.headers.getSetCookie()], [200, "", []]);
  }
  for (const [method, status] of [["PUT", 405], ["OPTIONS", 405], ["PATCH", 405]]) assert.equal((await browser.open(back, method)).status, status);
  assert.equal((await browser.open(INSTALL, "POST")).status, 405);
  const notice = new Request(REDIRECT, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ company_id: who.companyId, user_id: 2, isShared: false }) });
  assert.equal((await app.oauth.handleCallback(notice)).status, 204);
  assert.equal(await app.oauth.isAuthorized(who), true);
  assert.equal(app.requests.length, 0);
  await readPage(await browser.open(back), 200);
});

describe("installed again while a refresh of the old grant is in flight:", () => {
  const grant = (name) => Response.json({ access_token: `v1u:${name}`, refresh_token: `1:1:${name}`, expires_in: 3600, api_domain: "https://casinoroyale.pipedrive.com" });
  const refusal = () => Response.json({ success: false, message: "Invalid grant", error: "invalid_grant" }, { status: 400 });
  for (const [name, late] of Object.entries({ "it is refused": refusal, "it succeeds": () => grant("of-the-old-grant") })) {
    test(`${name}, and the new installation stays`, async () => {
      let release;
      const held = new Promise((resolve) => (release = resolve));
      const store = memoryStore();
      let isFirst = true;
      const respond = async (_, form) => {
        if (form.get("refresh_token")) return held.then(late);
        const tokens = isFirst ? Response.json({ access_token: "v1u:first", refresh_token: "1:1:first", expires_in: 5, api_domain: "https://casinoroyale.pipedrive.com" }) : grant("second");
        isFirst = false;
        return tokens;
      };
      const endpoint = makeEndpoint({ respond });
      const make = () => new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey: "none", store, fetch: endpoint.fetch, logger: makeLogger() });
      const [one, two] = [make(), make()];
      await skipConsent(one);
      const waiting = one.client(BOND).getUser(13);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const body = JSON.stringify({ client_id: "app", company_id: 7, user_id: 13, timestamp: new Date().toISOString() });
      await two.handleUninstall(new Request(REDIRECT, { method: "DELETE", headers: { authorization: `Basic ${btoa("app:secret")}` }, body }));
      assert.equal(await two.isAuthorized(BOND), false);
      await skipConsent(two);
      release();
      await waiting;
      const record = JSON.parse((await store.get("7:13")).record);
      assert.deepEqual([record.accessToken, record.isRevoked], ["v1u:second", false]);
      assert.equal(endpoint.given.used.at(-1), "v1u:second");
      assert.equal(await make().isAuthorized(BOND), true);
    });
  }
});
