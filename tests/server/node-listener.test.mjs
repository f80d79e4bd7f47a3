// toNodeListener: requests and responses pass through Node.js's servers unchanged, and nothing that a handler or a client does ends the process.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import http2 from "node:http2";
import { connect } from "node:net";
import { test } from "node:test";
import { toNodeListener } from "pipedrive-users/server";
import { collect } from "../js/support/gc.mjs";

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until a condition holds. */
async function until(condition) {
  for (let waited = 0; !condition(); waited += 5) {
    assert.ok(waited < 5_000, `not within five seconds: ${condition}`);
    await sleep(5);
  }
}

/** Serves a handler, and fails the test if anything would have ended the process. `prepare` does to a request what a framework does. */
async function serve(t, handle, { prepare, create = createServer } = {}) {
  const fatal = [];
  const logged = [];
  const onFatal = (error) => fatal.push(error);
  for (const event of ["unhandledRejection", "uncaughtException"]) process.on(event, onFatal);
  t.mock.method(console, "error", (line) => logged.push(line));
  const listener = toNodeListener(handle);
  const server = create(async (incoming, outgoing) => {
    await prepare?.(incoming, outgoing);
    listener(incoming, outgoing);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(async () => {
    server.closeAllConnections?.();
    server.close();
    await sleep(10);
    for (const event of ["unhandledRejection", "uncaughtException"]) process.off(event, onFatal);
    assert.deepEqual(fatal, []);
  });
  const { port } = server.address();
  return { port, url: `http://127.0.0.1:${port}`, logged };
}

/** Sends bytes as they are, and returns the text of the response. */
async function raw(port, head, body = "") {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => (text += chunk)).on("error", () => undefined);
  socket.end(`${head.join("\r\n")}\r\nconnection: close\r\n\r\n${body}`);
  await once(socket, "close");
  return text;
}

/** A stream that never ends by itself. `state` shows what becomes of it. */
function endless(state, chunk = new Uint8Array(1024)) {
  return new ReadableStream({
    pull(controller) {
      state.pulled = (state.pulled ?? 0) + 1;
      controller.enqueue(chunk);
    },
    cancel() {
      state.cancelled = true;
    },
  });
}

const UNUSABLE = {
  "undefined": () => undefined,
  "a text": () => "<html>",
  "Response.error()": () => Response.error(),
  "a body that was read": async () => {
    const response = new Response("x");
    await response.text();
    return response;
  },
  "a body that another reader has": () => {
    const response = new Response("x");
    response.body.getReader();
    return response;
  },
  "a control character in a header": () => new Response("x", { headers: { "x-name": "a\u0001b" } }),
  "an exception": () => {
    throw new Error("the handler failed");
  },
  "a rejection that is not an error": () => Promise.reject(null),
};

for (const [name, handle] of Object.entries(UNUSABLE)) {
  test(`a handler that returns ${name}: a 500 of Pipedrive's shape, a line in the log`, async (t) => {
    const { url, logged } = await serve(t, handle);
    for (let time = 1; time <= 2; time++) {
      const response = await fetch(url);
      assert.equal(response.status, 500);
      assert.deepEqual(await response.json(), { success: false, error: "Internal error", error_info: "The server failed.", errorCode: 500, data: null, additional_data: null });
      assert.equal(response.headers.get("x-name"), null);
      assert.equal(logged.length, time);
      assert.match(logged.at(-1), /^\[pipedrive-users\] the handler of toNodeListener failed: /);
    }
  });
}

test("a body that fails on its way breaks the connection, so that no part of it is taken for the whole", async (t) => {
  const parts = async function* () {
    yield new TextEncoder().encode("part");
    await sleep(50);
    throw new Error("upstream reset");
  };
  const handle = () => new Response(ReadableStream.from(parts()));
  const { url, logged } = await serve(t, handle);
  const response = await fetch(url);
  assert.equal(response.status, 200);
  await assert.rejects(response.text(), TypeError);
  assert.deepEqual(logged, ["[pipedrive-users] the handler of toNodeListener failed: Error: upstream reset"]);
});

test("a body of something else than bytes breaks the connection", async (t) => {
  const state = {};
  const { url } = await serve(t, () => new Response(endless(state, { not: "bytes" })));
  await assert.rejects(fetch(url).then((response) => response.text()), TypeError);
  await until(() => state.cancelled);
});

test("bodies are streamed in both directions", async (t) => {
  const { port } = await serve(t, (request) => new Response(request.body, { headers: { "content-type": "text/plain" } }));
  const socket = connect(port, "127.0.0.1");
  let received = "";
  socket.on("data", (chunk) => (received += chunk));
  socket.write("POST / HTTP/1.1\r\nhost: app.example\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n");
  await until(() => /^HTTP\/1\.1 200 /.test(received));
  for (const part of ["one", "two", "three"]) {
    socket.write(`${part.length.toString(16)}\r\n${part}\r\n`);
    await until(() => received.includes(part));
  }
  socket.write("0\r\n\r\n");
  await once(socket, "close");
  assert.ok(received.endsWith("0\r\n\r\n"));
});

test("a response is read no faster than the client takes it, and cancelled when the client disconnects", async (t) => {
  const state = {};
  let signal;
  const { port } = await serve(t, (request) => {
    signal = request.signal;
    return new Response(endless(state, new Uint8Array(65_536)));
  });
  const socket = connect(port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nhost: app.example\r\n\r\n");
  await once(socket, "readable");
  let before;
  await until(() => {
    const isStill = state.pulled === before;
    before = state.pulled;
    return isStill;
  });
  await sleep(50);
  assert.ok(state.pulled < 500, `${state.pulled} chunks of 64 KiB were read`);
  assert.equal(signal.aborted, false);
  socket.destroy();
  await until(() => state.cancelled && signal.aborted);
});

test("a client that disconnects before there is a response, and while the handler forwards one", async (t) => {
  const state = {};
  const upstream = await serve(t, () => new Response(endless(state)));
  const seen = [];
  const { port, logged } = await serve(t, (request) => {
    seen.push(request.signal);
    return new URL(request.url).pathname === "/waits"
      ? new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason)))
      : fetch(upstream.url, { signal: request.signal });
  });
  for (const path of ["/waits", "/forwards"]) {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    socket.write(`GET ${path} HTTP/1.1\r\nhost: app.example\r\n\r\n`);
    if (path === "/forwards") await once(socket, "data");
    await until(() => seen.length > 0);
    socket.destroy();
    const signal = seen.pop();
    await until(() => signal.aborted);
  }
  await until(() => state.cancelled);
  assert.deepEqual(logged, [], "it is no failure of the handler");
});

