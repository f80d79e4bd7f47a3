// From a user's consent to a client, and to its revocation, with the sandbox's OAuth server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { errorResponse, isPipedriveError, memoryStore, OAuth } from "pipedrive-users/server";
import { authorised, BOND, consent, makeApp, makeEndpoint, REDIRECT } from "./support/app.mjs";

const AUTHENTICATION = (error) => isPipedriveError(error, "authentication");

test("the consent of a user becomes a client at the company's own host", async () => {
  const app = makeApp();
  const url = new URL(await app.oauth.authorizationUrl());
  assert.equal(url.origin + url.pathname, "https://oauth.pipedrive.com/oauth/authorize");
  assert.deepEqual([...url.searchParams.keys()], ["client_id", "redirect_uri", "state"], "a scope is never sent");
  assert.match(url.searchParams.get("state"), /^[0-9a-f]{32}$/);
  const me = await app.oauth.handleCallback(new Request(await consent(url, app.sandbox.fetch, { user: 2 })));
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
  const oauth = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, store: spied, fetch });
  for (let time = 0; time < 2; time++) {
    const state = new URL(await oauth.authorizationUrl()).searchParams.get("state");
    await oauth.handleCallback(`${REDIRECT}?code=code&state=${state}`);
  }
  assert.deepEqual(seen.filter((key) => !key.startsWith("state:")), ["7:13", "8:2"]);
});

test("a state can be used once, and only one that authorizationUrl() made", async () => {
  const app = makeApp();
  const back = await consent(await app.oauth.authorizationUrl(), app.sandbox.fetch);
  const state = new URL(back).searchParams.get("state");
  const before = app.requests.length;
  const wrong = [
    back.replace(state, "0".repeat(32)),
    back.replace(/&state=.*/, ""),
    back.replace(state, ""),
    back.replace(state, state.toUpperCase() === state ? "A" : state.toUpperCase()),
    back.replace(state, `${state}%0d%0a`),
    `${REDIRECT}?error=user_denied`,
  ];
  for (const url of wrong) await assert.rejects(app.oauth.handleCallback(new Request(url)), AUTHENTICATION, url);
  assert.equal(app.requests.length, before, "nothing was sent");
  // Of several callbacks at the same time, one succeeds.
  const all = await Promise.allSettled(Array.from({ length: 5 }, () => app.oauth.handleCallback(new Request(back))));
  assert.deepEqual(all.map(({ status }) => status).sort(), ["fulfilled", "rejected", "rejected", "rejected", "rejected"]);
  await assert.rejects(app.oauth.handleCallback(new Request(back)), AUTHENTICATION);
  assert.equal(app.sentTo("/oauth/token").length, 1);
  const response = errorResponse(await app.oauth.handleCallback(new Request(back)).catch((error) => error));
  assert.equal(response.status, 401);
  assert.deepEqual(Object.keys(await response.json()), ["success", "error", "error_info", "errorCode", "data", "additional_data"]);
});

test("user_denied and access_denied are the same", async () => {
  for (const word of ["user_denied", "access_denied"]) {
    const app = makeApp();
    const back = (await consent(await app.oauth.authorizationUrl(), app.sandbox.fetch, { answer: "deny" })).replace("user_denied", word);
    await assert.rejects(app.oauth.handleCallback(back), { kind: "authentication", code: "user_denied", message: "the user did not authorise the app" });
    assert.equal(app.requests.length, 0);
  }
});

test("a token goes only to Pipedrive's hosts", async () => {
  for (const apiDomain of ["https://evil.example", "https://casinoroyale.pipedrive.com.evil.example", "http://casinoroyale.pipedrive.com", "https://a.b.pipedrive.com", "http://10.0.0.1", 7]) {
    const endpoint = makeEndpoint({ apiDomain });
    await assert.rejects(authorised(endpoint), (error) => isPipedriveError(error, "validation") && /api_domain/.test(error.message) && errorResponse(error).status === 400, String(apiDomain));
    assert.deepEqual(endpoint.given.used, []);
  }
  const oauth = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, oauthUrl: "https://oauth.pipedrive.com" });
  await assert.rejects(oauth.client(BOND).getUsers(), AUTHENTICATION, "no user has authorised it");
});

