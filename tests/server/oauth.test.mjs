// From a user's consent to a client, and to its revocation, with the sandbox's OAuth server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isPipedriveError, memoryStore, OAuth } from "pipedrive-users/server";
import { authorised, BOND, installWith, makeApp, makeEndpoint, makeLogger, REDIRECT, skipConsent } from "./support/app.mjs";

const AUTHENTICATION = (error) => isPipedriveError(error, "authentication");

test("the consent of a user becomes a client at the company's own host", async () => {
  const app = makeApp();
  const { response, user: me } = await installWith(app.oauth, app.sandbox.fetch, { user: 2 });
  assert.equal(response.status, 200);
  assert.equal(me.id, 2);
  const exchange = app.requests.find(({ url }) => url.endsWith("/oauth/token"));
  assert.equal(exchange.headers.authorization, `Basic ${btoa(`${app.sandbox.app.clientId}:${app.sandbox.app.clientSecret}`)}`);
  const users = await app.oauth.client({ companyId: me.company_id, userId: 2 }).getUsers();
  assert.equal(users.length, 25);
  const { hostname, pathname } = new URL(app.requests.at(-1).url);
  assert.deepEqual([hostname, pathname], [`${me.company_domain}.pipedrive.com`, "/api/v1/users"]);
  const page = await app.oauth.client({ companyId: me.company_id, userId: 2 }).getUserFollowers(1);
  assert.ok(page.items.length > 0);
  assert.equal(new URL(app.requests.at(-1).url).pathname, "/api/v2/users/1/followers");
});

test("the same person in two companies is two records", async () => {
  const seen = [];
  const store = memoryStore();
  const spied = { ...store, put: (key, ...more) => (seen.push(key), store.put(key, ...more)) };
  const people = [{ id: 13, company_id: 7, email: "vesper@example" }, { id: 2, company_id: 8, email: "vesper@example" }];
  const endpoint = makeEndpoint();
  const fetch = async (url, init) => (url.includes("/users/me") ? Response.json({ success: true, data: people.shift() }) : endpoint.fetch(url, init));
  const oauth = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey: "none", store: spied, fetch });
  for (let time = 0; time < 2; time++) await skipConsent(oauth);
  assert.deepEqual(seen, ["7:13", "8:2"]);
});

/** What an installation at an endpoint ends with: the status of its page, and what is logged. */
async function installAt(endpoint) {
  const logger = makeLogger();
  const store = memoryStore();
  const oauth = new OAuth({ clientId: "app", clientSecret: "the-app-s-client-secret", redirectUri: REDIRECT, encryptionKey: "none", fetch: endpoint.fetch, logger, store });
  const { response, user } = await skipConsent(oauth);
  assert.equal(user, undefined);
  assert.equal(await store.get("7:13"), undefined, "nothing is stored");
  const text = await response.text();
  assert.match(response.headers.get("content-type"), /^text\/html/);
  assert.equal(logger.lines.length, 1, String(logger.lines));
  assert.doesNotMatch(text + logger.lines, /a-code|client-secret|YXBw/);
  return { status: response.status, logged: logger.lines[0], text };
}

test("a token goes only to Pipedrive's hosts", async () => {
  for (const apiDomain of ["https://evil.example", "https://casinoroyale.pipedrive.com.evil.example", "http://casinoroyale.pipedrive.com", "https://a.b.pipedrive.com", "http://10.0.0.1", "http://127.0.0.1:9999", 7]) {
    const endpoint = makeEndpoint({ apiDomain });
    const { status, logged } = await installAt(endpoint);
    assert.equal(status, 400);
    assert.match(logged, /ValidationError.*api_domain/);
    assert.deepEqual(endpoint.given.used, []);
  }
  const oauth = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey: "none", oauthUrl: "https://oauth.pipedrive.com" });
  await assert.rejects(oauth.client(BOND).getUsers(), AUTHENTICATION, "no user has authorised it");
});

test("the host of a stored record is checked whenever it is read", async () => {
  const endpoint = makeEndpoint();
  const store = memoryStore();
  const oauth = await authorised(endpoint, { store });
  const { record, version } = await store.get("7:13");
  await store.put("7:13", record.replace("https://casinoroyale.pipedrive.com", "https://evil.example"), version);
  for (const reader of [oauth, new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey: "none", store, fetch: endpoint.fetch })]) {
    await assert.rejects(reader.client(BOND).getUsers(), (error) => /api_domain is not one of Pipedrive's/.test(`${error.message} ${error.cause?.message}`));
  }
  assert.deepEqual(endpoint.given.used, []);
});

