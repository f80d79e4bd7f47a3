import { checkKeys, checkSetting, describeType, integer, isInteger } from "./check.js";
import { makeError } from "./errors.js";
import { type Company, source } from "./generated/sandbox.js";
import { APP, APP_NAMES, OPTION_NAMES, RANGES, type SandboxApp, type SandboxOptions, type SandboxTokens, TOKENS, WINDOWS } from "./generated/sandbox-data.js";
import { Loader } from "./load.js";

export type { SandboxApp, SandboxOptions };

/** An in-memory Pipedrive company, for tests, demos and development without a network. */
export interface Sandbox extends SandboxTokens {
  /** Answers as Pipedrive does: give it to a `UsersClient` as its `fetch`. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** The OAuth app that users can authorise at `/oauth/authorize`. */
  readonly app: { readonly clientId: string; readonly clientSecret: string };
  /**
   * Signs the token with which an app extension's page proves who its user is, with the app's client secret: for tests of a backend.
   * It expires after 300 seconds by default.
   */
  readonly signedToken: (options: { userId: number; expiresInSeconds?: number }) => Promise<string>;
  /**
   * Returns the request that Pipedrive sends to the callback URL when a user uninstalls the app, and ends the user's consent as
   * Pipedrive does before. The URL is that of `app.redirectUri`, if it has one.
   */
  readonly uninstallRequest: (options: { userId: number }) => Promise<Request>;
}

const loader = /* @__PURE__ */ new Loader(source);

/** What the sandbox looks at of a request. */
type Asked = Pick<Request, "method" | "url" | "headers" | "text"> & { readonly signal?: AbortSignal | null | undefined };

/** A path needs a host that nobody asks: the sandbox answers for every host. */
const addressed = (url: string) => (url.startsWith("/") ? `https://sandbox.invalid${url}` : url);

// Test environments that imitate a page, such as Jest's, have none of fetch's classes. What is used of them is little.

function requestOf(input: string | URL | Request, init: RequestInit = {}): Asked {
  if (typeof Request === "function") return new Request(typeof input === "string" ? addressed(input) : input, init);
  const { method = "GET", headers = [], body, signal } = init;
  const entries = Symbol.iterator in headers ? [...(headers as Iterable<[string, string]>)] : Object.entries(headers as Record<string, string>);
  return { method, url: addressed(String(input)), headers: new Map(entries) as unknown as Headers, text: async () => String(body ?? ""), signal };
}

function responseOf(status: number, headers: [string, string][], text: string): Response {
  if (typeof Response === "function") return new Response(status === 204 ? null : text, { status, headers });
  return { status, ok: status >= 200 && status < 300, headers: new Map(headers), text: async () => text, json: async () => JSON.parse(text) as unknown } as unknown as Response;
}

/** Makes an in-memory Pipedrive company. The module is loaded behind the first request. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  checkKeys("config", undefined, "the sandbox's options", options, OPTION_NAMES);
  const { app = {} } = options;
  checkKeys("config", undefined, "the sandbox's app", app, APP_NAMES);
  for (const [name, range] of Object.entries(RANGES)) checkSetting(name, options[name as keyof typeof RANGES], integer(range));
  checkSetting("window", options.window, [(window) => WINDOWS.includes(window), WINDOWS.map((window) => `"${window as string}"`).join(" or ")]);
  let company: ReturnType<typeof open> | undefined;
  const open = async () => {
    try {
      const instance = await loader.load();
      const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
      return { company: new instance.exports.Company(given), instance };
    } catch (error) {
      company = undefined;
      throw error;
    }
  };

  const answer = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = requestOf(input, init);
    request.signal?.throwIfAborted();
    const body = await request.text();
    let opened = await (company ??= open());
    // A fault has taken the company with it: a new one is opened.
    if (opened.instance.stopped) opened = await (company = open());
    const { company: at, instance } = opened;
    request.signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const call = { stopped: (cause: unknown) => reject(makeError("the sandbox stopped on a fault of its own", { kind: "load", cause })) };
      instance.calls.add(call);
      const receiver = { answer: (...answer: Parameters<typeof responseOf>) => resolve(responseOf(...answer)) };
      at.handle(request.method, request.url, [...request.headers].flat(), body, Date.now(), receiver);
      instance.calls.delete(call);
    });
  };
  const { clientId = APP.clientId, clientSecret = APP.clientSecret, redirectUri = "https://app.example/callback" } = app;
  const currentUser = async () => (await answer("/v1/users/me", { headers: { "x-api-token": TOKENS.apiToken } })).json() as Promise<{ data: { company_id: number } }>;
  const companyId = async () => (await currentUser()).data.company_id;
  const checkUser = (userId: unknown) => {
    if (!isInteger(userId, 1)) throw makeError(`userId must be a positive integer, got ${describeType(userId)}`, { kind: "argument" });
  };
  return {
    fetch: answer,
    ...TOKENS,
    app: { clientId, clientSecret },
    async signedToken({ userId, expiresInSeconds = 300 }) {
      checkUser(userId);
      const now = Math.floor(Date.now() / 1000);
      return signJwt({ userId, companyId: await companyId(), iat: now, exp: now + expiresInSeconds }, clientSecret);
    },
    async uninstallRequest({ userId }) {
      checkUser(userId);
      await answer(`/sandbox/oauth/uninstall?user=${userId}`, { method: "POST" });
      const body = JSON.stringify({ client_id: clientId, company_id: await companyId(), user_id: userId, timestamp: new Date().toISOString() });
      const headers = { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}`, "content-type": "application/json" };
      return new Request(redirectUri, { method: "DELETE", headers, body });
    },
  };
}

/** Signs a JSON Web Token with HS256. */
async function signJwt(claims: object, secret: string): Promise<string> {
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const base64url = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const signed = [{ alg: "HS256", typ: "JWT" }, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join(".");
  const key = await crypto.subtle.importKey("raw", utf8(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return `${signed}.${base64url(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8(signed))))}`;
}