test("a client that disconnects after the handler's garbage was collected, where the handler keeps nothing but the signal", async (t) => {
  const aborted = [];
  let started = 0;
  const handle = ({ method, signal }) => {
    started++;
    return new Promise((_, reject) => signal.addEventListener("abort", () => (aborted.push(method), reject(signal.reason)))); // The request is garbage from here on.
  };
  const { port } = await serve(t, handle);
  const sockets = [];
  for (const [method, body] of [["GET", ""], ["POST", "content-length: 9\r\n"]]) {
    sockets.push(connect(port, "127.0.0.1").on("error", () => undefined));
    sockets.at(-1).write(`${method} / HTTP/1.1\r\nhost: app.example\r\n${body}\r\n`);
  }
  const plain = await serve(t, handle, { create: http2.createServer });
  const session = http2.connect(plain.url).on("error", () => undefined);
  const stream = session.request({ ":method": "PUT" }).on("error", () => undefined);
  stream.write("part");
  await until(() => started === 3);
  await collect();
  for (const socket of sockets) socket.destroy();
  stream.close(http2.constants.NGHTTP2_CANCEL);
  t.after(() => session.destroy());
  await until(() => aborted.length === 3);
  assert.deepEqual(aborted.sort(), ["GET", "POST", "PUT"]);
});

