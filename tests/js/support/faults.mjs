// A server on the loopback that fails as its path names, and keeps the requests that reached it.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { expected, kindOf } from "../faults.table.mjs";
import { emptyData, OPERATIONS } from "./operations.mjs";

/** What Pipedrive allows to pages on other origins. They can read three of its headers, and no other. */
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "X-RateLimit-Remaining, X-RateLimit-Limit, X-RateLimit-Reset",
};
const PREFLIGHT = {
  ...CORS,
  "access-control-allow-methods": "GET, POST, PUT",
  "access-control-allow-headers": "x-api-token, authorization, content-type",
  "access-control-max-age": "600",
  connection: "close",
};

const REQUEST_ID = "11111111-2222-4333-8444-555555555555";
/** How long Pipedrive asked to wait when a real company's daily budget was spent. */
const DAILY_WAIT = 3939;

const HTML = { "content-type": "text/html; charset=UTF-8" };
const page = (text) => `<!DOCTYPE html><html><body>${text}</body></html>`;

/** 30 MB of blanks in 30 KB. */
const BOMB = gzipSync(Buffer.alloc(3e7, " "));

/** What each fault does with a request that has arrived. */
const RESPONSES = {
  "reset-before-headers": ({ reset }) => reset(),
  async "reset-mid-body"({ whole, send, reset }) {
    const text = JSON.stringify(whole);
    send(200, text.slice(0, -5), { "content-length": text.length }, "open");
    // What arrives together with the reset may never be looked at.
    await sleep(50);
    reset();
  },
  stall() {},
  async "slow-drip"({ whole, send, response }) {
    // A good response that takes seconds.
    const text = " ".repeat(400) + JSON.stringify(whole);
    send(200, "", { "content-length": text.length }, "open");
    for (const byte of text) {
      if (response.destroyed) return;
      response.write(byte);
      await sleep(15);
    }
    response.end();
  },
  "truncated-json": ({ whole, send }) => send(200, JSON.stringify(whole).slice(0, -5)),
  "too-large": ({ whole, send }) => send(200, " ".repeat(1 << 20) + JSON.stringify(whole)),
  async "wrong-length"({ whole, send, response }) {
    const text = JSON.stringify(whole);
    send(200, text, { "content-length": text.length + 100 }, "open");
    await sleep(50);
    response.socket?.end();
  },
  "html-403": ({ say, send }) => send(403, page(say("This error is produced by Cloudflare")), HTML),
  "html-502": ({ say, send }) => send(502, page(say("Bad gateway")), HTML),
  "empty-200": ({ send }) => send(200, ""),
  "null-200": ({ send }) => send(200, "null"),
  "success-false": ({ no, send }) => send(200, no("It did not work")),
  "429-burst": ({ whole, no, send, nth }) => (nth > 1 ? send(200, whole) : send(429, no("Request over limit", 429), { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" })),
  "429-burst-long": ({ no, send }) => send(429, no("Request over limit", 429), { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "61" }),
  "429-daily": ({ no, send }) => send(429, no("daily request budget exceeded", 429), { "retry-after": DAILY_WAIT }),
  500: ({ no, send }) => send(500, no("Requested service is not available")),
  503: ({ no, send }) => send(503, no("Scheduled maintenance"), { "retry-after": "1" }),
  520: ({ say, send }) => send(520, page(say("Web server is returning an unknown error")), HTML),
  530: ({ say, send }) => send(530, page(say("Origin DNS error")), HTML),
"503-nonsense": ({ no, send }) => send(503, no("Scheduled maintenance"), { "retry-after": "1, 2" }),
  "429-nonsense": ({ whole, no, send, nth }) => (nth > 1 ? send(200, whole) : send(429, no("Request over limit", 429), { "x-ratelimit-reset": "9".repeat(400) })),
  "deep-400": ({ send }) => send(400, `{"success":false,"errors":${"[".repeat(20_000)}${"]".repeat(20_000)}}`),
  "other-kind": ({ whole, send }) => send(200, { ...whole, data: Array.isArray(whole.data) ? { id: 1 } : [{ id: 1 }] }),
  bomb: ({ send }) => send(200, BOMB, { "content-encoding": "gzip" }),
  redirect: ({ other, path, say, send }) => send(307, "", { location: `${other}${path}${encodeURI(say("?from", "="))}` }),
  gzip: ({ whole, send }) => send(200, gzipSync(JSON.stringify(whole)), { "content-encoding": "gzip" }),
  // Not in the table: for tests of single cases.
  "redirect-encoded": ({ other, path, token, send }) => send(307, "", { location: `${other}${path}?from=${encodeURIComponent(token)}` }),
  good: ({ whole, send }) => send(200, whole),
  "not-http": ({ say, response }) => response.socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ?\r\nx-echo: ${say("it was")}\r\n\r\n`),
};

/**
 * Serves until `close()`. The base URL of a fault and a run is `url(fault, run)`; `reached(run)` is what reached the
 * server of it, preflights aside; `elsewhere` is what reached the place that redirects lead to. A fault with `+echo`
 * repeats the credential wherever the response has room for it. A run can have responses of its own: `responses.set(run, …)`.
 */
export async function serveFaults() {
  const runs = new Map();
  const responses = new Map();
  const elsewhere = [];
  const other = await listen((request, response) => {
    elsewhere.push(`${request.method} ${request.url}`);
    response.writeHead(200, CORS).end(JSON.stringify({ success: true, data: {} }));
  });
  const server = await listen(async (request, response) => {
    const arrived = performance.now();
    const [, first, run, target] = /^\/([^/]+)\/([^/]+)(\/.*)$/.exec(request.url) ?? [];
    if (request.method === "OPTIONS") return response.writeHead(204, PREFLIGHT).end();
    const { method, headers } = request;
    const seen = { method, target, arrived, headers, body: undefined };
    reached(run).push(seen);
    let body = "";
    try {
      for await (const chunk of request) body += chunk;
    } catch {
      return; // Its client aborted it.
    }
    seen.body = body;
    const [fault, echo] = first.split("+");
    const operation = OPERATIONS.find((one) => one.method === method && one.target === target);
    const token = headers["x-api-token"] ?? headers.authorization?.replace(/^Bearer /, "");
    const say = (text, between = ": ") => (echo ? `${text}${between}${token}` : text);
    const no = (text, errorCode) => ({ success: false, error: say(text), error_info: say("The reason"), ...(errorCode && { errorCode }), ...(echo && { code: token }), data: null, additional_data: null });
    const send = (status, content, more = {}, end) => {
      const bytes = typeof content === "string" || Buffer.isBuffer(content) ? content : JSON.stringify(content);
      response.sendDate = false;
      // A connection for each request: browsers send a request again by themselves, and a POST too, when a connection
      // that they had used before is reset.
      response.writeHead(status, echo ? `It was ${token}` : "Fine", {
        ...CORS,
        connection: "close",
        "content-type": "application/json; charset=utf-8",
        "x-correlation-id": say(REQUEST_ID),
        "x-ratelimit-limit": "100",
        "x-ratelimit-remaining": "99",
        "x-ratelimit-reset": "2",
        ...(echo && { "x-echo": token, "set-cookie": `token=${token}`, sunset: `not before ${token}` }),
        ...(!end && { "content-length": Buffer.byteLength(bytes) }),
        ...more,
      });
      if (!end) return void response.end(bytes);
      response.flushHeaders();
      if (bytes) response.write(bytes);
    };
    const whole = operation && { success: true, data: emptyData(operation), additional_data: null, ...(echo && { deprecation_warning: { "#": say("It ends") } }) };
    const reset = () => response.socket?.resetAndDestroy();
    const respond = responses.get(run) ?? (operation && RESPONSES[fault]);
    if (!respond) return send(404, no(`there is no ${fault} of ${method} ${target}`));
    await respond({ response, send, reset, whole, say, no, token, other: other.url, path: request.url, nth: reached(run).length });
  });
  /** The same once there are so many: on a busy machine, an aborted one may not have been read yet. */
  const reachedBy = async (run, count) => {
    for (let turn = 0; turn < 200 && reached(run).length < count; turn++) await sleep(10);
    return reached(run);
  };
  const reached = (run) => {
    if (!runs.has(run)) runs.set(run, []);
    return runs.get(run);
  };
  // Nothing listens there any more.
  const closed = await listen(() => {});
  await closed.close();
  return {
    url: (fault, run) => `${fault === "refused" ? closed.url : server.url}/${fault}/${run}`,
    reached,
    reachedBy,
    responses,
    elsewhere,
    connections: server.connections,
    close: () => Promise.all([server.close(), other.close()]),
  };
}

async function listen(handler) {
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    connections: () => new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count)))),
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

/** A call as data, so that it can be made in a page too: the name of the method and its arguments. */
export const asData = (operation) => operation.call(new Proxy({}, { get: (_, name) => (...args) => ({ name, args: args.filter((arg) => arg !== undefined) }) }));

/**
 * Makes one call with a client of its own. Returns its outcome, and each text that could show a secret. It is sent to
 * pages as text, so it uses nothing outside of it.
 */
export async function makeCall(sdk, { baseUrl, name, args, credential, secret, timeoutMs = 20_000, maxRetries = 1 }) {
  const texts = [];
  const events = [];
  const log = (line) => texts.push(line);
  const config = {
    "API token": { apiToken: secret, dangerouslyAllowBrowser: true },
    "Bearer token": { accessToken: secret, dangerouslyAllowBrowser: true },
    "token function": { accessToken: async () => secret },
  }[credential];
  const onEvent = (event) => events.push(event);
  const client = new sdk.UsersClient({ ...config, baseUrl, timeoutMs, maxRetries, maxBodyBytes: 1 << 20, logger: { error: log, warn: log, info: log, debug: log }, logLevel: "debug", onEvent });
  const began = Date.now();
  const [good, error] = await client[name](...args).withResponse().then(
    ({ response }) => [response, undefined],
    (thrown) => [undefined, thrown],
  );
  const ended = Date.now();
  texts.push(...events.map((event) => JSON.stringify(event)), JSON.stringify([client.usage, client.rateLimit]));
  if (good) return { outcome: { name: "success", status: good.status, attempts: good.attempts }, headers: { ...good.headers }, events, texts, began, ended };
  for (let thrown = error, depth = 0; thrown instanceof Error && depth < 10; thrown = thrown.cause, depth++) {
    texts.push(thrown.message, String(thrown), String(thrown.stack), JSON.stringify(thrown), JSON.stringify({ ...thrown }));
  }
  const { kind, operation, status, attempts, scope, retryAfterSeconds, requestId } = error;
  return {
    // An error cannot leave a page.
    thrown: typeof process === "object" && error,
    outcome: { name: error.name, kind, operation, status, attempts, scope, retryAfterSeconds, requestId },
    typed: error instanceof (sdk[error.name] ?? Array) && sdk.isPipedriveError(error, kind),
    headers: { ...error.headers },
    message: error.message,
    resetAt: error.resetAt?.getTime(),
    events,
    texts,
    began,
    ended,
  };
}

const DAY_MS = 86_400_000;
/** Beside these, pages see what the fetch standard always shows. */
const READABLE = /^(x-ratelimit-(limit|remaining|reset)|cache-control|content-language|content-length|content-type|expires|last-modified|pragma)$/;

/** Checks the outcome of a call, and the requests that reached the server, against the row of its fault. */
export function check(row, operation, result, requests, where) {
  const wanted = expected(row, operation.method, where);
  const what = `${operation.name}, ${row.fault}: ${result.message ?? "success"}`;
  const { outcome } = result;
  const attempts = wanted.attempts;
  if (wanted.outcome === "success") {
    assert.deepEqual(outcome, { name: "success", status: wanted.status, attempts }, what);
  } else {
    assert.deepEqual(
      outcome,
      {
        name: wanted.outcome,
        kind: kindOf(wanted.outcome),
        operation: operation.name,
        status: wanted.status,
        attempts,
        scope: wanted.scope,
        retryAfterSeconds: wanted.retryAfterSeconds,
        requestId: wanted.status && where !== "page" && wanted.outcome !== "ConnectionError" ? REQUEST_ID : outcome.requestId,
      },
      what,
    );
    assert.ok(result.typed, `${what}: it is of its class`);
    assert.match(result.message, new RegExp(`^${operation.name}: .{20}`), what);
    checkReset(wanted.resetInSeconds, result, what);
  }
  const names = Object.keys(result.headers);
  if (wanted.hasStatus === false || wanted.hidden) assert.deepEqual(names, [], what);
  else if (where !== "page") assert.equal(result.headers["x-correlation-id"], REQUEST_ID, what);
  else {
    assert.deepEqual(names.filter((name) => !READABLE.test(name)), [], what);
    assert.ok(["limit", "remaining", "reset"].every((name) => names.includes(`x-ratelimit-${name}`)), what);
  }
  if (where === "page") assert.equal(outcome.requestId, undefined, what);

  // The same request each time, and none beside it.
  const { method, target, body } = operation;
  assert.deepEqual(
    requests.map((request) => [request.method, request.target, request.body]),
    Array.from({ length: wanted.requests }, () => [method, target, body ? JSON.stringify(body) : ""]),
    what,
  );
  if (requests.length > 1) {
    const wait = requests[1].arrived - requests[0].arrived;
    // Timers may go off a millisecond early.
    assert.ok(wait >= wanted.wait - 5, `${what}: the second request came after ${wait} ms`);
  }
  // The events agree with what happened.
  const eventsOf = (type) => result.events.filter((event) => event.type === type);
  assert.deepEqual([eventsOf("request").length, eventsOf("response").length, eventsOf("retry").length], [attempts, attempts, attempts - 1], what);
  for (const { durationMs } of eventsOf("retry").slice(0, 1)) {
    assert.ok(durationMs > wanted.wait * 0.95 && durationMs <= Math.max(500, wanted.wait * (wanted.spread ?? 1)), `${what}: the retry's event has ${durationMs} ms`);
  }
}

function checkReset(seconds, { resetAt, ended }, what) {
  if (seconds === undefined) return assert.equal(resetAt, undefined, what);
  const is = seconds === "midnight" ? Math.ceil(ended / DAY_MS) * DAY_MS : ended + seconds * 1000;
  assert.ok(Math.abs(resetAt - is) < 1500, `${what}: resetAt is ${new Date(resetAt).toISOString()}, not ${new Date(is).toISOString()}`);
}

/** Runs so many at once, first come, first served. */
export function pool(size) {
  let free = size;
  const waiting = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