test("failures of the OAuth server: a page for the person, and the cause in the log", async () => {
  const table = [
    [400, { success: false, message: "Invalid grant: code is invalid", error: "invalid_grant" }, 401, /AuthenticationError.*authorise the app again/],
    [401, { success: false, message: "Invalid client: client is invalid" }, 500, /ConfigError.*clientId and clientSecret/],
    [400, { success: false, message: "Missing code", error: "invalid_request" }, 400, /ValidationError.*Missing code/],
    [400, { success: false, message: "two\r\nlines \u001b[31m", error: "x\ny" }, 400, /refused the token request: two lines/],
    [500, "<html>", 502, /ServerError.*status 500/],
    [200, { token_type: "Bearer" }, 502, /DecodeError.*no access_token/],
    [200, { access_token: "a".repeat(1 << 20), refresh_token: "r" }, 502, /DecodeError.*no access_token/],
    [200, "<html>", 502, /DecodeError.*no access_token/],
    [302, "", 502, /refused/],
  ];
  for (const [answer, body, status, logged] of table) {
    const respond = () => new Response(typeof body === "string" ? body : JSON.stringify(body), { status: answer });
    const ended = await installAt(makeEndpoint({ respond }));
    assert.equal(ended.status, status, ended.logged);
    assert.match(ended.logged, logged);
    assert.doesNotMatch(ended.logged, /[\r\n\u001b]/);
  }
  const fetch = () => Promise.reject(new TypeError("fetch failed: Basic YXBwOnRoZS1hcHAtcy1jbGllbnQtc2VjcmV0 at 10.1.2.3"));
  const ended = await installAt({ fetch });
  assert.equal(ended.status, 502);
  assert.doesNotMatch(ended.text, /10\.1\.2\.3/);
});

test("a response to /users/me without a company is a DecodeError, and nothing is stored", async () => {
  for (const data of [{ id: 13 }, { company_id: 7 }, { id: "13", company_id: 7 }, { id: 13, company_id: 0 }, null]) {
    const endpoint = makeEndpoint();
    const fetch = async (url, init) => (url.includes("/users/me") ? Response.json({ success: true, data }) : endpoint.fetch(url, init));
    const { status, logged } = await installAt({ fetch });
    assert.equal(status, 502);
    assert.match(logged, /DecodeError/);
  }
});

test("revoke() invalidates the tokens and deletes the record", async () => {
  const app = makeApp();
  const who = await app.install();
  await app.oauth.client(who).getCurrentUser();
  await app.oauth.revoke(who);
  assert.equal((await app.counters()).revocations, 1);
  await assert.rejects(app.oauth.client(who).getCurrentUser(), AUTHENTICATION);
  await app.oauth.revoke(who);
  assert.equal((await app.counters()).revocations, 1, "nothing is left to revoke");
});

test("an uninstallation is accepted only with the app's credentials", async () => {
  const app = makeApp();
  const who = await app.install();
  const { clientId, clientSecret } = app.sandbox.app;
  const makeRequest = (authorization, body, method = "DELETE") => new Request(REDIRECT, { method, headers: { ...(authorization && { authorization }) }, body: method === "GET" ? undefined : JSON.stringify(body) });
  const body = { client_id: clientId, company_id: who.companyId, user_id: who.userId, timestamp: new Date().toISOString() };
  const good = `Basic ${btoa(`${clientId}:${clientSecret}`)}`;
  for (const request of [makeRequest("", body), makeRequest("Basic bm9ib2R5Om5vdGhpbmc=", body), makeRequest(`Bearer ${clientSecret}`, body), makeRequest(good, body, "POST")]) {
    assert.equal((await app.oauth.handleUninstall(request)).status, 401);
  }
  for (const wrong of [{ ...body, client_id: "another" }, { ...body, user_id: "x" }, { ...body, user_id: true }, { ...body, user_id: [1] }, { ...body, company_id: 0 }, "text", null]) {
    assert.equal((await app.oauth.handleUninstall(makeRequest(good, wrong))).status, 400, JSON.stringify(wrong));
  }
  assert.equal(app.logged.length, 11);
  await app.oauth.client(who).getCurrentUser();
  assert.equal(await app.oauth.isAuthorized(who), true);
  // Ids may be texts, and a scheme is case-insensitive. The callback URL takes it too.
  const response = await app.oauth.handleCallback(makeRequest(good.replace("Basic", "basic"), { ...body, company_id: String(who.companyId), user_id: String(who.userId) }));
  assert.deepEqual([response.status, await response.text()], [204, ""]);
  assert.equal(await app.oauth.isAuthorized(who), false);
  await assert.rejects(app.oauth.client(who).getCurrentUser(), (error) => AUTHENTICATION(error) && /handleInstall\(\)/.test(error.message));
  assert.equal((await app.oauth.handleUninstall(makeRequest(good, body))).status, 204, "again");
});