test("a client that disconnects while its requests wait behind each other on one connection", async (t) => {
  const [started, aborted] = [[], []];
  const { port } = await serve(t, async (request) => {
    const { method, signal } = request;
    await request.text();
    started.push(method);
    return new Promise((_, reject) => signal.addEventListener("abort", () => (aborted.push(method), reject(signal.reason))));
  });
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  for (const method of ["GET", "POST", "PUT"]) socket.write(`${method} / HTTP/1.1\r\nhost: app.example\r\n${method === "GET" ? "" : "content-length: 4\r\n"}\r\n${method === "GET" ? "" : "body"}`);
  await until(() => started.length === 3);
  socket.destroy();
  await until(() => aborted.length === 3);
});

test("a client that disconnects while its body is read", async (t) => {
  let failure;
  const { port } = await serve(t, (request) => request.text().then(() => new Response("x"), (error) => Promise.reject((failure = error))));
  const socket = connect(port, "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nhost: app.example\r\ncontent-length: 100\r\n\r\npart");
  await sleep(50);
  socket.destroy();
  await until(() => failure);
});

test("the signal of a request does not abort after the response was sent", async (t) => {
  let signal;
  const { port } = await serve(t, (request) => {
    signal = request.signal;
    return new Response("x");
  });
  assert.match(await raw(port, ["GET / HTTP/1.1", "host: app.example"]), /x/);
  await sleep(20);
  assert.equal(signal.aborted, false);
});

/** Responds to a POST once a first part of its body was read. */
async function tooLarge(request) {
  if (request.method === "GET") return new Response("small enough");
  const reader = request.body.getReader();
  await reader.read();
  void reader.cancel();
  return new Response("too large", { status: 413 });
}

test("a 413 reaches a client that sends its whole body before it reads", async (t) => {
  const { url } = await serve(t, tooLarge);
  const response = await fetch(url, { method: "POST", body: new Uint8Array(20_000_000) });
  assert.deepEqual([response.status, await response.text()], [413, "too large"]);
});

test("after a 413 the connection stays usable", async (t) => {
  const { port } = await serve(t, tooLarge);
  const socket = connect(port, "127.0.0.1");
  let received = "";
  socket.on("data", (chunk) => (received += chunk));
  socket.write(`POST / HTTP/1.1\r\nhost: app.example\r\ncontent-length: 1000000\r\n\r\n${"a".repeat(500_000)}`);
  await until(() => received.includes("too large"));
  socket.write(`${"a".repeat(500_000)}GET / HTTP/1.1\r\nhost: app.example\r\n\r\n`);
  await until(() => received.includes("small enough"));
  socket.destroy();
});

test("a body that the handler does not read", async (t) => {
  const { url } = await serve(t, () => new Response("x"));
  for (let time = 0; time < 2; time++) assert.equal(await (await fetch(url, { method: "PUT", body: new Uint8Array(1_000_000) })).text(), "x");
});

/** Handlers that read a part of a body and forget the rest. */
const FORGETFUL = {
  "returns": async (request) => (await request.body.getReader().read(), new Response("enough")),
  "returns while it reads": (request) => (void request.body.getReader().read(), new Response("enough")),
  "gives its reader back": async (request) => {
    const reader = request.body.getReader();
    await reader.read();
    reader.releaseLock();
    return new Response("enough");
  },
  "reads a copy": async (request) => (await request.clone().body.getReader().read(), new Response("enough")),
  "throws": async (request) => {
    await request.body.getReader().read();
    throw new Error("the app's own");
  },
};
for (const [name, handle] of Object.entries(FORGETFUL)) {
  test(`a handler that reads a part of a body and ${name}: the connection stays usable`, { timeout: 10_000 }, async (t) => {
    const { port } = await serve(t, (request) => (request.method === "GET" ? new Response("the next one") : handle(request)));
    const socket = connect(port, "127.0.0.1");
    t.after(() => socket.destroy());
    let received = "";
    socket.on("data", (chunk) => (received += chunk));
    socket.write(`POST / HTTP/1.1\r\nhost: app.example\r\ncontent-length: 1000000\r\n\r\n${"a".repeat(1_000_000)}`);
    await until(() => /enough|Internal error/.test(received));
    socket.write("GET / HTTP/1.1\r\nhost: app.example\r\n\r\n");
    await until(() => received.includes("the next one"));
  });
}

