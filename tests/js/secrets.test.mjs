// No error, log line or event ever holds a credential: of any number of concurrent calls, in every form in which servers
// repeat it, and wherever a text is cut.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { cachedToken, UsersClient } from "pipedrive-users";
import { respond, scripted } from "./support/script.mjs";
import { rejection, settle } from "./support/wait.mjs";

const MARK = "5ecre7c0ffee";
const secret = (number) => `v1u:${MARK}-${number}-${"xyz/".repeat(4)}`;

/** A client whose events and lines are kept, with its errors' texts. */
function listening(config) {
  const texts = [];
  const log = (line) => texts.push(line);
  const client = new UsersClient({ baseUrl: "https://backend.example", maxRetries: 0, logLevel: "debug", logger: { error: log, warn: log, info: log, debug: log }, onEvent: (event) => texts.push(JSON.stringify(event)), ...config });
  return { client, texts };
}

/** Each text in which an error could show a credential. */
const textsOf = (error) => [error.message, error.stack, String(error), JSON.stringify(error), error.body, error.detail, error.code, error.requestId, JSON.stringify(error.headers), inspect(error, { depth: 9, showHidden: true, maxStringLength: Infinity })];
function check(texts, what) {
  for (const text of texts) assert.ok(!String(text ?? "").includes(MARK), `${what}: ${String(text).slice(0, 1_000)}`);
}

/** A server that repeats all that identifies its caller, after all have called. */
const echoing = (status = 401) =>
  scripted(async ({ headers }) => {
    await settle(5);
    const all = ["authorization", "x-api-token", "cookie", "x-session-token", "x-api-key", "proxy-authorization"].map((name) => headers[name]).filter(Boolean).join(" and ");
    return respond(status, { success: false, error: `unknown ${all}`, error_info: `it was ${all}`, code: all }, { "x-echo": all, "x-correlation-id": all.slice(0, 60), "www-authenticate": all });
  });

// How each of many concurrent calls has a credential of its own.
const OWN = {
  "from a credential function": { config: { accessToken: cycling() }, options: () => ({}) },
  "as an authorization header of the call": { config: {}, options: (index) => ({ headers: { authorization: `Bearer ${secret(index)}` } }) },
  "as x-api-token of the call": { config: {}, options: (index) => ({ headers: { "X-Api-Token": secret(index) } }) },
  "as a cookie of the call": { config: {}, options: (index) => ({ headers: { cookie: `theme=dark; session=${secret(index)}; lang=en` } }) },
  "as a header of a backend's own": { config: {}, options: (index) => ({ headers: { "x-session-token": secret(index), "X-Api-Key": secret(index), "proxy-authorization": `Basic ${secret(index)}` } }) },
  "as a cookie of the client": { config: { headers: { Cookie: `session="${secret("client")}"` } }, options: () => ({}) },
};

function cycling() {
  let count = 0;
  return () => secret(count++);
}

for (const [what, { config, options }] of Object.entries(OWN)) {
  test(`the credentials of 60 concurrent calls, each ${what}`, async () => {
    for (const status of [401, 403, 500]) {
      const { fetch } = echoing(status);
      const { client, texts } = listening({ ...config, fetch, maxConcurrency: 60 });
      const errors = await Promise.all(Array.from({ length: 60 }, (_, index) => rejection(client.getUser(index + 1, options(index)))));
      for (const error of errors) {
        assert.ok(error.message.includes("[redacted]"), error.message);
        check(textsOf(error), what);
      }
      check(texts, what);
      assert.ok(texts.length > 120);
    }
  });
}

test("the parts of a cookie are credentials, its names and short values are not", async () => {
  const { client } = listening({ fetch: scripted(() => respond(400, { success: false, error: `session ${secret(1)} is unknown, lang en` })).fetch, headers: { cookie: `session=${secret(1)}; lang=en` } });
  const { message } = await rejection(client.getUser(7));
  assert.match(message, /session \[redacted\] is unknown, lang en/);
});

