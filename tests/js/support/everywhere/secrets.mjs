// In every runtime, no error, log line or event holds a credential: of any number of concurrent calls, in every form in which servers
// repeat it, and wherever a text is cut.
import { check, newClient, pause, same, showsNo } from "./checks.mjs";
import { respond, scripted } from "../script.mjs";
import { rejection } from "../wait.mjs";

const MARK = "5ecre7c0ffee";
const secret = (number) => `v1u:${MARK}-${number}-${"xyz/".repeat(4)}`;
const token = secret(1);

/** A client whose events and lines are kept. */
function listening(sdk, config) {
  const texts = [];
  const log = (line) => texts.push(line);
  const client = newClient(sdk, { baseUrl: "https://backend.example", maxRetries: 0, logLevel: "debug", logger: { error: log, warn: log, info: log, debug: log }, onEvent: (event) => texts.push(JSON.stringify(event)), ...config });
  return { client, texts };
}

/** Fails if a credential is in a client's events and lines, or in an error. */
function hidden(texts, error, world, what) {
  for (const text of texts) check(!String(text).includes(MARK), `${what}: ${text}`);
  showsNo(MARK, error, world, what);
}

/** A server that repeats all that identifies its caller, after all have called. */
const echoing = (status) =>
  scripted(async ({ headers }) => {
    await pause(5);
    const all = ["authorization", "x-api-token", "cookie", "x-session-token", "x-api-key", "proxy-authorization"].map((name) => headers[name]).filter(Boolean).join(" and ");
    return respond(status, { success: false, error: `unknown ${all}`, error_info: `it was ${all}`, code: all }, { "x-echo": all, "x-correlation-id": all.slice(0, 60), "www-authenticate": all });
  });

// How each of many concurrent calls has a credential of its own.
const OWN = {
  "from a credential function": { config: () => ({ accessToken: cycling() }) },
  "as an authorization header of the call": { options: (index) => ({ authorization: `Bearer ${secret(index)}` }) },
  "as x-api-token of the call": { options: (index) => ({ "X-Api-Token": secret(index) }) },
  "as a cookie of the call": { options: (index) => ({ cookie: `theme=dark; session=${secret(index)}; lang=en` }) },
  "as a header of a backend's own": { options: (index) => ({ "x-session-token": secret(index), "X-Api-Key": secret(index), "proxy-authorization": `Basic ${secret(index)}` }) },
  "as a cookie of the client": { config: () => ({ headers: { Cookie: `session="${secret("client")}"` } }) },
};

function cycling() {
  let count = 0;
  return () => secret(count++);
}

const FORMS = {
  "as it is": token,
  "after Bearer": `Bearer ${token}`,
  "in a URL": encodeURIComponent(token),
  "with escaped slashes": token.replaceAll("/", "\\/"),
  "twice in a row": token + token,
};

