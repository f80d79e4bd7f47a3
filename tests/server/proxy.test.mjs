// The proxy: which requests of a page it forwards, with whose token, and what the page never receives.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { createUsersProxy, ENDPOINTS, isPipedriveError, memoryStore, OAuth, toNodeListener, UsersClient } from "pipedrive-users/server";
import { collect, gc } from "../js/support/gc.mjs";
import { BOND, JWT_SECRET, makeApp, makeEndpoint, authorised, REDIRECT, sign, skipConsent } from "./support/app.mjs";

const BASE = "https://app.example/pipedrive";
const WRITES = ["addUser", "updateUser"];

/** An app with a user, its proxy, and a page's client. */
async function makePanel({ app: appOptions, user = 1, ...proxyOptions } = {}) {
  const app = makeApp(appOptions);
  const who = await app.install(user);
  const proxy = createUsersProxy({ oauth: app.oauth, signedTokenSecret: JWT_SECRET, ...proxyOptions });
  const responses = [];
  const fetch = async (url, init) => {
    const response = await proxy(new Request(url, init));
    responses.push(response.clone());
    return response;
  };
  const client = new UsersClient({ baseUrl: BASE, accessToken: () => sign(who), fetch });
  app.requests.length = 0;
  return { app, who, proxy, client, responses };
}

const bearer = (who) => ({ authorization: `Bearer ${sign(who)}` });

test("the page's client gets what a client gets from Pipedrive", async () => {
  const { app, client, responses } = await makePanel({ allow: WRITES });
  const direct = new UsersClient({ apiToken: app.sandbox.apiToken, fetch: app.sandbox.fetch });
  const calls = {
    getUsers: (c) => c.getUsers(), findUsersByName: (c) => c.findUsersByName("é & ü", { searchByEmail: true }), getCurrentUser: (c) => c.getCurrentUser(), getUser: (c) => c.getUser(7),
    getUserFollowers: (c) => c.getUserFollowers(1, { limit: 2 }).toArray({ limit: 100 }), getUserPermissions: (c) => c.getUserPermissions(2),
    getUserRoleAssignments: (c) => c.getUserRoleAssignments(1, { start: 0, limit: 1 }).toArray({ limit: 100 }), getUserRoleSettings: (c) => c.getUserRoleSettings(1),
    updateUser: (c) => c.updateUser(3, { active_flag: false }),
  };
  for (const [name, call] of Object.entries(calls)) {
    const [through, straight] = [await call(client), await call(direct)];
    const timeless = (value) => JSON.parse(JSON.stringify(value, (key, value) => (key === "modified" ? "" : value)));
    assert.deepEqual(timeless(through), timeless(straight), name);
  }
  const invited = await client.addUser({ email: "through@casinoroyale.example", access: [{ app: "sales", admin: false }] });
  assert.equal(invited.email, "through@casinoroyale.example");
  assert.deepEqual(new Set(Object.keys(calls).concat("addUser")), new Set(Object.keys(ENDPOINTS)));
  const { response } = await client.getUser(1).withResponse();
  assert.ok(response.rateLimit.limit > 0 && response.rateLimit.dailyRemaining > 0 && response.requestId);
  for (const response of responses) {
    const text = (await response.text()) + JSON.stringify([...response.headers]);
    assert.ok(!/v1u:|1:1:[0-9a-f]|set-cookie/.test(text) && !text.includes(app.sandbox.app.clientSecret));
  }
});

test("errors are Pipedrive's own", async () => {
  const { client } = await makePanel({ allow: WRITES, user: 2 });
  await assert.rejects(client.getUser(999), (error) => isPipedriveError(error, "not_found") && error.status === 404);
  await assert.rejects(client.updateUser(3, { active_flag: true }), (error) => isPipedriveError(error, "permission") && /permissions to do this/.test(error.message));
  const { client: readOnly } = await makePanel();
  await assert.rejects(readOnly.addUser({ email: "a@b.example" }), (error) => isPipedriveError(error, "permission") && /allow option/.test(error.detail));
  const { app, client: taken, who } = await makePanel();
  await app.oauth.revoke(who);
  await assert.rejects(taken.getUsers(), (error) => isPipedriveError(error, "authentication") && /has not authorised/.test(error.detail));
});

test("an expired token is refreshed once", async () => {
  const { app, client } = await makePanel();
  await app.expire();
  await Promise.all(Array.from({ length: 20 }, (_, index) => client.getUser(index + 1)));
  assert.equal((await app.counters()).refreshes, 1);
});

