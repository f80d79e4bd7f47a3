// 16 000 random requests to the proxy, of pieces that have deceived proxies before: no error of its own, and no request but the ten.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createUsersProxy, ENDPOINTS, OAuth } from "pipedrive-users/server";
import { JWT_SECRET, REDIRECT, sign, skipConsent } from "./support/app.mjs";

/** A generator of random numbers with a seed: mulberry32. */
function makeRandom(seed) {
  const next = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const pick = (list) => list[Math.floor(next() * list.length)];
  return { next, pick, some: (list, most) => Array.from({ length: Math.floor(next() * (most + 1)) }, () => pick(list)) };
}

const SEGMENTS = ["v1", "v2", "api", "users", "me", "find", "1", "7", "0", "-1", "01", "1e3", "99999999999999999999", "followers", "permissions", "roleAssignments", "roleSettings", "deals", "%2e%2e", "..", ".", "", "%2f", "%00", "%0d%0a", "%", "%zz", "é", "users;x", "users%3f", "__proto__", "constructor", "@evil.example", "\\", "#"];
const PREFIXES = ["/pipedrive", "/pipedrive/v1/users", "/pipedrive/api/v2/users/1", "/pipedrive/v1/users/find", "", "//evil.example", "/other"];
const QUERIES = ["term=bond", "term=", "term=a&term=b", "search_by_email=1", "search_by_email=x", "limit=5", "limit=-1", "limit=1e9", "cursor=abc", "cursor=%0a", "start=0", "start=9007199254740993", "api_token=x", "id=2", "__proto__=1", "%00=1", "a".repeat(5000), "&&&=", "term=%ff%fe", "exclude_fields=x"];
const METHODS = ["GET", "GET", "GET", "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "PROPFIND"];
const BODIES = ['{"email":"a@b.example"}', '{"active_flag":true}', '{"active_flag":1}', "{}", "[]", "null", "", "{", '{"email":"a@b.example","access":[{"app":"sales","admin":false}]}', '{"email":"a@b.example","access":[[[[]]]]}', '{"__proto__":{"active_flag":true}}', `{"email":"${"a".repeat(70_000)}"}`, "[".repeat(10_000), '{"active_flag":true,"active_flag":false}', "\ufeff{}", '{"email":"\\u0000"}', '{"email":"\\ud800@b.example"}'];
const TYPES = ["application/json", "application/json; charset=utf-16", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""];
const now = Math.floor(Date.now() / 1000);
const TOKENS = [sign({ companyId: 7, userId: 13 }), sign({ companyId: 7, userId: 13 }), sign({ companyId: 7, userId: 13 }), sign({ companyId: 8, userId: 13 }), sign({ companyId: 7, userId: 13, exp: now - 1 }), sign({ companyId: 7, userId: 13 }, { header: { alg: "none" } }), "x.y.z", "v1u:token", ""];
const HEADERS = [["origin", "https://evil.example"], ["origin", "null"], ["origin", "https://app.example"], ["cookie", "a=1"], ["x-api-token", "0"], ["x-http-method-override", "DELETE"], ["x-original-url", "/v1/deals"], ["x-forwarded-host", "evil.example"], ["transfer-encoding", "chunked"], ["content-encoding", "gzip"], ["sec-fetch-site", "cross-site"], ["range", "bytes=0-1"], ["if-none-match", "*"], ["accept", "text/html"], ["authorization", "Basic eDp5"]];

/** The requests that Pipedrive may get. */
const ALLOWED = Object.values(ENDPOINTS).map(({ method, path }) => ({ method, path: new RegExp(`^${path.replace(/^\/v1/, "/api/v1").replace("{id}", "[1-9]\\d*")}$`) }));

test("16 000 random requests make no error of the proxy, and no request that is not one of the ten", async () => {
  const sent = [];
  const fetch = async (url, init) => {
    const { pathname, hostname } = new URL(url);
    if (pathname === "/oauth/token") return Response.json({ access_token: "v1u:an-access-token", refresh_token: "1:1:refresh", expires_in: 3600, api_domain: "https://casinoroyale.pipedrive.com" });
    sent.push({ method: init.method, pathname, hostname, headers: Object.fromEntries(new Headers(init.headers)) });
    const isList = /\/users$|\/find$|roleAssignments$|followers$/.test(pathname) && init.method === "GET";
    return Response.json({ success: true, data: isList ? [] : { id: 13, company_id: 7 } });
  };
  const oauth = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, encryptionKey: "none", fetch });
  await skipConsent(oauth);
  sent.length = 0;
  const lines = [];
  const line = (text) => lines.push(text);
  const proxies = [{}, { basePath: "/pipedrive" }, { basePath: "/pipedrive", allow: ["addUser", "updateUser"] }, { allow: ["updateUser"], allowedOrigins: ["https://panel.example"] }].map((config) =>
    createUsersProxy({ oauth, signedTokenSecret: JWT_SECRET, logger: { error: line, warn: line, info() {}, debug() {} }, ...config }));
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  const { next, pick, some } = makeRandom(seed);
  const statuses = {};
  for (let count = 0; count < 16_000; count++) {
    const endpoint = pick(Object.values(ENDPOINTS));
    // Half of them are close to one that is good.
    const isNear = next() < 0.5;
    const isClean = isNear && next() < 0.7;
    const path = isNear ? `/pipedrive${endpoint.path.replace("{id}", pick(["1", "7", "0", "x", "%31"]))}` : pick(PREFIXES) + some(SEGMENTS, 5).map((segment) => `/${segment}`).join("");
    const query = isClean ? (path.endsWith("/find") ? "term=bond" : "") : some(QUERIES, 2).join("&");
    const method = isNear && next() < 0.9 ? endpoint.method : pick(METHODS);
    const headers = new Headers(isClean ? [] : some(HEADERS, 2));
    if (isClean || next() < 0.9) headers.set("authorization", `Bearer ${isClean ? TOKENS[0] : pick(TOKENS)}`);
    // A few that are good but for their content type: it is looked at last.
    const type = isClean && next() < 0.9 ? TYPES[0] : pick(TYPES);
    if (type) headers.set("content-type", type);
    const body = /GET|HEAD/.test(method) ? undefined : pick(BODIES);
    let request;
    try {
      request = new Request(`https://app.example${path}${query && `?${query}`}`, { method, headers, body });
    } catch {
      // Not a request that a server can get.
      continue;
    }
    const response = await pick(proxies)(request);
    const text = await response.text();
    assert.ok(response.status < 500, `seed ${seed}: ${method} ${path}?${query} is a ${response.status}: ${text}`);
    assert.ok(response.status === 204 || JSON.parse(text).success === (response.status === 200), `seed ${seed}: ${text}`);
    statuses[response.status] = (statuses[response.status] ?? 0) + 1;
  }
  for (const { method, pathname, hostname, headers } of sent) {
    assert.ok(ALLOWED.some((one) => one.method === method && one.path.test(pathname)), `seed ${seed}: ${method} ${pathname}`);
    assert.equal(hostname, "casinoroyale.pipedrive.com");
    assert.deepEqual(Object.keys(headers).filter((name) => !["accept", "authorization", "content-type"].includes(name)), []);
    assert.equal(headers.authorization, "Bearer v1u:an-access-token");
  }
  // The test would see something else.
  assert.ok(sent.length > 500 && statuses[200] > 500 && [400, 401, 403, 404, 405, 413, 415].every((status) => statuses[status] > 2), JSON.stringify(statuses));
  assert.deepEqual(lines, []);
});