test("a body that is read after the response was sent: an error that says so", async (t) => {
  let late;
  const handle = async (request) => {
    const reader = request.body.getReader();
    await reader.read();
    late = sleep(50).then(() => reader.read());
    late.catch(() => undefined);
    return new Response("enough");
  };
  const { url } = await serve(t, handle);
  assert.equal(await (await fetch(url, { method: "POST", body: new Uint8Array(1_000_000) })).text(), "enough");
  await assert.rejects(late, /the response was sent before the body was read/);
});

test("what is no handler is a ConfigError", () => {
  for (const handle of [undefined, null, {}, "x", Promise.resolve(() => new Response())]) assert.throws(() => toNodeListener(handle), { kind: "config", message: /toNodeListener takes a function/ });
});

/** What `new URL` would change. */
const TARGETS = [
  "/pipedrive/..", "/pipedrive/../admin", "/pipedrive/./v1", "/pipedrive/%2e%2e/admin", "/pipedrive/.%2E/admin", "/pipedrive/%2e", "/pipedrive/..?x=1", "/pipedrive/..#x",
  "/pipedrive/x#y", "/pipedrive#", "/pipedrive?x#y", "/\\evil.example/v1", "/pipedrive/\\..\\admin", "/pipedrive/..\\admin", "/pipedrive/%2e%2e\\admin", "/pipedrive\\v1",
  "//evil.example/v1/users", "http://evil.example/v1/users", "*", "/caf\u00e9",
];
for (const target of TARGETS) {
  test(`refused: the target ${target}`, async (t) => {
    const seen = [];
    const { port } = await serve(t, (request) => (seen.push(request.url), new Response("x")));
    const method = target === "*" ? "OPTIONS" : "GET";
    assert.match(await raw(port, [`${method} ${target} HTTP/1.1`, "host: app.example"]), /^HTTP\/1\.1 400 /);
    assert.deepEqual(seen, []);
  });
}

test("any other target is seen as it was sent", async (t) => {
  const { port } = await serve(t, (request) => new Response(request.url));
  const targets = ["/", "/pipedrive/v1/users?term=a/../b&x=\\", "/a//b", "/..a/b../...", "/a/..;/b", "/a/..%2fb", "/a/..%5cb", "/a/%252e%252e/b", "/a%00b?", "/:80@evil.example"];
  for (const target of targets) {
    const [response] = await once(request({ host: "127.0.0.1", port, path: target, headers: { host: "app.example" } }).end(), "response");
    assert.equal(Buffer.concat(await response.toArray()).toString(), `http://app.example${target}`);
  }
});

for (const [name, head] of Object.entries({
  "a host with a path": ["GET / HTTP/1.1", "host: app.example/evil"],
  "a host with a user": ["GET / HTTP/1.1", "host: user@app.example"],
  "a host that is none": ["GET / HTTP/1.1", "host: app.example:port"],
  "no host": ["GET / HTTP/1.0"],
  "a method that no Request can have": ["TRACE / HTTP/1.1", "host: app.example"],
})) {
  test(`refused: ${name}`, async (t) => {
    const { port } = await serve(t, () => new Response("x"));
    assert.match(await raw(port, head), /^HTTP\/1\.1 400 /);
  });
}

