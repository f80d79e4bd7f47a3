// toNodeListener in Express and Fastify themselves: mounted, and behind their body parsers.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import express from "express";
import Fastify from "fastify";
import { createUsersProxy, toNodeListener, UsersClient } from "pipedrive-users/server";
import { makeApp, JWT_SECRET, sign } from "./support/app.mjs";

const TEXT = '{"active_flag":true}';
const PUT = { method: "PUT", headers: { "content-type": "application/json" }, body: TEXT };

const listener = toNodeListener(async (request) => Response.json({ path: new URL(request.url).pathname, body: await request.text() }));

/** Listens, and returns the URL. */
async function listen(t, app) {
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${server.address().port}`;
}

const EXPRESS = {
  "without a parser": (app) => app.use(listener),
  "mounted at a path": (app) => app.use("/pipedrive", listener),
  "in a router": (app) => app.use("/pipedrive", express.Router().use("/v1", listener)),
  "behind json()": (app) => app.use(express.json()).use("/pipedrive", listener),
  "behind text()": (app) => app.use(express.text({ type: "*/*" })).use("/pipedrive", listener),
  "behind raw()": (app) => app.use(express.raw({ type: "*/*" })).use("/pipedrive", listener),
  "behind all its parsers": (app) => app.use(express.json(), express.urlencoded({ extended: true }), express.text(), express.raw()).use(listener),
};
for (const [name, mount] of Object.entries(EXPRESS)) {
  test(`Express, ${name}: the whole path, the whole body`, async (t) => {
    const app = express();
    mount(app);
    const url = await listen(t, app);
    assert.deepEqual(await (await fetch(`${url}/pipedrive/v1/users/7?x=1`, PUT)).json(), { path: "/pipedrive/v1/users/7", body: TEXT });
    assert.deepEqual(await (await fetch(`${url}/pipedrive/v1/users`)).json(), { path: "/pipedrive/v1/users", body: "" });
  });
}

test("Express, behind urlencoded(): a form cannot be made from what it parsed, and the log says so", async (t) => {
  const lines = [];
  t.mock.method(console, "error", (line) => lines.push(line));
  const url = await listen(t, express().use(express.urlencoded({ extended: true })).use(listener));
  assert.equal((await fetch(url, { method: "POST", body: new URLSearchParams({ a: "1" }) })).status, 500);
  assert.match(lines[0], /a body parser has read the body \(application\/x-www-form-urlencoded\)/);
});

test("Fastify: behind its own parser, and without", async (t) => {
  const lines = [];
  t.mock.method(console, "error", (line) => lines.push(line));
  const open = async (prepare) => {
    const app = Fastify();
    prepare(app);
    t.after(() => app.close());
    return app.listen({ port: 0, host: "127.0.0.1" });
  };
  const route = (keep) => (app) =>
    app.all("/*", (request, reply) => {
      reply.hijack();
      listener(keep ? Object.assign(request.raw, { body: request.body }) : request.raw, reply.raw);
    });
  // Its parser reads the stream and keeps the body elsewhere.
  const parsed = await open(route(false));
  assert.equal((await fetch(`${parsed}/pipedrive/v1/users/7`, PUT)).status, 500);
  assert.match(lines[0], /a body parser has read the body \(application\/json\)/);
  const handedOn = await open(route(true));
  assert.equal((await (await fetch(`${handedOn}/pipedrive/v1/users/7`, PUT)).json()).body, TEXT);
  const withoutParser = await open((app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, _payload, done) => done(null));
    route(false)(app);
  });
  assert.deepEqual(await (await fetch(`${withoutParser}/pipedrive/v1/users/7`, PUT)).json(), { path: "/pipedrive/v1/users/7", body: TEXT });
  assert.equal((await (await fetch(`${withoutParser}/x`)).json()).path, "/x");
});

test("the proxy in Express, behind json()", async (t) => {
  const app = makeApp();
  const who = await app.install();
  const proxy = createUsersProxy({ oauth: app.oauth, signedTokenSecret: JWT_SECRET, allow: ["updateUser"], basePath: "/pipedrive" });
  const url = await listen(t, express().use(express.json()).use("/pipedrive", toNodeListener(proxy)));
  const client = new UsersClient({ baseUrl: `${url}/pipedrive`, accessToken: () => sign(who) });
  assert.equal((await client.updateUser(3, { active_flag: false })).active_flag, false);
  assert.equal((await client.getUsers()).length, 25);
});