test("an uninstallation that comes late or again never deletes a newer installation", async () => {
  const app = makeApp();
  const who = await app.install();
  const { clientId, clientSecret } = app.sandbox.app;
  const uninstall = (timestamp) => {
    const body = JSON.stringify({ client_id: clientId, company_id: who.companyId, user_id: who.userId, timestamp });
    return app.oauth.handleUninstall(new Request(REDIRECT, { method: "DELETE", headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` }, body }));
  };
  const minuteAgo = Date.now() - 60_000;
  const seconds = Math.floor(minuteAgo / 1000);
  const iso = new Date(minuteAgo).toISOString();
  for (const timestamp of ["2020-01-01T00:00:00Z", minuteAgo, String(minuteAgo), seconds, String(seconds), iso, iso.slice(0, 19), iso.slice(0, 19).replace("T", " "), iso.slice(0, 19).replace("T", " ") + " UTC", new Date(minuteAgo).toUTCString(), minuteAgo * 1e3, String(minuteAgo * 1e6), seconds + 0.5, `${seconds}.25`, new Date(minuteAgo + 7_200_000).toISOString().replace("Z", "+02:00"), new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)]) {
    assert.equal((await uninstall(timestamp)).status, 204);
    assert.equal(await app.oauth.isAuthorized(who), true, String(timestamp));
  }
  for (const timestamp of [Date.now() + 5, Math.floor(Date.now() / 1000), new Date().toISOString().replace(/\.\d+/, ""), new Date().toISOString().slice(0, 10), new Date().toISOString().slice(0, 16), (Date.now() + 60_000) * 1e3, (Date.now() + 60_000) * 1e6, undefined, null, "some day", "", 0, -1, 5, {}, [], true]) {
    await uninstall(timestamp);
    assert.equal(await app.oauth.isAuthorized(who), false, String(timestamp));
    await app.install();
  }
});

test("the beginning of a grant is taken from Pipedrive's clock", async () => {
  const endpoint = makeEndpoint();
  const ahead = 3_600_000;
  const fetch = async (url, init) => {
    const response = await endpoint.fetch(url, init);
    if (url.endsWith("/oauth/token")) response.headers.set("date", new Date(Date.now() + ahead).toUTCString());
    return response;
  };
  const oauth = await authorised({ ...endpoint, fetch });
  const uninstall = (time) => oauth.handleUninstall(new Request(REDIRECT, { method: "DELETE", headers: { authorization: `Basic ${btoa("app:the-app's-client-secret")}` }, body: JSON.stringify({ client_id: "app", company_id: 7, user_id: 13, timestamp: new Date(time).toISOString() }) }));
  await uninstall(Date.now() + 60_000);
  assert.equal(await oauth.isAuthorized(BOND), true, "before the grant, by Pipedrive's clock");
  await uninstall(Date.now() + ahead + 2_000);
  assert.equal(await oauth.isAuthorized(BOND), false);
});

test("a configuration that cannot be used is refused at once", () => {
  const good = { clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey: "none" };
  const table = [
    [{ ...good, clientId: "" }, /clientId/], [{ ...good, clientId: "a:b" }, /colon/], [{ ...good, clientSecret: 7 }, /clientSecret/],
    [{ ...good, redirectUri: "app.example" }, /redirectUri/], [{ ...good, redirectUri: "http://app.example" }, /redirectUri/],
    [{ ...good, oauthUrl: "http://oauth.example" }, /oauthUrl/], [{ ...good, oauthUrl: "https://oauth.example/path" }, /oauthUrl/], [{ ...good, oauthUrl: "https://oauth.example?x" }, /oauthUrl/], [{ ...good, encryptionKey: "short" }, /32 bytes/],
    [{ ...good, encryptionKey: new Uint8Array(16) }, /32 bytes/], [{ ...good, store: {} }, /store must have/], [{ ...good, fetch: 7 }, /fetch/],
    [{ ...good, encryptionKey: undefined }, /encryptionKey is missing.*"none"/], [{ ...good, encryptionKey: null }, /encryptionKey is missing/], [{ ...good, encryptionKey: [] }, /encryptionKey is missing/],
    [{ ...good, encryptionKey: new Uint8Array(32) }, /all its bytes are the same/], [{ ...good, encryptionKey: "A".repeat(43) }, /all its bytes are the same/], [{ ...good, encryptionKey: "ff".repeat(32) }, /all its bytes are the same/],
    [{ ...good, encryptionKey: ["0123456789abcdef".repeat(4), "short"] }, /32 bytes/], [{ ...good, encryptionKey: ["0123456789abcdef".repeat(4), "none"] }, /32 bytes/], [{ ...good, logger: {} }, /logger/],
    [{ ...good, secret: "x" }, /has no "secret"/], [undefined, /must be an object/],
  ];
  for (const [config, message] of table) assert.throws(() => new OAuth(config), (error) => isPipedriveError(error, "config") && message.test(error.message), JSON.stringify(config));
  for (const who of [undefined, {}, { companyId: 7 }, { companyId: 7, userId: 0 }, { companyId: "7", userId: 13 }]) {
    assert.throws(() => new OAuth(good).client(who), (error) => isPipedriveError(error, "argument"));
  }
});

test("an OAuth has no way to its secrets", async () => {
  const app = makeApp({ encryptionKey: "0123456789abcdef".repeat(4) });
  await app.install();
  const { inspect } = await import("node:util");
  const shown = inspect(app.oauth, { getters: true, showHidden: true, depth: 10 }) + JSON.stringify(app.oauth);
  assert.ok(!shown.includes(app.sandbox.app.clientSecret) && !/v1u:|1:1:[0-9a-f]/.test(shown), shown);
  const members = Object.getOwnPropertyNames(Object.getPrototypeOf(app.oauth)).concat(Object.keys(app.oauth));
  assert.deepEqual(members.sort(), ["client", "constructor", "handleCallback", "handleInstall", "handleUninstall", "isAuthorized", "revoke"]);
});

test("a record is encrypted with the first key of a list, and read with any of them", async () => {
  const [one, two] = ["0123456789abcdef".repeat(4), "fedcba9876543210".repeat(4)];
  const store = memoryStore();
  const endpoint = makeEndpoint({ lifetimes: [10, 3600] });
  const withKeys = (encryptionKey) => new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey, store, fetch: endpoint.fetch });
  await skipConsent(withKeys(one));
  await assert.rejects(withKeys(two).isAuthorized(BOND), /another encryptionKey/);
  assert.equal(await withKeys([two, one]).isAuthorized(BOND), true);
  // The next write encrypts it anew.
  await withKeys([two, one]).client(BOND).getCurrentUser();
  assert.equal(endpoint.given.refreshes.length, 1);
  assert.equal(await withKeys(two).isAuthorized(BOND), true);
  await assert.rejects(withKeys([one]).isAuthorized(BOND), /another encryptionKey/);
});

test("an older record that is put back is noticed", async () => {
  const store = memoryStore();
  const endpoint = makeEndpoint({ lifetimes: [10, 10, 3600] });
  const oauth = await authorised(endpoint, { store, encryptionKey: "0123456789abcdef".repeat(4) });
  const { record: first } = await store.get("7:13");
  const putBack = async () => store.put("7:13", first, (await store.get("7:13"))?.version);
  await oauth.client(BOND).getCurrentUser();
  await putBack();
  await assert.rejects(oauth.isAuthorized(BOND), /older than a record that was stored before/);
  // A new installation replaces it.
  await skipConsent(oauth);
  assert.equal(await oauth.isAuthorized(BOND), true);
  await oauth.revoke(BOND);
  await putBack();
  await assert.rejects(oauth.isAuthorized(BOND), /older than a record/);
});