/** Requests that get a 4xx of Pipedrive's shape, and reach neither Pipedrive nor the store. */
const BAD = {
  "no credential": [{}, {}, 401],
  "alg: none": [{ authorization: `Bearer ${sign(BOND, { header: { alg: "none" } })}` }, {}, 401],
  "RS256 with the secret": [{ authorization: `Bearer ${sign(BOND, { header: { alg: "RS256" } })}` }, {}, 401],
  "an expired token": [{ authorization: `Bearer ${sign({ ...BOND, exp: 1 })}` }, {}, 401],
  "a token not valid yet": [{ authorization: `Bearer ${sign({ ...BOND, nbf: 9_999_999_999 })}` }, {}, 401],
  "a token for another app": [{ authorization: `Bearer ${sign(BOND, { secret: "other" })}` }, {}, 401],
  "an access token of Pipedrive": [{ authorization: "Bearer v1u:0123456789abcdef" }, {}, 401],
  "Basic credentials": [{ authorization: "Basic YXBwOnNlY3JldA==" }, {}, 401],
  "a path above": [bearer(BOND), { path: "/v1/users/../deals" }, 404],
  "an encoded path above": [bearer(BOND), { path: "/v1/users/%2e%2e/deals" }, 404],
  "another version": [bearer(BOND), { path: "/api/v2/deals" }, 404],
  "another host in the path": [bearer(BOND), { url: "https://app.example//evil/v1/users" }, 404],
  "an encoded slash": [bearer(BOND), { path: "/v1/users/1%2f..%2fdeals" }, 400],
  "a path with CR and LF": [bearer(BOND), { path: "/v1/users/1%0d%0ax-api-token:1" }, 400],
  "an id that is not one": [bearer(BOND), { path: "/v1/users/0" }, 400],
  "an unknown method": [bearer(BOND), { method: "DELETE", path: "/v1/users/1" }, 405],
  "an unusual method": [bearer(BOND), { method: "PROPFIND", path: "/v1/users" }, 405],
  "an operation that is not allowed": [bearer(BOND), { method: "POST", path: "/v1/users", body: '{"email":"a@b.example"}' }, 403, []],
  "an unknown parameter": [bearer(BOND), { path: "/v1/users?api_token=1" }, 400],
  "a parameter twice": [bearer(BOND), { path: "/v1/users/find?term=a&term=b" }, 400],
  "a term with CR and LF": [bearer(BOND), { path: "/v1/users/find?term=a%0d%0ab" }, 400],
  "a blank term": [bearer(BOND), { path: "/v1/users/find?term=%20" }, 400],
  "a limit over 500": [bearer(BOND), { path: "/api/v2/users/1/followers?limit=501" }, 400],
  "a body over 64 KB": [bearer(BOND), { method: "POST", path: "/v1/users", body: JSON.stringify({ email: `${"a".repeat(65_536)}@b.example` }) }, 413],
  "a body that is not JSON": [bearer(BOND), { method: "POST", path: "/v1/users", body: "email=a@b.example" }, 400],
  "a body of another type": [{ ...bearer(BOND), "content-type": "text/plain" }, { method: "POST", path: "/v1/users", body: '{"email":"a@b.example"}' }, 415],
  "a body with an unknown member": [bearer(BOND), { method: "POST", path: "/v1/users", body: '{"email":"a@b.example","name":"A"}' }, 400],
  "a body with CR and LF": [bearer(BOND), { method: "POST", path: "/v1/users", body: '{"email":"a@b.example\\r\\nx:y"}' }, 400],
  "a body that is a list": [bearer(BOND), { method: "PUT", path: "/v1/users/1", body: "[]" }, 400],
  "a body for a prototype": [bearer(BOND), { method: "PUT", path: "/v1/users/1", body: '{"__proto__":{"active_flag":true}}' }, 400],
  "a query with a body": [bearer(BOND), { method: "PUT", path: "/v1/users/1?x=1", body: '{"active_flag":true}' }, 400],
  "x-api-token": [{ ...bearer(BOND), "x-api-token": "0".repeat(40) }, {}, 400],
  cookies: [{ ...bearer(BOND), cookie: "session=1" }, {}, 400],
  "a page of another origin": [{ ...bearer(BOND), origin: "https://evil.example" }, {}, 403],
  "a page without an origin": [{ ...bearer(BOND), origin: "null" }, {}, 403],
};

for (const [name, [headers, { url, path = "/v1/users", method = "GET", body }, status, allow = WRITES]] of Object.entries(BAD)) {
  test(`refused: ${name}`, async () => {
    const storeCalls = [];
    const store = Object.fromEntries(Object.entries(memoryStore()).map(([name, method]) => [name, (...all) => (storeCalls.push(name), method(...all))]));
    const sent = [];
    const oauth = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey: "none", store, fetch: async (url) => (sent.push(url), Response.json({})) });
    const proxy = createUsersProxy({ oauth, signedTokenSecret: JWT_SECRET, allow, allowedOrigins: ["https://panel.example"] });
    const type = body === undefined ? {} : { "content-type": "application/json" };
    const response = await proxy(new Request(url ?? BASE + path, { method, headers: { ...type, ...headers }, body }));
    assert.equal(response.status, status);
    const json = await response.json();
    assert.equal(json.success, false);
    assert.ok(json.error && json.error_info, JSON.stringify(json));
    assert.equal(response.headers.get("access-control-allow-origin"), null);
    assert.deepEqual([sent, storeCalls], [[], []], "neither Pipedrive nor the store");
  });
}

test("a body that grows past 64 KB is read no further", async () => {
  const { proxy, who, app } = await makePanel({ allow: WRITES });
  let chunks = 0;
  const body = new ReadableStream({ pull: (controller) => (chunks++ < 1000 ? controller.enqueue(new Uint8Array(16_384).fill(32)) : controller.close()) });
  const response = await proxy(new Request(`${BASE}/v1/users`, { method: "POST", headers: { ...bearer(who), "content-type": "application/json" }, body, duplex: "half" }));
  assert.equal(response.status, 413);
  assert.ok(chunks < 20, `${chunks} chunks were read`);
  assert.equal(app.requests.length, 0);
});

test("no header or unknown part of the page's request is forwarded", async () => {
  const { app, proxy, who } = await makePanel({ allowCookies: true });
  const headers = { ...bearer(who), cookie: "session=1", "x-forwarded-for": "1.2.3.4", "user-agent": "page", referer: "https://app.example/secret" };
  const response = await proxy(new Request(`${BASE}/v1/users/find?term=bond&search_by_email=0`, { headers }));
  assert.equal(response.status, 200);
  const [{ url, headers: sent }] = app.requests;
  assert.deepEqual(Object.keys(sent).sort(), ["accept", "authorization"]);
  assert.match(sent.authorization, /^Bearer v1u:/);
  assert.match(url, /\.pipedrive\.com\/api\/v1\/users\/find\?term=bond$/);
});