test("headers, cookies and HEAD", async (t) => {
  const state = {};
  const seen = [];
  const handle = (request) => {
    seen.push(Object.fromEntries(request.headers));
    const headers = new Headers({ "content-length": "7", "x-name": "caf\u00e9" });
    for (const cookie of ["a=1; Path=/", "b=2"]) headers.append("set-cookie", cookie);
    return new Response(request.method === "HEAD" ? endless(state) : "7 bytes", { headers });
  };
  const { url } = await serve(t, handle);
  for (const method of ["HEAD", "GET"]) {
    const response = await fetch(url, { method, headers: { "x-two": "1", cookie: "c=3" } });
    assert.deepEqual([response.status, response.headers.get("content-length"), response.headers.get("x-name"), response.headers.getSetCookie()], [200, "7", "caf\u00e9", ["a=1; Path=/", "b=2"]]);
    assert.equal(await response.text(), method === "HEAD" ? "" : "7 bytes");
    const { cookie, "x-two": two } = seen.pop();
    assert.deepEqual([cookie, two], ["c=3", "1"]);
  }
  assert.equal(state.cancelled, true);
});

test("a response without a body", async (t) => {
  const { url } = await serve(t, (request) => new Response(null, { status: Number(new URL(request.url).pathname.slice(1)) }));
  for (const status of [200, 204, 304]) assert.equal((await fetch(`${url}/${status}`)).status, status);
});

/** What Express does with a request: a router takes its own path off `url`, and a parser reads the body. */
const EXPRESS = {
  "a router": (incoming) => Object.assign(incoming, { originalUrl: incoming.url, url: incoming.url.replace("/pipedrive", "") }),
  "express.json()": async (incoming) => {
    const chunks = await incoming.toArray();
    incoming.body = chunks.length ? JSON.parse(Buffer.concat(chunks)) : {};
  },
  "express.text()": async (incoming) => {
    incoming.body = Buffer.concat(await incoming.toArray()).toString();
  },
  "express.raw()": async (incoming) => {
    incoming.body = Buffer.concat(await incoming.toArray());
  },
};
for (const [name, prepare] of Object.entries(EXPRESS)) {
  test(`behind Express's ${name.replace("express", "").replace(".", "")}: the whole path, the whole body`, async (t) => {
    const { url } = await serve(t, async (request) => Response.json({ path: new URL(request.url).pathname, body: await request.text() }), { prepare });
    const body = '{"active_flag":true}';
    const response = await fetch(`${url}/pipedrive/v1/users/7`, { method: "PUT", headers: { "content-type": "application/json" }, body });
    assert.deepEqual(await response.json(), { path: "/pipedrive/v1/users/7", body });
    assert.equal((await (await fetch(`${url}/pipedrive/v1/users`)).json()).path, "/pipedrive/v1/users");
  });
}

test("over TLS the URL is https", async (t) => {
  const { url } = await serve(t, (request) => new Response(new URL(request.url).protocol), { prepare: (incoming) => Object.defineProperty(incoming.socket, "encrypted", { value: true }) });
  assert.equal(await (await fetch(url)).text(), "https:");
});

test("a parser that has read the body and kept nothing of it: the handler is not called, and the log says what to do", async (t) => {
  let isCalled = false;
  const { url, logged } = await serve(t, () => ((isCalled = true), new Response("called")), { prepare: (incoming) => incoming.toArray() });
  assert.equal((await fetch(url, { method: "POST", body: "x" })).status, 500);
  assert.match(logged[0], /a body parser has read the body \(text\/plain\).*req\.rawBody/);
  assert.equal(isCalled, false);
  assert.equal(await (await fetch(url, { method: "POST" })).text(), "called", "without a body there is nothing to miss");
});