test("failures of the OAuth server", async () => {
  const table = [
    [400, { success: false, message: "Invalid grant: code is invalid", error: "invalid_grant" }, "authentication", /authorise the app again/],
    [401, { success: false, message: "Invalid client: client is invalid" }, "config", /clientId and clientSecret/],
    [400, { success: false, message: "Missing code", error: "invalid_request" }, "validation", /Missing code/],
    [500, "<html>", "server", /status 500/],
    [200, { token_type: "Bearer" }, "decode", /no access_token/],
    [200, "<html>", "decode", /no access_token/],
    [302, "", "unexpected_status", /refused/],
  ];
  for (const [status, body, kind, message] of table) {
    const respond = () => new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
    await assert.rejects(authorised(makeEndpoint({ respond })), (error) => isPipedriveError(error, kind) && message.test(error.message), `${status} ${kind}`);
  }
  const fetch = () => Promise.reject(new TypeError("fetch failed: Basic YXBwOnRoZS1hcHAncy1jbGllbnQtc2VjcmV0"));
  await assert.rejects(authorised({ fetch, given: { used: [] } }), (error) => isPipedriveError(error, "connection") && !String(error.cause?.message).includes("YXBw"));
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
  const body = { client_id: clientId, company_id: who.companyId, user_id: who.userId, timestamp: "2026-01-01T00:00:00Z" };
  const good = `Basic ${btoa(`${clientId}:${clientSecret}`)}`;
  for (const request of [makeRequest("", body), makeRequest("Basic bm9ib2R5Om5vdGhpbmc=", body), makeRequest(`Bearer ${clientSecret}`, body), makeRequest(good, body, "POST")]) {
    await assert.rejects(app.oauth.handleUninstall(request), AUTHENTICATION);
  }
  for (const wrong of [{ ...body, client_id: "another" }, { ...body, user_id: "x" }, { ...body, company_id: 0 }, "text", null]) {
    await assert.rejects(app.oauth.handleUninstall(makeRequest(good, wrong)), (error) => isPipedriveError(error, "validation"));
  }
  await app.oauth.client(who).getCurrentUser();
  assert.deepEqual(await app.oauth.handleUninstall(makeRequest(good, body)), who);
  await assert.rejects(app.oauth.client(who).getCurrentUser(), (error) => AUTHENTICATION(error) && /authorizationUrl\(\)/.test(error.message));
});

test("a configuration that cannot be used is refused at once", () => {
  const good = { clientId: "app", clientSecret: "secret", redirectUri: REDIRECT };
  const table = [
    [{ ...good, clientId: "" }, /clientId/], [{ ...good, clientId: "a:b" }, /colon/], [{ ...good, clientSecret: 7 }, /clientSecret/],
    [{ ...good, redirectUri: "app.example" }, /redirectUri/], [{ ...good, redirectUri: "http://app.example" }, /redirectUri/],
    [{ ...good, oauthUrl: "http://oauth.example" }, /oauthUrl/], [{ ...good, encryptionKey: "short" }, /32 bytes/],
    [{ ...good, encryptionKey: new Uint8Array(16) }, /32 bytes/], [{ ...good, store: {} }, /store must have/], [{ ...good, fetch: 7 }, /fetch/],
    [{ ...good, secret: "x" }, /has no "secret"/], [undefined, /must be an object/],
  ];
  for (const [config, message] of table) assert.throws(() => new OAuth(config), (error) => isPipedriveError(error, "config") && message.test(error.message), JSON.stringify(config));
  for (const who of [undefined, {}, { companyId: 7 }, { companyId: 7, userId: 0 }, { companyId: "7", userId: 13 }]) {
    assert.throws(() => new OAuth(good).client(who), (error) => isPipedriveError(error, "argument"));
  }
});