test("CORS: pages of the allowed origins, and no others", async () => {
  const { proxy, who } = await makePanel({ allow: ["updateUser"], allowedOrigins: ["https://panel.example"] });
  const ask = (origin, method = "OPTIONS", more = {}) => proxy(new Request(`${BASE}/v1/users`, { method, headers: { origin, ...more } }));
  const good = await ask("https://panel.example");
  assert.equal(good.status, 204);
  assert.deepEqual(["allow-origin", "allow-methods", "allow-headers"].map((name) => good.headers.get(`access-control-${name}`)), ["https://panel.example", "GET, PUT", "authorization, content-type"]);
  assert.equal(good.headers.get("access-control-allow-credentials"), null);
  const evil = await ask("https://evil.example");
  assert.deepEqual([evil.status, evil.headers.get("access-control-allow-origin"), (await evil.json()).success], [403, null, false]);
  const users = await ask("https://panel.example", "GET", bearer(who));
  assert.deepEqual([users.status, users.headers.get("access-control-allow-origin"), users.headers.get("vary")], [200, "https://panel.example", "origin"]);
  assert.match(users.headers.get("access-control-expose-headers"), /x-daily-ratelimit-token-remaining/);
  assert.equal((await ask("https://app.example", "GET", bearer(who))).status, 200, "its own");
  assert.equal((await ask("http://app.example", "GET", bearer(who))).status, 403, "anybody in the network could be http://app.example");
});

test("behind a reverse proxy that terminates TLS, the own origin is that of the callback URL, or is given", async () => {
  const { proxy, app, who } = await makePanel();
  const ask = (proxy, origin, host = "app.example") => proxy(new Request(`http://${host}/pipedrive/v1/users/me`, { headers: { ...bearer(who), origin } })).then(({ status }) => status);
  assert.deepEqual([await ask(proxy, "https://app.example"), await ask(proxy, "http://app.example"), await ask(proxy, "https://app.example", "other.example")], [200, 200, 403]);
  const given = createUsersProxy({ oauth: app.oauth, signedTokenSecret: JWT_SECRET, origin: "https://other.example" });
  assert.deepEqual([await ask(given, "https://other.example", "other.example"), await ask(given, "https://app.example")], [200, 403]);
});

/** Some users of companies, their proxy, and what Pipedrive responds to each: `respond(user, request)`. */
async function makeCompany(users, respond, options = {}) {
  const people = users.map(([companyId, userId]) => ({ company_id: companyId, id: userId }));
  const waiting = [...people];
  const byToken = new Map();
  const byRefreshToken = new Map();
  const sent = [];
  const fetch = async (url, init) => {
    const { pathname } = new URL(url);
    if (pathname === "/oauth/token") {
      const token = `v1u:${byToken.size}-0123456789abcdefghij`;
      const refreshToken = new URLSearchParams(init.body).get("refresh_token") ?? `1:1:${byToken.size}`;
      if (!byRefreshToken.has(refreshToken)) byRefreshToken.set(refreshToken, waiting[0]);
      byToken.set(token, byRefreshToken.get(refreshToken));
      return Response.json({ access_token: token, refresh_token: refreshToken, expires_in: 3600, api_domain: "https://casinoroyale.pipedrive.com" });
    }
    const user = byToken.get(new Headers(init.headers).get("authorization").slice(7));
    if (waiting.length) return Response.json({ success: true, data: waiting.shift() });
    sent.push({ user, pathname, method: init.method });
    return (await respond?.(user, { pathname, ...init })) ?? Response.json({ success: true, data: { id: user.id, company_id: user.company_id } });
  };
  const oauth = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey: "none", fetch });
  for (let count = 0; count < users.length; count++) await skipConsent(oauth);
  const proxy = createUsersProxy({ oauth, signedTokenSecret: JWT_SECRET, allow: WRITES, logLevel: "off", ...options });
  const ask = async (companyId, userId, path = "/v1/users/1", init = {}) => {
    const started = performance.now();
    const response = await proxy(new Request(BASE + path, { ...init, headers: { ...bearer({ companyId, userId }), ...init.headers } }));
    return { status: response.status, ms: performance.now() - started, headers: response.headers, body: await response.json().catch(() => undefined) };
  };
  return { ask, sent, proxy };
}

test("each user has a burst limit of their own; the users of a company share its budget; companies share nothing", async () => {
  const left = { 13: 2, 14: 100, 1: 100 };
  const limits = ({ id }) => Response.json({ success: true, data: { id: 1 } }, { headers: { "x-ratelimit-limit": "3", "x-ratelimit-remaining": String((left[id] = Math.max(0, left[id] - 1))), "x-ratelimit-reset": "1" } });
  const { ask, proxy } = await makeCompany([[7, 13], [7, 14], [8, 1]], limits, { dailyTokenBudget: 20 });
  for (let time = 0; time < 2; time++) assert.equal((await ask(7, 13)).status, 200);
  // User 13 has used up the burst limit and waits; a colleague and another company do not.
  const [delayed, ...immediate] = await Promise.all([ask(7, 13), ask(7, 14), ask(8, 1)]);
  assert.ok(delayed.ms > 500 && immediate.every(({ ms }) => ms < 400), `${delayed.ms} ms and ${immediate.map(({ ms }) => ms)} ms`);
  // The daily budget of company 7 is 20, of which four calls have spent 8.
  for (let time = 0; time < 3; time++) assert.equal((await ask(7, 13)).status, 200);
  for (let time = 0; time < 3; time++) assert.equal((await ask(7, 14)).status, 200);
  for (const user of [13, 14]) {
    const over = await ask(7, user);
    assert.deepEqual([over.status, over.body.error], [429, "daily request budget exceeded"]);
    assert.ok(Number(over.headers.get("retry-after")) > 0);
  }
  assert.equal((await ask(8, 1)).status, 200);
  // The page's client makes the same kind of error of it.
  const client = new UsersClient({ baseUrl: BASE, accessToken: () => sign({ companyId: 7, userId: 13 }), maxRetries: 0, logLevel: "off", fetch: (url, init) => proxy(new Request(url, init)) });
  await assert.rejects(client.getUser(7), (error) => isPipedriveError(error, "rate_limit") && error.scope === "daily");
});

test("a signed token that was accepted is refused once it has expired", async () => {
  const { proxy, who } = await makePanel();
  const seconds = Math.floor(Date.now() / 1000);
  const authorization = `Bearer ${sign({ ...who, exp: seconds + 60 })}`;
  const ask = () => proxy(new Request(`${BASE}/v1/users/me`, { headers: { authorization } }));
  assert.deepEqual([(await ask()).status, (await ask()).status], [200, 200]);
  const { now } = Date;
  Date.now = () => now() + 61_000;
  try {
    assert.equal((await ask()).status, 401);
  } finally {
    Date.now = now;
  }
});

