// When a token is renewed, how often, and what becomes of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isPipedriveError, memoryStore, OAuth } from "pipedrive-users/server";
import { authorised, BOND, makeEndpoint, REDIRECT } from "./support/app.mjs";

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const calls = (oauth, many) => Promise.all(Array.from({ length: many }, (_, index) => oauth.client(BOND).getUser(13, { headers: { "x-call": String(index) } })));

test("with more than two minutes left it is used as it is", async () => {
  const endpoint = makeEndpoint({ lifetimes: [125] });
  await calls(await authorised(endpoint), 10);
  assert.deepEqual(endpoint.given.refreshes, []);
});

test("from two minutes to thirty seconds it is used while one refresh runs behind", async () => {
  const endpoint = makeEndpoint({ lifetimes: [100, 3600] });
  const oauth = await authorised(endpoint);
  await calls(oauth, 100);
  assert.equal(endpoint.given.refreshes.length, 1);
  assert.equal(endpoint.given.used[0], "v1u:access-1", "the first did not wait");
  await pause(20);
  await calls(oauth, 1);
  assert.equal(endpoint.given.used.at(-1), "v1u:access-2");
});

test("below thirty seconds calls wait for one refresh", async () => {
  const endpoint = makeEndpoint({ lifetimes: [20, 3600] });
  const oauth = await authorised(endpoint);
  await calls(oauth, 100);
  assert.equal(endpoint.given.refreshes.length, 1);
  assert.deepEqual([...new Set(endpoint.given.used)], ["v1u:access-2"]);
});

test("a refresh behind the calls that fails is tried again later, and breaks no call", async () => {
  let isDown = false;
  const endpoint = makeEndpoint({ lifetimes: [100], answer: () => (isDown ? new Response("", { status: 503 }) : undefined) });
  const oauth = await authorised(endpoint);
  isDown = true;
  await calls(oauth, 10);
  await pause(20);
  await calls(oauth, 10);
  assert.equal(endpoint.given.refreshes.length, 1, "five seconds of rest");
});

test("while the old token lasts, it is better than none", async () => {
  let isDown = false;
  const endpoint = makeEndpoint({ lifetimes: [20], answer: () => (isDown ? new Response("", { status: 503 }) : undefined) });
  const oauth = await authorised(endpoint);
  isDown = true;
  await calls(oauth, 1);
  assert.deepEqual(endpoint.given.used, ["v1u:access-1"]);
});

test("a 401 on the current token refreshes once, for all who were refused", async () => {
  const endpoint = makeEndpoint();
  const oauth = await authorised(endpoint);
  endpoint.given.refused = ["v1u:access-1"];
  await calls(oauth, 30);
  assert.equal(endpoint.given.refreshes.length, 1);
  await calls(oauth, 5);
  assert.equal(endpoint.given.refreshes.length, 1);
  // A token that is refused although it is new is the caller's to hear of.
  endpoint.given.refused = ["v1u:access-2", "v1u:access-3"];
  await assert.rejects(oauth.client(BOND).getUsers(), (error) => isPipedriveError(error, "authentication") && error.attempts === 2);
});

test("a rotated refresh token is stored before anything is done with what came", async () => {
  const order = [];
  const store = memoryStore();
  const spied = { ...store, put: async (key, record, ...more) => (order.push(`stored ${/refresh-\d/.exec(record)?.[0]}`), store.put(key, record, ...more)) };
  const endpoint = makeEndpoint({ lifetimes: [10, 10, 3600], rotate: true });
  const { fetch } = endpoint;
  endpoint.fetch = (url, init) => (url.includes("/users") && order.push(`used ${new Headers(init.headers).get("authorization").slice(-8)}`), fetch(url, init));
  const oauth = await authorised(endpoint, { store: spied });
  order.length = 0;
  await calls(oauth, 1);
  await calls(oauth, 1);
  assert.deepEqual(order, ["stored refresh-2", "used access-2", "stored refresh-3", "used access-3"]);
  assert.deepEqual(endpoint.given.refreshes, ["1:1:refresh-1", "1:1:refresh-2"]);
});