/** The scenarios by their names. */
export const SECRETS = {
  ...Object.fromEntries(Object.entries(OWN).map(([what, { config = () => ({}), options = () => ({}) }]) => [`the credentials of 60 concurrent calls, each ${what}`, async (sdk, world) => {
    for (const status of [401, 403, 500]) {
      const { client, texts } = listening(sdk, { ...config(), fetch: echoing(status).fetch, maxConcurrency: 60 });
      const errors = await Promise.all(Array.from({ length: 60 }, (_, index) => rejection(client.getUser(index + 1, { headers: options(index) }))));
      for (const error of errors) {
        check(error.message.includes("[redacted]"), error.message);
        hidden(texts, error, world, what);
      }
      check(texts.length > 120, `${texts.length} texts`);
    }
  }])),

  "the parts of a cookie are credentials, its names and short values are not": async (sdk) => {
    const { client } = listening(sdk, { fetch: scripted(() => respond(400, { success: false, error: `session ${secret(1)} is unknown, lang en` })).fetch, headers: { cookie: `session=${secret(1)}; lang=en` } });
    const { message } = await rejection(client.getUser(7));
    check(message.includes("session [redacted] is unknown, lang en"), message);
  },

  "a credential across the cut of a message, of a detail and of a body": async (sdk) => {
    // Wherever the cut is, the credential lies across it once.
    for (const cut of [64, 128, 200, 256, 300, 400, 500, 512, 1_000, 1_024, 2_000, 4_096, 1 << 20]) {
      for (let before = cut - token.length + 1; before < cut; before += 3) {
        const text = `${"a ".repeat(Math.floor(before / 2))}${before % 2 ? "b" : ""}${token} c`;
        for (const body of cut < 1 << 20 ? [{ success: false, error: text, error_info: text }] : [text]) {
          const { client, texts } = listening(sdk, { accessToken: token, fetch: async () => respond(400, body) });
          const error = await rejection(client.getUser(7));
          for (const part of [error.message, error.body, error.detail, ...texts].filter(Boolean)) check(!/v1u:|5ecre|c0ffee|xyz\//.test(part), `cut ${cut}, ${before} before: …${part.slice(-200)}`);
        }
      }
    }
  },

  // THREATS.md and FAULTS.md say so: the rest of what a server can make of a credential is the proxy's to find.
  "what is found of a credential: the whole, each long run of letters and digits in it, and what looks like an access token": async (sdk) => {
    const credential = "v1u:AQIBAHj0ABC.ghijklmnop-short";
    const shown = async (text) => {
      const { client } = listening(sdk, { accessToken: credential, fetch: async () => respond(400, { success: false, error: text }) });
      return (await rejection(client.getUser(7))).message.replace(/^.*?: /, "");
    };
    for (const text of [credential, encodeURIComponent(credential), "AQIBAHj0ABC", "ghijklmnop", credential.slice(0, -10), "v1u:of-another-1"]) {
      const what = await shown(`no <${text}> here`);
      check(!/AQIB|ghij|another/.test(what), what);
    }
    for (const text of ["AQIBAHj0A", "short", btoa(credential)]) check((await shown(`no <${text}> here`)).includes(text), text);
  },

  ...Object.fromEntries(Object.entries(FORMS).map(([what, form]) => [`a credential that a server repeats ${what}`, async (sdk, world) => {
    for (const body of [`{"success":false,"error":"no ${form}"}`, `<p>${form}</p>`, form]) {
      const { client, texts } = listening(sdk, { accessToken: token, fetch: async () => respond(500, body, { "x-echo": form }) });
      hidden(texts, await rejection(client.getUser(7)), world, what);
    }
  }])),

  "both credentials of a call that was refused and asked again": async (sdk, world) => {
    let count = 0;
    const { fetch } = scripted(() => respond(401, { success: false, error: `neither ${secret(1)} nor ${secret(2)}` }));
    const { client, texts } = listening(sdk, { accessToken: sdk.cachedToken(() => secret(++count)), fetch });
    const error = await rejection(client.getUser(7));
    same(error.attempts, 2);
    hidden(texts, error, world, "two credentials");
  },

  "an access token that the client never had: a backend's own, or one in what a credential function throws": async (sdk, world) => {
    const fetch = async () => respond(502, { success: false, error: `bad ${token}`, error_info: encodeURIComponent(token) });
    for (const config of [{ fetch }, { accessToken: () => { throw new Error(`cannot renew ${token}`); } }]) {
      const { client, texts } = listening(sdk, config);
      hidden(texts, await rejection(client.getUser(7)), world, "unknown token");
    }
  },

  "a credential in a notice of deprecation": async (sdk) => {
    const { client, texts } = listening(sdk, { accessToken: token, fetch: async () => respond(200, { success: true, data: {}, deprecation_warning: `ends for ${token}` }) });
    await client.getUser(7);
    check(texts.some((text) => text.includes("deprecated")), "no line of it");
    check(!texts.some((text) => text.includes(MARK)), "it shows a credential");
  },

  "what a refused configuration shows": async (sdk, world) => {
    for (const config of [{ accessToken: `${token} two` }, { baseUrl: `https://me:${token}@x.example` }, { accessToken: "t", baseUrl: `https://x.example/?api_token=${token}` }, { accessToken: "t", companyDomain: token }, { accessToken: "t", headers: { "x-a": `${token}\n` } }]) {
      const error = await rejection((async () => newClient(sdk, config))());
      same(error.name, "ConfigError");
      showsNo(MARK, error, world, "a configuration");
    }
  },

  "what a client itself shows": async (sdk, { inspect = String }) => {
    const { client } = listening(sdk, { accessToken: token, headers: { "x-mine": secret(2) }, fetch: async () => respond(400, "{}") });
    await rejection(client.getUser(7));
    for (const text of [inspect(client, { depth: 9, showHidden: true, getters: true }), JSON.stringify(client), Object.getOwnPropertyNames(client).join(), String(client)]) check(!text.includes(MARK), text);
  },

  "an error can be copied, sent to another thread, and shown": async (sdk, world) => {
    const { client } = listening(sdk, { accessToken: token, fetch: async () => respond(429, { success: false, error: `no ${token}` }, { "retry-after": "3600" }) });
    const error = await rejection(client.getUser(7));
    hidden([structuredClone(error).message, JSON.stringify({ ...error })], error, world, "a copy");
  },
};