test("a credential across the cut of a message, of a detail and of a body", async () => {
  const token = secret(1);
  // Wherever the cut is, the credential lies across it once.
  for (const cut of [64, 128, 200, 256, 300, 400, 500, 512, 1_000, 1_024, 2_000, 4_096, 1 << 20]) {
    for (let before = cut - token.length + 1; before < cut; before += 3) {
      const text = `${"a ".repeat(Math.floor(before / 2))}${before % 2 ? "b" : ""}${token} c`;
      for (const body of cut < 1 << 20 ? [{ success: false, error: text, error_info: text }] : [text]) {
        const { client, texts } = listening({ accessToken: token, fetch: async () => respond(400, body) });
        const error = await rejection(client.getUser(7));
        const parts = [error.message, error.body, error.detail, ...texts].filter(Boolean);
        for (const part of parts) assert.ok(!/v1u:|5ecre|c0ffee|xyz\//.test(part), `cut ${cut}, ${before} before: …${part.slice(-200)}`);
      }
    }
  }
});

// THREATS.md and FAULTS.md say so: the rest of what a server can make of a credential is the proxy's to find.
test("what is found of a credential: the whole, each long run of letters and digits in it, and what looks like an access token", async () => {
  const token = "v1u:AQIBAHj0ABC.ghijklmnop-short";
  const shown = async (text) => {
    const { client } = listening({ accessToken: token, fetch: async () => respond(400, { success: false, error: text }) });
    return (await rejection(client.getUser(7))).message.replace(/^.*?: /, "");
  };
  for (const text of [token, encodeURIComponent(token), "AQIBAHj0ABC", "ghijklmnop", token.slice(0, -10), "v1u:of-another-1"]) assert.doesNotMatch(await shown(`no <${text}> here`), /AQIB|ghij|another/, text);
  for (const text of ["AQIBAHj0A", "short", btoa(token)]) assert.ok((await shown(`no <${text}> here`)).includes(text), text);
});

const token = secret(1);
const FORMS = {
  "as it is": token,
  "after Bearer": `Bearer ${token}`,
  "in a URL": encodeURIComponent(token),
  "with escaped slashes": token.replaceAll("/", "\\/"),
  "twice in a row": token + token,
};
for (const [what, form] of Object.entries(FORMS)) {
  test(`a credential that a server repeats ${what}`, async () => {
    for (const body of [`{"success":false,"error":"no ${form}"}`, `<p>${form}</p>`, form]) {
      const { client, texts } = listening({ accessToken: token, fetch: async () => respond(500, body, { "x-echo": form }) });
      const error = await rejection(client.getUser(7));
      check([...textsOf(error), ...texts], what);
    }
  });
}

test("both credentials of a call that was refused and asked again", async () => {
  let count = 0;
  const { fetch } = scripted(() => respond(401, { success: false, error: `neither ${secret(1)} nor ${secret(2)}` }));
  const { client, texts } = listening({ accessToken: cachedToken(() => secret(++count)), fetch });
  const error = await rejection(client.getUser(7));
  assert.equal(error.attempts, 2);
  check([...textsOf(error), ...texts], "two credentials");
});

test("an access token that the client never had: a backend's own, or one in what a credential function throws", async () => {
  const fetch = async () => respond(502, { success: false, error: `bad ${token}`, error_info: encodeURIComponent(token) });
  for (const config of [{ fetch }, { accessToken: () => { throw new Error(`cannot renew ${token}`); } }]) {
    const { client, texts } = listening(config);
    check([...textsOf(await rejection(client.getUser(7))), ...texts], "unknown token");
  }
});

test("a credential in a notice of deprecation", async () => {
  const { client, texts } = listening({ accessToken: token, fetch: async () => respond(200, { success: true, data: {}, deprecation_warning: `ends for ${token}` }) });
  await client.getUser(7);
  assert.ok(texts.some((text) => text.includes("deprecated")));
  check(texts, "deprecation");
});

test("what a refused configuration shows", () => {
  for (const config of [{ accessToken: `${token} two` }, { baseUrl: `https://me:${token}@x.example` }, { accessToken: "t", baseUrl: `https://x.example/?api_token=${token}` }, { accessToken: "t", companyDomain: token }, { accessToken: "t", headers: { "x-a": `${token}\n` } }]) {
    try {
      new UsersClient(config);
      assert.fail("it was not refused");
    } catch (error) {
      assert.equal(error.name, "ConfigError");
      check([error.message, inspect(error, { depth: 9, showHidden: true })], "configuration");
    }
  }
});

test("what a client itself shows", async () => {
  const { client } = listening({ accessToken: token, headers: { "x-mine": secret(2) }, fetch: async () => respond(400, "{}") });
  await rejection(client.getUser(7));
  check([inspect(client, { depth: 9, showHidden: true, getters: true }), JSON.stringify(client), Object.getOwnPropertyNames(client).join(), String(client)], "client");
});
