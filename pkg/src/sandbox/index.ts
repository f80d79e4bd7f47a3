import { type Accepted, checkKeys, checkSetting, describeType, integer, isInteger, own } from "../check.js";
import { isPipedriveError, makeError } from "../errors.js";
import { OPERATIONS } from "../generated/operations.js";
import { type Company, source } from "../generated/sandbox.js";
import {
  APP, APP_NAMES, FAILURE_NAMES, FAILURE_RANGES, FAULTS, OPTION_NAMES, RANGES, type SandboxApp, type SandboxFailure, type SandboxOptions, type SandboxTokens,
  TOKENS, WINDOWS,
} from "../generated/sandbox-data.js";
import { Loader } from "../load.js";
import { deliver, requestOf } from "./fetch.js";

export { fakePage, type FakePageOptions } from "./fake-page.js";

export type { SandboxApp, SandboxFailure, SandboxOptions };

/** An in-memory Pipedrive company, for tests, demos and development without a network. */
export interface Sandbox extends SandboxTokens {
  /** Answers as Pipedrive does: give it to a `UsersClient` as its `fetch`. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /**
   * Makes one or several of the next requests fail: with a status, or as `fault` says. Failures come in the order in which they were
   * asked for, each to the next request of its operation. A failure that is not usable throws a `ConfigError`.
   */
  readonly fail: (failure: SandboxFailure) => void;
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

/** Makes an in-memory Pipedrive company. The module is loaded behind the first request. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  checkKeys("config", undefined, "the sandbox's options", options, OPTION_NAMES);
  const { app = {} } = options;
  checkKeys("config", undefined, "the sandbox's app", app, APP_NAMES);
  checkNumbers(options, RANGES);
  checkOneOf("window", options.window, WINDOWS);
  for (const name of ["webhookUrl", "webhookUsername", "webhookPassword"] as const) checkSetting(name, options[name], TEXT);
  for (const [name, accepted] of Object.entries(APP_SETTINGS)) checkSetting(`app.${name}`, app[name as keyof SandboxApp], accepted);
  const failures: SandboxFailure[] = [];
  let company: ReturnType<typeof open> | undefined;
  const open = async () => {
    try {
      const instance = await loader.load();
      return { company: openCompany(instance.exports.Company, defined({ ...options, app: defined(app) })), instance };
    } catch (error) {
      company = undefined;
      throw error;
    }
  };

  const running = async () => {
    const opened = await (company ??= open());
    // A fault has taken the company with it: a new one is opened.
    return opened.instance.stopped ? (company = open()) : opened;
  };

  // They are kept, because Node.js does not abort the signal of a request that was garbage-collected.
  const delivering = new Set<unknown>();
  const answer = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = requestOf(input, init);
    request.signal?.throwIfAborted();
    const body = await request.text();
    const { company: at, instance } = await running();
    request.signal?.throwIfAborted();
    for (const failure of failures.splice(0)) at.fail(failure);
    const answer = await new Promise<Parameters<typeof deliver>[0]>((resolve, reject) => {
      const call = { stopped: (cause: unknown) => reject(makeError("the sandbox stopped on a fault of its own", { kind: "load", cause })) };
      instance.calls.add(call);
      at.handle(request.method, request.url, [...request.headers].flat(), body, Date.now(), { answer: (...answer: Parameters<typeof deliver>[0]) => resolve(answer) });
      instance.calls.delete(call);
    });
    for (const webhook of at.takeWebhooks() as Parameters<typeof sendWebhook>[]) sendWebhook(...webhook);
    const both = [request, input];
    delivering.add(both);
    try {
      return await deliver(answer, request.signal);
    } finally {
      delivering.delete(both);
    }
  };
  const { clientId = APP.clientId, clientSecret = APP.clientSecret, redirectUri = "https://app.example/callback" } = app;
  const companyId = async () => (await running()).company.id;
  const checkUser = (userId: unknown) => {
    if (!isInteger(userId, 1)) throw makeError(`userId must be a positive integer, got ${describeType(userId)}`, { kind: "argument" });
  };
  return {
    fetch: answer,
    fail: (failure) => void failures.push(checkFailure(failure)),
    ...TOKENS,
    app: { clientId, clientSecret },
    async signedToken(options) {
      checkKeys("argument", undefined, "the options of signedToken", options, ["userId", "expiresInSeconds"]);
      const { userId, expiresInSeconds = 300 } = options;
      checkUser(userId);
      // One that has expired is good for a test.
      if (!Number.isFinite(expiresInSeconds)) throw makeError(`expiresInSeconds must be a number, got ${describeType(expiresInSeconds)}`, { kind: "argument" });
      const now = Math.floor(Date.now() / 1000);
      return signJwt({ userId, companyId: await companyId(), iat: now, exp: now + expiresInSeconds }, clientSecret);
    },
    async uninstallRequest(options) {
      checkKeys("argument", undefined, "the options of uninstallRequest", options, ["userId"]);
      const { userId } = options;
      checkUser(userId);
      // Before anything else: an installation that follows is later than it.
      const timestamp = new Date().toISOString();
      await answer(`/sandbox/oauth/uninstall?user=${userId}`, { method: "POST" });
      const body = JSON.stringify({ client_id: clientId, company_id: await companyId(), user_id: userId, timestamp });
      const headers = { authorization: `Basic ${base64(utf8(`${clientId}:${clientSecret}`))}`, "content-type": "application/json" };
      return new Request(redirectUri, { method: "DELETE", headers, body });
    },
  };
}

/** Opens a company. What its OAuth app cannot be, only Rust knows. */
function openCompany(CompanyOf: typeof Company, options: object): Company {
  try {
    return new CompanyOf(options);
  } catch (error) {
    throw isPipedriveError(error) ? error : makeError(String((error as Partial<Error>).message), { kind: "config" });
  }
}

/** Sends a webhook as Pipedrive does, behind the call, which does not wait for it; one that fails is lost. */
function sendWebhook(url: string, body: string, headers: [string, string][]): void {
  void fetch(url, { method: "POST", body, headers, redirect: "manual" }).catch(() => undefined);
}

const TEXT: Accepted = [(value) => typeof value === "string", "a string"];
const ADDRESS: Accepted = [(value) => typeof value === "string" && URL.canParse(value), "a URL"];

const APP_SETTINGS: Readonly<Record<string, Accepted>> = {
  clientId: TEXT, clientSecret: TEXT, name: TEXT, redirectUri: ADDRESS, installationUrl: ADDRESS,
  scopes: [Array.isArray, "a list"],
  rotate: [(value) => typeof value === "boolean", "true or false"],
  accessTokenSeconds: integer([1, 2 ** 32 - 1]),
};

type Numbers = Readonly<Record<string, readonly [number, number]>>;

const checkNumbers = (given: object, ranges: Numbers): void =>
  Object.entries(ranges).forEach(([name, range]) => checkSetting(name, given[name as keyof typeof given], integer(range)));

const checkOneOf = (name: string, value: unknown, values: readonly unknown[]): void =>
  checkSetting(name, value, [(value) => values.includes(value), values.map((value) => `"${value as string}"`).join(" or ")]);

/** The members that are given: what is undefined is not. */
const defined = (given: object): object => own(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));

/** Refuses a failure that Rust would refuse, now and not with the next request. */
function checkFailure(failure: SandboxFailure): object {
  checkKeys("config", undefined, "a failure of the sandbox", failure, FAILURE_NAMES);
  const { operation, status, fault, delayMs } = failure;
  checkOneOf("operation", operation, [...OPERATIONS, "token"]);
  checkOneOf("fault", fault, FAULTS);
  checkNumbers(failure, FAILURE_RANGES);
  const isComplete = status === undefined ? fault !== undefined || delayMs !== undefined : fault === undefined;
  if (!isComplete) throw makeError("give a failure of the sandbox a status or a fault, or delayMs alone", { kind: "config" });
  return defined(failure);
}

const utf8 = (text: string) => new TextEncoder().encode(text);
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));

/** Signs a JSON Web Token with HS256. */
async function signJwt(claims: object, secret: string): Promise<string> {
  const base64url = (bytes: Uint8Array) => base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const signed = [{ alg: "HS256", typ: "JWT" }, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join(".");
  const key = await crypto.subtle.importKey("raw", utf8(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return `${signed}.${base64url(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8(signed))))}`;
}
