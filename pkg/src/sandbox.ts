import { checkKeys, describeType, isInteger } from "./check.js";
import { makeError } from "./errors.js";
import { type Company, source } from "./generated/sandbox.js";
import { APP as APP_DEFAULTS, TOKENS } from "./generated/tokens.js";
import { type Instance, loader } from "./load.js";

/** An OAuth app that the sandbox's users can authorise. What is not given is the sandbox's own. */
export interface SandboxApp {
  /** Default: `sandbox-app`. */
  clientId?: string;
  /** Default: `sandbox-app-secret`. */
  clientSecret?: string;
  /** Default: whatever lies on the loopback, or has https. */
  redirectUri?: string;
  /** Where the page `/sandbox/marketplace` sends a user who installs the app. Default: to the consent page, without a state. */
  installationUrl?: string;
  /** What users know it by. */
  name?: string;
  /** Default: `base`, `users:read`, `admin`. */
  scopes?: ("base" | "users:read" | "admin")[];
  /** Whether a new refresh token comes with each new access token, and the old one is over. Default: no. */
  rotate?: boolean;
  /** How long an access token lasts. Default: 3600. */
  accessTokenSeconds?: number;
}

/** Options of {@link createSandbox}. */
export interface SandboxOptions {
  /** Number of users of the company, 3 to 100 000. Default: 25. */
  users?: number;
  /** Maximum number of calls per token in 2 seconds, from 1. Default: 100 for an API token, 400 for an OAuth token. */
  burst?: number;
  /**
   * How the calls of those 2 seconds are counted. Default: `"rolling"`.
   *
   * - `"rolling"`, as Pipedrive documents it: at most `burst` calls in any 2 seconds. `x-ratelimit-reset` is the number of
   *   seconds until the oldest counted call leaves the window.
   * - `"fixed"`: the first call opens a window of 2 seconds, at whose end all its calls expire together.
   *   `x-ratelimit-reset` is the number of seconds until then.
   */
  window?: "rolling" | "fixed";
  /** Daily budget of the company, shared by all tokens, in cost units (which Pipedrive calls tokens). Default: 30 000 per user. */
  daily?: number;
  /** Seed of the generated data: the same seed gives the same company. Default: 7. */
  seed?: number;
  /** The OAuth app. */
  app?: SandboxApp;
}

/** An in-memory Pipedrive company, for tests, demos and development without a network. */
export interface Sandbox {
  /** Answers as Pipedrive does: give it to a `UsersClient` as its `fetch`. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** The API token of user 1, an admin. */
  readonly apiToken: string;
  /** An OAuth access token of user 1 with every scope. */
  readonly accessToken: string;
  /** The API token of user 2, who is not an admin. */
  readonly nonAdminToken: string;
  /** An OAuth access token of user 1 with only the scope `base`. */
  readonly baseToken: string;
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

const load = /* @__PURE__ */ loader(source);

const LIMITS: Record<Exclude<keyof SandboxOptions, "window" | "app">, readonly [min: number, max: number]> = {
  users: [3, 100_000],
  burst: [1, 4294967295],
  daily: [0, 4294967295],
  seed: [0, Number.MAX_SAFE_INTEGER],
};

const WINDOWS: readonly unknown[] = ["rolling", "fixed"] satisfies SandboxOptions["window"][];

const APP: (keyof SandboxApp)[] = ["clientId", "clientSecret", "redirectUri", "installationUrl", "name", "scopes", "rotate", "accessTokenSeconds"];

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
  const is = { status, ok: status >= 200 && status < 300, headers: new Map(headers), text: async () => text, json: async () => JSON.parse(text) as unknown };
  return is as unknown as Response;
}

/** Makes an in-memory Pipedrive company. The module is loaded behind the first request. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  checkKeys("config", undefined, "the sandbox's options", options, [...Object.keys(LIMITS), "window", "app"]);
  const { window = "rolling", app = {} } = options;
  checkKeys("config", undefined, "the sandbox's app", app, APP);
  for (const [name, [min, max]] of Object.entries(LIMITS)) {
    const value = options[name as keyof typeof LIMITS];
    if (value !== undefined && !isInteger(value, min, max)) {
      throw makeError(`${name} must be an integer from ${min} to ${max}, got ${describeType(value)}`, { kind: "config" });
    }
  }
  if (!WINDOWS.includes(window)) throw makeError(`window must be "rolling" or "fixed", got ${describeType(window)}`, { kind: "config" });
  let company: Promise<{ company: Company; instance: Instance<unknown> }> | undefined;
  const make = async () => {
    const instance = await load();
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    return { company: new instance.exports.Company(given), instance };
  };
  const open = () =>
    make().catch((error: unknown) => {
      company = undefined;
      throw error;
    });

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
      const stopped = (cause: unknown) => reject(makeError("the sandbox stopped on a fault of its own", { kind: "load", cause }));
      const id = load.nextCallId();
      instance.calls.set(id, { stopped });
      at.handle(request.method, request.url, [...request.headers].flat(), body, Date.now(), {
        answer(status: number, headers: [string, string][], text: string) {
          resolve(responseOf(status, headers, text));
        },
      });
      instance.calls.delete(id);
    });
  };
  const { clientId = APP_DEFAULTS.clientId, clientSecret = APP_DEFAULTS.clientSecret, redirectUri = "https://app.example/callback" } = app;
  const companyId = async (): Promise<number> => {
    const response = await answer("/v1/users/me", { headers: { "x-api-token": TOKENS.apiToken } });
    return ((await response.json()) as { data: { company_id: number } }).data.company_id;
  };
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