test("a 429 of Pipedrive's burst limit costs nothing of a company's budget", async () => {
  const users = [1, 2, 3, 4, 5].map((id) => [7, id]);
  const { ask } = await makeCompany(users, ({ id }) => (id < 5 ? Response.json({ success: false, error: "Request over limit" }, { status: 429, headers: { "retry-after": "1" } }) : undefined), { dailyTokenBudget: 2 });
  for (const [company, user] of users) assert.equal((await ask(company, user)).status, user < 5 ? 429 : 200);
  const over = await ask(7, 5);
  assert.deepEqual([over.status, over.body.error], [429, "daily request budget exceeded"], "a good response costs two");
});

test("a long reset or a 429 of one user costs a colleague nothing", async () => {
  const responses = [
    () => Response.json({ success: true, data: { id: 1 } }, { headers: { "x-ratelimit-limit": "80", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "86000" } }),
    () => Response.json({ success: false, error: "Request over limit" }, { status: 429, headers: { "retry-after": "50" } }),
  ];
  for (const respond of responses) {
    const { ask } = await makeCompany([[7, 1], [7, 2]], ({ id }) => (id === 1 ? respond() : undefined), { timeoutMs: 500 });
    void ask(7, 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { status, ms } = await ask(7, 2);
    assert.ok(status === 200 && ms < 400, `${status} after ${ms} ms`);
  }
});

test("300 requests of one user delay a colleague by nothing", async () => {
  const { ask } = await makeCompany([[7, 1], [7, 2]], () => new Promise((resolve) => setTimeout(resolve, 100)));
  const flood = Array.from({ length: 300 }, (_, index) => ask(7, 1, `/v1/users/${index + 1}`));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { status, ms } = await ask(7, 2);
  assert.ok(status === 200 && ms < 1_000, `${status} after ${ms} ms`);
  const statuses = (await Promise.all(flood)).map(({ status }) => status);
  assert.deepEqual([...new Set(statuses)], [200]);
});

test("what one user can have wait is bounded: a 429 with Retry-After beyond it", async () => {
  let respond;
  const held = new Promise((resolve) => (respond = resolve));
  const { ask } = await makeCompany([[7, 1], [7, 2]], ({ id }) => (id === 1 ? held.then(() => undefined) : undefined));
  const before = process.memoryUsage().heapUsed;
  const answers = Array.from({ length: 20_000 }, (_, index) => ask(7, 1, `/v1/users/${index + 1}`));
  const refused = await Promise.race(answers);
  assert.deepEqual([refused.status, refused.headers.get("retry-after"), refused.body.error], [429, "2", "Request over limit"]);
  assert.equal((await ask(7, 2)).status, 200);
  await new Promise((resolve) => setTimeout(resolve, 500));
  gc();
  assert.ok(process.memoryUsage().heapUsed - before < 60e6, `${process.memoryUsage().heapUsed - before} bytes`);
  respond();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 200).length, 500);
  assert.equal(statuses.filter((status) => status === 429).length, 19_500);
  assert.equal((await ask(7, 1)).status, 200);
});

test("requests whose bodies have not arrived count for the bound of a user, too", async () => {
  const { oauth } = makeApp();
  const proxy = createUsersProxy({ oauth, signedTokenSecret: JWT_SECRET, allow: ["updateUser"], timeoutMs: 1_000 });
  const slow = () => new ReadableStream({ pull: () => new Promise(() => {}) });
  const put = () => proxy(new Request(`${BASE}/v1/users/1`, { method: "PUT", headers: { ...bearer(BOND), "content-type": "application/json" }, body: slow(), duplex: "half" }));
  const statuses = (await Promise.all(Array.from({ length: 600 }, put))).map(({ status }) => status);
  assert.deepEqual([408, 429].map((status) => statuses.filter((one) => one === status).length), [500, 100]);
});