test("a parser that keeps the bytes in rawBody", async (t) => {
  const prepare = async (incoming) => Object.assign(incoming, { rawBody: Buffer.concat(await incoming.toArray()), body: { parsed: true } });
  const { url } = await serve(t, async (request) => new Response(await request.text()), { prepare });
  assert.equal(await (await fetch(url, { method: "POST", body: "a=1&b=2", headers: { "content-type": "application/x-www-form-urlencoded" } })).text(), "a=1&b=2");
});

test("a body getter that throws, as on some hosts, while the body can still be read", async (t) => {
  const prepare = (incoming) => Object.defineProperty(incoming, "body", { get() { throw new SyntaxError("Invalid JSON"); } });
  const { url } = await serve(t, async (request) => new Response(await request.text()), { prepare });
  assert.equal(await (await fetch(url, { method: "POST", body: "not JSON" })).text(), "not JSON");
});

test("a response that was ended before the handler is called", async (t) => {
  const { url } = await serve(t, () => new Response("too late"), { prepare: (_, outgoing) => outgoing.end("ended") });
  assert.equal(await (await fetch(url)).text(), "ended");
});

/** Sends a request over HTTP/2, and returns the headers and the text of the response. */
async function overHttp2(session, headers, body = "") {
  const stream = session.request(headers, { endStream: !body });
  if (body) stream.end(body);
  const [response] = await once(stream, "response");
  return { status: response[":status"], headers: response, text: Buffer.concat(await stream.toArray()).toString() };
}

test("HTTP/2: pseudo-headers become the URL, and headers of a connection are left out", async (t) => {
  const handle = async (request) =>
    new Response(JSON.stringify({ url: request.url, method: request.method, names: [...request.headers.keys()], body: await request.text() }), { headers: { connection: "keep-alive", "keep-alive": "timeout=5", "transfer-encoding": "chunked", "x-name": "1" } });
  const { url } = await serve(t, handle, { create: http2.createServer });
  const session = http2.connect(url);
  t.after(() => session.destroy());
  const { status, headers, text } = await overHttp2(session, { ":method": "POST", ":authority": "app.example", ":path": "/pipedrive/v1/users?x=1", authorization: "Bearer x" }, "body");
  assert.deepEqual([status, headers["x-name"], headers["transfer-encoding"]], [200, "1", undefined]);
  assert.deepEqual(JSON.parse(text), { url: "http://app.example/pipedrive/v1/users?x=1", method: "POST", names: ["authorization"], body: "body" });
  assert.equal((await overHttp2(session, { ":path": "/pipedrive/../admin" })).status, 400);
});

test("HTTP/2: a body that a parser has read, and whose length the client did not announce", async (t) => {
  const listener = toNodeListener(async (request) => new Response(await request.text()));
  const server = http2.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    listener(Object.assign(request, { body: JSON.parse(Buffer.concat(chunks).toString()) }), response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const session = http2.connect(`http://127.0.0.1:${server.address().port}`);
  t.after(() => session.destroy());
  const stream = session.request({ ":path": "/", ":method": "PUT", "content-type": "application/json" });
  stream.end('{"active_flag":true}');
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  assert.equal(text, '{"active_flag":true}');
});

test("HTTP/2: failures and disconnections", async (t) => {
  const state = {};
  const paths = { "/throws": UNUSABLE["an exception"], "/invalid": UNUSABLE["a control character in a header"], "/endless": () => new Response(endless(state)), "/fails": () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("upstream reset")) })) };
  const { url } = await serve(t, (request) => paths[new URL(request.url).pathname](), { create: http2.createServer });
  const session = http2.connect(url);
  t.after(() => session.destroy());
  for (const path of ["/throws", "/invalid"]) assert.equal((await overHttp2(session, { ":path": path })).status, 500);
  await assert.rejects(overHttp2(session, { ":path": "/fails" }));
  const stream = session.request({ ":path": "/endless" });
  await once(stream, "data");
  stream.close(http2.constants.NGHTTP2_CANCEL);
  await until(() => state.cancelled);
  assert.equal((await overHttp2(session, { ":path": "/throws" })).status, 500, "the session goes on");
});