test("invalid_grant means that the user must authorise again, and is not tried again", async () => {
  let isOver = false;
  const gone = () => Response.json({ success: false, message: "Invalid grant: refresh_token is invalid", error: "invalid_grant" }, { status: 400 });
  const endpoint = makeEndpoint({ lifetimes: [10], answer: () => (isOver ? gone() : undefined) });
  const store = memoryStore();
  const oauth = await authorised(endpoint, { store });
  isOver = true;
  for (let time = 0; time < 3; time++) {
    await assert.rejects(oauth.client(BOND).getUsers(), (error) => isPipedriveError(error, "authentication") && /must authorise the app again/.test(error.cause.message));
  }
  assert.equal(endpoint.given.refreshes.length, 1);
  // Another process knows it too.
  const other = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, store, fetch: endpoint.fetch });
  await assert.rejects(other.client(BOND).getUsers(), (error) => isPipedriveError(error, "authentication"));
  assert.equal(endpoint.given.refreshes.length, 1);
  isOver = false;
  const state = new URL(await oauth.authorizationUrl()).searchParams.get("state");
  await oauth.handleCallback(`${REDIRECT}?code=code&state=${state}`);
  await calls(oauth, 1);
});

test("an answer that comes late never overwrites a newer token", async () => {
  const store = memoryStore();
  // Leases that are lost at once: the worst that can happen.
  const careless = { ...store, lease: async () => async () => {} };
  let release;
  const held = new Promise((resolve) => (release = resolve));
  let refreshes = 0;
  const endpoint = makeEndpoint({ lifetimes: [10, 3600], rotate: true, answer: async (_, form) => (form.get("refresh_token") && ++refreshes === 1 ? (await held, Response.json({ access_token: "v1u:late", refresh_token: "1:1:late", expires_in: 3600, api_domain: "https://casinoroyale.pipedrive.com" })) : undefined) });
  const first = await authorised(endpoint, { store: careless });
  const second = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, store: careless, fetch: endpoint.fetch });
  const slow = first.client(BOND).getCurrentUser();
  await pause(20);
  await second.client(BOND).getCurrentUser();
  release();
  await slow;
  const { record } = await store.get("7:13");
  assert.equal(JSON.parse(record).accessToken, "v1u:access-2");
  assert.equal(endpoint.given.used.at(-1), "v1u:access-2", "the late one takes what is there");
});

test("a good record is never replaced by a refusal that came late", async () => {
  const store = memoryStore();
  const careless = { ...store, lease: async () => async () => {} };
  let refuse;
  const held = new Promise((resolve) => (refuse = resolve));
  let refreshes = 0;
  const endpoint = makeEndpoint({ lifetimes: [10, 3600], rotate: true, answer: async (_, form) => (form.get("refresh_token") && ++refreshes === 1 ? (await held, Response.json({ success: false, message: "Invalid grant", error: "invalid_grant" }, { status: 400 })) : undefined) });
  const first = await authorised(endpoint, { store: careless });
  const second = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: REDIRECT, store: careless, fetch: endpoint.fetch });
  const slow = first.client(BOND).getCurrentUser();
  await pause(20);
  await second.client(BOND).getCurrentUser();
  refuse();
  assert.equal((await slow).id, 13);
  assert.equal(JSON.parse((await store.get("7:13")).record).isSpent, false);
});

test("an answer that says nothing of its time is good for an hour", async () => {
  for (const lasts of [0, undefined, "x", -5]) {
    const endpoint = makeEndpoint({ lifetimes: [lasts] });
    await calls(await authorised(endpoint), 3);
    assert.deepEqual(endpoint.given.refreshes, [], String(lasts));
  }
});

test("a thousand tenants more than are remembered are read again when they come back", async () => {
  const endpoint = makeEndpoint();
  const oauth = await authorised(endpoint);
  for (let userId = 1; userId <= 1_100; userId++) oauth.client({ companyId: 9, userId });
  await calls(oauth, 1);
  assert.deepEqual(endpoint.given.refreshes, []);
});