test("requests that never end, as in a Worker whose clients have gone, stop counting after five minutes", async (t) => {
  const { oauth } = makeApp();
  const proxy = createUsersProxy({ oauth, signedTokenSecret: JWT_SECRET, allow: ["updateUser"], timeoutMs: 1_000 });
  const ask = (init) => proxy(new Request(`${BASE}/v1/users/1`, { ...init, headers: { ...bearer(BOND), "content-type": "application/json" } }));
  const slow = () => new ReadableStream({ pull: () => new Promise(() => {}) });
  const never = Array.from({ length: 500 }, () => ask({ method: "PUT", body: slow(), duplex: "half" }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal((await ask()).status, 429);
  const { now } = performance;
  t.mock.method(performance, "now", () => now.call(performance) + 300_000);
  assert.equal((await ask()).status, 401, "no user has authorised the app");
  t.mock.restoreAll();
  await Promise.all(never);
  assert.equal((await ask()).status, 401);
});

test("a company's budget is not forgotten for the sake of other companies, and begins anew with the day", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const companies = Array.from({ length: 1_100 }, (_, index) => [index + 1, 1]);
  const { ask } = await makeCompany([...companies, [1, 2]], undefined, { dailyTokenBudget: 2 });
  assert.deepEqual([(await ask(1, 1)).status, (await ask(1, 1)).status], [200, 429]);
  for (const [company] of companies.slice(1)) assert.equal((await ask(company, 1)).status, 200);
  assert.equal((await ask(1, 1)).status, 429);
  t.mock.timers.tick(86_400_000);
  assert.equal((await ask(1, 2)).status, 200);
});

test("what is not Pipedrive's JSON never becomes a page of the proxy's origin", async () => {
  const html = (status) => () => new Response("<html><script>alert(1)</script>", { status, headers: { "content-type": "text/html; charset=utf-8" } });
  const table = [
    [() => new Response(null, { status: 204 }), 502], [() => new Response(null, { status: 205 }), 502], [() => new Response(null, { status: 304 }), 502],
    [html(200), 502], [html(403), 403], [html(503), 503],
    [() => new Response("<html><script>alert(1)</script>", { headers: { "content-type": "application/json" } }), 502],
    [() => Response.json({ success: true, data: { id: 1, name: "<script>" } }), 200],
  ];
  for (const [respond, status] of table) {
    const { ask } = await makeCompany([[7, 1]], respond);
    const answer = await ask(7, 1);
    assert.equal(answer.status, status);
    assert.deepEqual([answer.headers.get("content-type"), answer.headers.get("x-content-type-options")], ["application/json; charset=utf-8", "nosniff"]);
    assert.equal(answer.body.success, status === 200);
  }
});

test("a page never gets a token that Pipedrive repeats", async () => {
  const users = Array.from({ length: 8 }, (_, index) => [7, index + 1]);
  const forms = [(token) => token, (token) => encodeURIComponent(token), (token) => `${"x".repeat(70_000)} ${token}`, (token) => token.replace("v1u:", "V1U%3a")];
  const coded = (code) => (token) => [...token].map((character) => code(character.charCodeAt(0))).join("");
  forms.push(
    coded((code) => `&#${code};`), coded((code) => `&#x00${code.toString(16)};`), coded((code) => `%25${code.toString(16)}`), coded((code) => `\\u00${code.toString(16).toUpperCase()}`),
    (token) => token.slice(0, -3), (token) => `half of it: ${token.slice(0, 24)}`, (token) => token.slice(6),
    (token) => btoa(`Bearer ${token}`), (token) => btoa(`x${token}y`), (token) => btoa(`user:${token}`).replace(/=/g, ""),
  );
  for (const status of [200, 400, 401, 429, 500]) {
    for (const form of forms) {
      const repeat = async (_, { headers }) => {
        const token = new Headers(headers).get("authorization").slice(7);
        // Answers that arrive when other tokens have been used since.
        await new Promise((resolve) => setTimeout(resolve, 20));
        return Response.json({ success: status === 200, data: { echo: form(token) }, error: form(token), error_info: form(token) }, { status, headers: { "x-correlation-id": token } });
      };
      const { proxy } = await makeCompany(users, repeat);
      const texts = await Promise.all(users.map(async ([companyId, userId]) => {
        const response = await proxy(new Request(`${BASE}/v1/users/1`, { headers: bearer({ companyId, userId }) }));
        return (await response.text()) + JSON.stringify([...response.headers]);
      }));
      for (const text of texts) {
        const plain = [text, ...(text.match(/[\w+/]{24,}/g) ?? []).map((base64) => atob(base64.slice(0, base64.length & ~3)))].join(" ");
        const decoded = plain.replace(/%25/g, "%").replace(/(?:%|\\+u00|&#x0*)([0-9a-f]{2});?/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))).replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));
        for (const secret of ["0123456789abcdefghij", "0123456789abcdef"]) assert.ok(!decoded.includes(secret), `${status} ${form} ${text.slice(0, 200)}`);
        assert.ok(!/v1u:.{8}/.test(decoded), `${status} ${form} ${text.slice(0, 200)}`);
      }
    }
  }
});

test("addresses and causes of a failed connection stay in the log", async () => {
  const lines = [];
  const { ask } = await makeCompany([[7, 1]], () => Promise.reject(Object.assign(new TypeError("fetch failed"), { cause: new Error("connect ECONNREFUSED 10.1.2.3:8443 via squid.internal") })), { logLevel: "error", logger: { error: (line) => lines.push(line), warn() {}, info() {}, debug() {} } });
  const { status, body } = await ask(7, 1);
  assert.equal(status, 502);
  assert.doesNotMatch(JSON.stringify(body), /10\.1\.2\.3|squid/);
  assert.equal(lines.length, 1);
});

test("a body that arrives too slowly is a 408", async () => {
  const { ask, sent } = await makeCompany([[7, 1]], undefined, { timeoutMs: 200 });
  let timer;
  const body = new ReadableStream({ start: (controller) => (timer = setInterval(() => controller.enqueue(new Uint8Array([32])), 20)), cancel: () => clearInterval(timer) });
  const { status, ms } = await ask(7, 1, "/v1/users", { method: "POST", headers: { "content-type": "application/json" }, body, duplex: "half" });
  assert.equal(status, 408);
  assert.ok(ms < 1_000, `${ms} ms`);
  assert.deepEqual(sent, []);
});

test("a store that hangs is a 504 within the time", async () => {
  let isDown = false;
  const memory = memoryStore();
  const store = { ...memory, get: (key) => (isDown ? new Promise(() => {}) : memory.get(key)) };
  const endpoint = makeEndpoint();
  await authorised(endpoint, { store });
  const fresh = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey: "none", store, fetch: endpoint.fetch });
  const proxy = createUsersProxy({ oauth: fresh, signedTokenSecret: JWT_SECRET, timeoutMs: 200, logLevel: "off" });
  const ask = () => proxy(new Request(`${BASE}/v1/users/1`, { headers: bearer(BOND) })).then(({ status }) => status);
  isDown = true;
  assert.equal(await ask(), 504);
  isDown = false;
  assert.equal(await ask(), 200);
});

test("a page that has gone while the token or the store is waited for causes no request", async () => {
  for (const where of ["token", "store"]) {
    let release;
    let isSlow = false;
    const held = new Promise((resolve) => (release = resolve));
    const memory = memoryStore();
    const store = { ...memory, get: async (key) => (where === "store" && isSlow && (await held), memory.get(key)) };
    const endpoint = makeEndpoint({ lifetimes: [where === "token" ? 5 : 3600, 3600], respond: (_, form) => (isSlow && form.get("refresh_token") ? held.then(() => undefined) : undefined) });
    await authorised(endpoint, { store });
    isSlow = true;
    const oauth = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey: "none", store, fetch: endpoint.fetch });
    const proxy = createUsersProxy({ oauth, signedTokenSecret: JWT_SECRET, allow: WRITES, logLevel: "off" });
    const leaving = new AbortController();
    const requests = [
      new Request(`${BASE}/v1/users`, { method: "POST", signal: leaving.signal, headers: { ...bearer(BOND), "content-type": "application/json" }, body: '{"email":"a@b.example"}' }),
      ...[1, 2, 3].map((id) => new Request(`${BASE}/v1/users/${id}`, { signal: leaving.signal, headers: bearer(BOND) })),
    ];
    const answers = requests.map((request) => proxy(request));
    await new Promise((resolve) => setTimeout(resolve, 50));
    leaving.abort();
    assert.deepEqual((await Promise.all(answers)).map(({ status }) => status), [499, 499, 499, 499]);
    release();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(endpoint.given.used, [], where);
  }
});

describe("one company's API token behind a page:", () => {
  const makeShared = (options = {}) => {
    const app = makeApp();
    const authenticate = (request) => ({ "session=bond": { companyId: 7, userId: 13 }, "session=vesper": { companyId: 7, userId: 14 } })[request.headers.get("cookie")];
    const proxy = createUsersProxy({ apiToken: app.sandbox.apiToken, authenticate, fetch: app.fetch, basePath: "/pipedrive", ...options });
    const ask = (path, { cookie = "session=bond", ...init } = {}) => proxy(new Request(BASE + path, { ...init, headers: { ...(cookie && { cookie }), ...init.headers } }));
    return { app, ask };
  };

  test("it does what the other proxy does, with the same checks", async () => {
    const { app, ask } = makeShared();
    const users = await ask("/v1/users");
    assert.equal(users.status, 200);
    const text = await users.text();
    assert.equal(JSON.parse(text).data.length, 25);
    assert.ok(!(text + JSON.stringify([...users.headers])).includes(app.sandbox.apiToken));
    assert.deepEqual(Object.keys(app.requests[0].headers).sort(), ["accept", "x-api-token"]);
    const statuses = [];
    for (const [path, init] of [["/v1/users", { cookie: "" }], ["/v1/users", { cookie: "session=le-chiffre" }], ["/v1/deals"], ["/v1/users", { method: "POST", body: "{}", headers: { "content-type": "application/json" } }], ["/v1/users", { headers: { "x-api-token": "0" } }], ["/v1/users", { headers: { origin: "https://evil.example" } }]]) statuses.push((await ask(path, init)).status);
    assert.deepEqual(statuses, [401, 401, 404, 403, 400, 403]);
    assert.equal(app.requests.length, 1, "no other request was sent");
  });

  test("nor the API token that all users share, in whatever form Pipedrive repeats it", async () => {
    const apiToken = "0123456789abcdef0123456789abcdef01234567";
    for (const form of [(token) => token, (token) => token.replace(/./g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`), btoa]) {
      for (const status of [200, 403, 500]) {
        const fetch = async () => Response.json({ success: status === 200, data: { echo: form(apiToken) }, error: form(apiToken) }, { status, headers: { "x-correlation-id": apiToken } });
        const proxy = createUsersProxy({ apiToken, authenticate: () => BOND, fetch, logLevel: "off" });
        const response = await proxy(new Request(`${BASE}/v1/users/1`));
        const text = (await response.text()) + JSON.stringify([...response.headers]);
        assert.equal(response.status, status);
        assert.ok(text.includes("[redacted]") && !text.includes(form(apiToken)) && !text.includes(apiToken), text);
      }
    }
  });

  test("writes if allow names them; a company's host; a budget", async () => {
    const { app, ask } = makeShared({ allow: ["addUser"], companyDomain: "casinoroyale", dailyTokenBudget: 12 });
    assert.equal((await ask("/v1/users", { method: "POST", body: '{"email":"a@casinoroyale.example"}', headers: { "content-type": "application/json" } })).status, 200);
    assert.equal(app.requests[0].url, "https://casinoroyale.pipedrive.com/api/v1/users");
    assert.deepEqual([(await ask("/v1/users/1")).status, (await ask("/v1/users/1", { cookie: "session=vesper" })).status], [200, 429]);
  });

  test("a page that embeds the response of a GET is refused, with and without an Origin", async () => {
    const { app, ask } = makeShared({ allow: ["addUser"] });
    const statuses = [];
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }, { origin: "http://app.example" }, { origin: "null" }]) {
      statuses.push((await ask("/v1/users/me", { headers })).status);
      statuses.push((await ask("/v1/users", { method: "POST", body: '{"email":"a@b.example"}', headers: { ...headers, "content-type": "application/json" } })).status);
    }
    assert.deepEqual([...new Set(statuses)], [403]);
    assert.equal(app.requests.length, 0);
    for (const headers of [{ "sec-fetch-site": "same-origin" }, { "sec-fetch-site": "none" }, { origin: "https://app.example", "sec-fetch-site": "same-origin" }, {}]) assert.equal((await ask("/v1/users/me", { headers })).status, 200);
  });

  test("a configuration that cannot be used is refused at once", () => {
    const authenticate = () => undefined;
    const { oauth } = makeApp();
    const table = [
      [{ apiToken: "0".repeat(40) }, /apiToken needs authenticate/], [{ apiToken: undefined, authenticate }, /apiToken must be a string.*environment variable/], [{ apiToken: "", authenticate }, /apiToken/],
      [{ apiToken: "a b", authenticate }, /visible ASCII/], [{ apiToken: "0".repeat(40), authenticate, companyDomain: "a.b.c" }, /companyDomain/], [{ apiToken: "0".repeat(40), authenticate, baseUrl: "http://evil.example" }, /baseUrl/],
      [{ apiToken: "0".repeat(40), authenticate, signedTokenSecret: "x" }, /needs authenticate|not both/], [{ apiToken: "0".repeat(40), oauth, authenticate }, /oauth or apiToken/], [{ oauth, authenticate, companyDomain: "a" }, /companyDomain is for apiToken/],
      [{ oauth, authenticate, origin: "app.example" }, /origin must be/],
    ];
    for (const [config, message] of table) assert.throws(() => createUsersProxy(config), (error) => isPipedriveError(error, "config") && message.test(error.message) && !error.message.includes("000000"), String(message));
  });
});

test("the cookie of an installation is no reason to refuse a page's request", async () => {
  const { proxy, who, app } = await makePanel();
  const cookie = (await app.oauth.handleInstall(new Request("https://app.example/install"))).headers.get("set-cookie").split(";")[0];
  const ask = (cookie) => proxy(new Request(`${BASE}/v1/users/me`, { headers: { ...bearer(who), cookie } })).then(({ status }) => status);
  assert.deepEqual([await ask(cookie), await ask(`${cookie}; session=1`), await ask(`x=1; ${cookie}`)], [200, 400, 400]);
});

test("failures of Pipedrive: 502, 504, or Pipedrive's own status", async () => {
  const table = [
    [() => Promise.reject(new TypeError("fetch failed")), 502, "connection"],
    [() => new Promise(() => {}), 504, "timeout"],
    [async () => new Response(null, { status: 302, headers: { location: "https://evil.example" } }), 502],
    [async () => new Response("<html>Cloudflare</html>", { status: 403, headers: { "content-type": "text/html" } }), 403],
    [async () => Response.json({ success: false, error: "busy v1u:access-1" }, { status: 503 }), 503],
  ];
  for (const [respond, status] of table) {
    const endpoint = makeEndpoint();
    let isUp = true;
    const oauth = await authorised({ ...endpoint, fetch: (url, init) => (isUp ? endpoint.fetch(url, init) : respond()) });
    isUp = false;
    const proxy = createUsersProxy({ oauth, signedTokenSecret: JWT_SECRET, timeoutMs: 100 });
    const response = await proxy(new Request(`${BASE}/v1/users/1`, { headers: bearer(BOND) }));
    const text = await response.text();
    assert.equal(response.status, status, text);
    assert.equal(response.headers.get("location"), null);
    assert.ok(!text.includes("v1u:"), text);
  }
});

/** Results of a refresh, and the response of the proxy. */
const REFRESHES = {
  "the OAuth server is down": [() => new Response("", { status: 503, headers: { "retry-after": "7" } }), 502, "Bad gateway", "7"],
  "the OAuth server cannot be reached": [() => Promise.reject(new TypeError("fetch failed")), 502, "Bad gateway"],
  "the OAuth server's response is not JSON": [() => new Response("<html>"), 502, "Bad gateway"],
  "the OAuth server calls the refresh invalid": [() => Response.json({ success: false, message: "Missing refresh_token", error: "invalid_request" }, { status: 400 }), 502, "Bad gateway"],
  "the OAuth server names a host that is not Pipedrive's": [() => Response.json({ access_token: "v1u:x", refresh_token: "1:1:x", api_domain: "https://evil.example" }), 502, "Bad gateway"],
  "the OAuth server does not respond": [() => new Promise(() => {}), 504, "Gateway timeout"],
  "the OAuth server's limit": [() => new Response("{}", { status: 429, headers: { "retry-after": "7" } }), 502, "Bad gateway", "7"],
  "a revoked refresh token": [() => Response.json({ success: false, message: "Invalid grant", error: "invalid_grant" }, { status: 400 }), 401, "unauthorized access"],
  "another client secret": [() => Response.json({ success: false, message: "Invalid client" }, { status: 401 }), 500, "Internal error"],
};
for (const [name, [respond, status, text, retryAfter = null]] of Object.entries(REFRESHES)) {
  test(`an expired token, and ${name}: ${status}`, async () => {
    let isInstalled = false;
    const endpoint = makeEndpoint({ lifetimes: [0.001], respond: () => (isInstalled ? respond() : undefined) });
    const oauth = await authorised(endpoint);
    isInstalled = true;
    // A millisecond is longer than an installation takes on a fast machine.
    await new Promise((resolve) => setTimeout(resolve, 5));
    const proxy = createUsersProxy({ oauth, signedTokenSecret: JWT_SECRET, timeoutMs: 100, logLevel: "off" });
    const response = await proxy(new Request(`${BASE}/v1/users/1`, { headers: bearer(BOND) }));
    const { error, error_info } = await response.json();
    assert.deepEqual([response.status, error, response.headers.get("retry-after")], [status, text, retryAfter], error_info);
    assert.deepEqual(endpoint.given.used, [], "nothing was sent to the API");
    assert.doesNotMatch(error_info, /refresh-1|client-secret/);
  });
}

test("each user's request goes to the host that came with the user's token", async () => {
  let domain = "https://before.pipedrive.com";
  const people = [{ id: 13, company_id: 7 }, { id: 14, company_id: 7 }];
  const endpoint = makeEndpoint({ respond: () => Response.json({ access_token: `v1u:${new URL(domain).hostname}`, refresh_token: "1:1:refresh-1", expires_in: 3600, api_domain: domain }) });
  const fetch = async (url, init) => (url.includes("/users/me") && people.length ? Response.json({ success: true, data: people.shift() }) : endpoint.fetch(url, init));
  const oauth = await authorised({ ...endpoint, fetch });
  // The company has changed its domain since, and only the second user's token is newer.
  domain = "https://after.pipedrive.com";
  await skipConsent(oauth);
  const proxy = createUsersProxy({ oauth, signedTokenSecret: JWT_SECRET });
  endpoint.given.apiUrls.length = endpoint.given.used.length = 0;
  const statuses = await Promise.all([13, 14, 13, 14].map(async (userId) => (await proxy(new Request(`${BASE}/v1/users/1`, { headers: bearer({ companyId: 7, userId }) }))).status));
  assert.deepEqual(statuses, [200, 200, 200, 200]);
  for (const [index, url] of endpoint.given.apiUrls.entries()) assert.equal(`v1u:${new URL(url).hostname}`, endpoint.given.used[index]);
  assert.deepEqual(new Set(endpoint.given.used), new Set(["v1u:before.pipedrive.com", "v1u:after.pipedrive.com"]));
});

test("a page that disconnects aborts its request, also after garbage was collected", async () => {
  const { proxy, who, app } = await makePanel({ app: { before: (request) => (request.url.includes("/users/5") ? new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason))) : undefined) } });
  const leaving = new AbortController();
  const response = proxy(new Request(`${BASE}/v1/users/5`, { headers: bearer(who), signal: leaving.signal }));
  while (!app.requests.length) await new Promise((resolve) => setTimeout(resolve, 5));
  await collect();
  leaving.abort();
  assert.equal((await response).status, 499);
  assert.equal((await proxy(new Request(`${BASE}/v1/users/1`, { headers: bearer(who) }))).status, 200);
});

test("a failure of the server itself is logged, and not shown to the page", async () => {
  const lines = [];
  const logger = { error: (line) => lines.push(line), warn() {}, info() {}, debug() {} };
  const { app, who } = await makePanel();
  const broken = { ...memoryStore(), get: () => Promise.reject(new Error("the database\r\n[pipedrive-users] a line of its own\u001b[2J is down: redis://app:hunter2@10.0.0.5:6379")) };
  const other = createUsersProxy({ oauth: new OAuth({ ...app.config, store: broken }), signedTokenSecret: JWT_SECRET, logger });
  const response = await other(new Request(`${BASE}/v1/users`, { headers: bearer(who) }));
  assert.equal(response.status, 500);
  assert.ok(!(await response.text()).includes("database"));
  assert.deepEqual(lines, ["[pipedrive-users] proxy: the token store failed: the database [pipedrive-users] a line of its own [2J is down: redis://10.0.0.5:6379"], "one line, and no password");
});

test("authenticate() identifies the user", async () => {
  const { app, who } = await makePanel();
  const proxy = createUsersProxy({ oauth: app.oauth, authenticate: (request) => (request.headers.get("cookie") === "session=bond" ? who : undefined) });
  const ask = (cookie) => proxy(new Request(`${BASE}/v1/users/me`, { headers: { cookie } }));
  assert.deepEqual([(await ask("session=bond")).status, (await ask("session=unknown")).status], [200, 401]);
  assert.equal(app.requests.find(({ headers }) => headers.cookie), undefined);
});

test("a configuration that cannot be used is refused at once", () => {
  const { oauth } = makeApp();
  const good = { oauth, signedTokenSecret: "secret" };
  const table = [
    [{ signedTokenSecret: "secret" }, /oauth/], [{ oauth }, /signedTokenSecret or authenticate/], [{ ...good, authenticate: () => undefined }, /not both/],
    [{ ...good, signedTokenSecret: "" }, /JWT secret/], [{ ...good, allow: ["deleteUser"] }, /allow takes/], [{ ...good, allowedOrigins: ["https://a.example/"] }, /allowedOrigins/],
    [{ ...good, allowedOrigins: ["*"] }, /allowedOrigins/], [{ ...good, basePath: "pipedrive" }, /basePath/], [{ ...good, maxConcurrency: 0 }, /maxConcurrency/], [{ ...good, origins: [] }, /has no "origins"/],
  ];
  for (const [config, message] of table) assert.throws(() => createUsersProxy(config), (error) => isPipedriveError(error, "config") && message.test(error.message), JSON.stringify(Object.keys(config)));
});

test("with a basePath, other paths are a 404", async () => {
  const { app, who } = await makePanel();
  const proxy = createUsersProxy({ oauth: app.oauth, signedTokenSecret: JWT_SECRET, basePath: "/api/pipedrive" });
  const ask = async (path) => (await proxy(new Request(`https://app.example${path}`, { headers: bearer(who) }))).status;
  assert.deepEqual([await ask("/api/pipedrive/v1/users/me"), await ask("/api/pipedrive/api/v2/users/1/followers"), await ask("/other/v1/users/me"), await ask("/v1/users/me")], [200, 200, 404, 404]);
});

describe("behind Node.js's http:", () => {
  let panel;
  let server;
  before(async () => {
    panel = await makePanel({ allow: WRITES });
    server = createServer(toNodeListener(panel.proxy)).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
  });
  after(() => server.close());

  /** Sends bytes as they are, and returns the status and the body. */
  const raw = (head, body = "") =>
    new Promise((resolve, reject) => {
      const socket = connect(server.address().port, "127.0.0.1", () => socket.end(`${head.join("\r\n")}\r\nconnection: close\r\n\r\n${body}`));
      let text = "";
      socket.on("data", (chunk) => (text += chunk)).on("error", reject).on("close", () => resolve([Number(text.split(" ")[1]), text.split("\r\n\r\n")[1] ?? ""]));
    });

  test("the page's client works", async () => {
    const url = `http://127.0.0.1:${server.address().port}/pipedrive`;
    const client = new UsersClient({ baseUrl: url, accessToken: () => sign(panel.who) });
    assert.equal((await client.getUsers()).length, 25);
    assert.equal((await client.addUser({ email: "node@casinoroyale.example" })).email, "node@casinoroyale.example");
  });

  for (const [name, target] of Object.entries({ "an absolute-form target": "http://api.pipedrive.com/v1/users", "a target without a scheme": "//evil.example/v1/users", "a path above": "/v1/users/../deals", "an encoded path above": "/pipedrive/v1/users/%2e%2e/deals", "a backslash": "/\\evil/v1/users" })) {
    test(`refused: ${name}`, async () => {
      panel.app.requests.length = 0;
      const [status, body] = await raw([`GET ${target} HTTP/1.1`, "host: app.example", `authorization: Bearer ${sign(panel.who)}`]);
      assert.equal(status, 400);
      assert.match(body, /"success":false,"error":"Bad request"/);
      assert.equal(panel.app.requests.length, 0);
    });
  }

  test("refused: CR and LF in a header, a host with a path", async () => {
    assert.equal((await raw(["GET /pipedrive/v1/users HTTP/1.1", "host: app.example", "x: a\rb"]))[0], 400);
    assert.equal((await raw(["GET /pipedrive/v1/users HTTP/1.1", "host: app.example/evil"]))[0], 400);
  });
});
