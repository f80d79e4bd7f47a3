import { checkKeys, checkSetting, describeType, isInteger } from "../../check.js";
import { isPipedriveError, makeError } from "../../errors.js";
import { ENDPOINTS, type OperationId } from "../../generated/operations.js";
import { SETTINGS } from "../../generated/settings.js";
import { checkConfig, KINDS } from "../../config.js";
import { throwFromCaller } from "../../stack.js";
import type { UsersClientOptions } from "../../types.js";
import { configError, Refusal, type ServerCore, serverCore } from "../core.js";
import { within } from "../deadline.js";
import { logError, textOf } from "../log.js";
import { internalsOf } from "../oauth/internals.js";
import type { OAuth } from "../oauth/oauth.js";
import { type Identity, isIdentity } from "../oauth/tenant.js";
import { CompanyPool, type UpstreamResponse, type UserCredential } from "./company-pool.js";
import { inputOf, type ProxyInput, type ProxyReply, setDirectHandler } from "./message.js";
import { parseProxyRequest } from "./request.js";
import { VerifiedTokens } from "./verified-tokens.js";
import { errorReply, FORWARDED_HEADERS, JSON_HEADERS, replyOf, toResponse } from "./response.js";

/** The settings of a proxy. */
export interface UsersProxyConfig extends Pick<UsersClientOptions, "timeoutMs" | "maxConcurrency" | "dailyTokenBudget" | "limits" | "logger" | "logLevel" | "onEvent"> {
  /** Provides the users' access tokens. */
  oauth?: OAuth | undefined;
  /** Instead of `oauth`: one company's API token, which all users share. It needs `authenticate`. */
  apiToken?: string | undefined;
  /** With `apiToken`: the company's own label, such as `"casinoroyale"`. Default: requests go to api.pipedrive.com. */
  companyDomain?: string | undefined;
  /** With `apiToken`: the URL of a server instead of Pipedrive's, such as a sandbox. */
  baseUrl?: string | undefined;
  /** With `apiToken`: used instead of the runtime's `fetch`. */
  fetch?: UsersClientOptions["fetch"] | undefined;
  /** The app's JWT secret, or its client secret if none was set: pages send their signed token as a Bearer token. */
  signedTokenSecret?: string | undefined;
  /** Instead of `signedTokenSecret`: returns the user that a request is from, or undefined to refuse it with a 401. */
  authenticate?: ((request: Request) => Identity | undefined | Promise<Identity | undefined>) | undefined;
  /** The write operations that are allowed, such as `["updateUser"]`. Those that only read are always allowed. */
  allow?: readonly OperationId[] | undefined;
  /** Origins whose pages may send requests, in addition to the proxy's own. */
  allowedOrigins?: readonly string[] | undefined;
  /**
   * The proxy's own origin, such as `https://app.example`, if a reverse proxy terminates TLS, so that requests arrive over http, or
   * changes their host. It is then the only one. Default: that of the app's `redirectUri` if it has the same host, otherwise that of the request.
   */
  origin?: string | undefined;
  /** The path before `/v1` and `/api/v2`, such as `/pipedrive`. By default any path may be there. */
  basePath?: string | undefined;
  /** Accepts requests with cookies, which are never forwarded. Default: true with `authenticate`, which may read them, otherwise false. */
  allowCookies?: boolean | undefined;
}

/** Handles a page's requests as Pipedrive would. */
export type UsersProxy = (request: Request) => Promise<Response>;

const KNOWN: readonly (keyof UsersProxyConfig)[] = [
  "oauth", "apiToken", "companyDomain", "baseUrl", "fetch", "origin", "signedTokenSecret", "authenticate", "allow", "allowedOrigins", "basePath", "allowCookies", "timeoutMs", "maxConcurrency", "dailyTokenBudget", "limits", "logger", "logLevel", "onEvent",
];

/**
 * Makes the backend of a page that must not hold an access token. It identifies the user, accepts only the ten operations, adds the user's
 * token and responds as Pipedrive does, so that the page can use `new UsersClient({ baseUrl: "/pipedrive", accessToken: () => signedToken })`.
 * Each user has limits of their own, as at Pipedrive; `dailyTokenBudget` is what a company may spend. With `apiToken` instead of `oauth`,
 * all users share that token.
 */
export function createUsersProxy(config: UsersProxyConfig): UsersProxy {
  const { oauth, signedTokenSecret, authenticate, allow = [], allowedOrigins = [], basePath, timeoutMs, maxConcurrency, dailyTokenBudget } = throwFromCaller(createUsersProxy, () => checked(config));
  const { apiToken, companyDomain, baseUrl, allowCookies = authenticate !== undefined, limits, logger = console, logLevel, onEvent } = config;
  const tenants = internalsOf(oauth);
  const settings = { timeoutMs, maxConcurrency, dailyTokenBudget, limits, logger, logLevel, onEvent, fetch: (tenants?.fetch ?? config.fetch) as UsersClientOptions["fetch"] };
  const companies = new CompanyPool(settings, tenants ? undefined : { ...checkConfig({ ...settings, logger: undefined, apiToken, companyDomain, baseUrl }), logger }, apiToken);
  const ownOrigin = config.origin ?? tenants?.origin;
  const waitMs = timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const verified = new VerifiedTokens(signedTokenSecret ?? "");

  /** Returns the user that a request is from. */
  const identify = async (input: ProxyInput, core: ServerCore): Promise<Identity> => {
    if (authenticate) {
      const identity = await within(waitMs, () => authenticate(input.toRequest()), () => makeError(`the server did not identify the user within ${waitMs} ms`, { kind: "timeout" }));
      if (isIdentity(identity)) return { companyId: identity.companyId, userId: identity.userId };
      if (identity) throw configError("authenticate must return { companyId, userId }, two positive integers, or undefined");
      throw new Refusal(401, "unauthorized access", "This server does not know the user.");
    }
    const [, token] = /^Bearer +([\x21-\x7e]+)$/i.exec(input.header("authorization") ?? "") ?? [];
    if (token === undefined) throw new Refusal(401, "unauthorized access", "Send the signed token that GET_SIGNED_TOKEN returns, as a Bearer token.");
    return verified.verify(token, core);
  };

  const handle = async (input: ProxyInput, origin: string | undefined): Promise<ProxyReply> => {
    const { method, url, signal } = input;
    const isAllowed = origin !== undefined && allowedOrigins.includes(origin);
    if (origin !== undefined && !isAllowed && !isOwn(origin, url, ownOrigin, config.origin !== undefined)) {
      throw new Refusal(403, "Forbidden", "allowedOrigins does not name the origin of this page.");
    }
    // A page that embeds the response of a GET, such as an image, sends no origin, but cookies.
    if (!isAllowed && authenticate && !/^(same-origin|none)?$/.test(input.header("sec-fetch-site") ?? "")) {
      throw new Refusal(403, "Forbidden", "A page of another origin sent this request.");
    }
    if (method === "OPTIONS") {
      const writes = allow.map((operation) => ENDPOINTS[operation].method);
      const headers = { "access-control-allow-methods": [...new Set(["GET", ...writes])].join(", "), "access-control-allow-headers": "authorization, content-type", "access-control-max-age": "600" };
      return { status: 204, headers };
    }
    if (input.header("x-api-token") !== undefined) throw new Refusal(400, "Bad request", "API tokens are not accepted: the server adds the credential.");
    if (!allowCookies && hasCookies(input)) throw new Refusal(400, "Bad request", 'Cookies are not accepted: send the request with credentials: "omit", or set allowCookies.');
    const core = await serverCore();
    const [operation, id] = core.permit(method, pathOf(url, basePath), allow);
    const identity = await identify(input, core);
    const parsed = await parseProxyRequest(input, operation, id, waitMs);
    const tenant = tenants?.tenant(identity);
    const credential: UserCredential | undefined =
      tenant &&
      (async ({ refused }) => {
        if (refused !== undefined) tenant.refuse(refused);
        return { token: await tenant.token(), apiDomain: tenant.apiDomain, tenant };
      });
    return forward(await companies.send(identity, parsed, credential, signal));
  };

  const toErrorReply = ({ signal }: ProxyInput, error: unknown): ProxyReply => {
    // The page is gone.
    if (signal.aborted) return { status: 499, headers: {} };
    const reply = errorReply(error);
    // The response does not say why.
    if ((reply.status === 500 || isPipedriveError(error, "connection")) && logLevel !== "off") logError(logger, `proxy: ${isPipedriveError(error) ? error.message : textOf(error)}`);
    return reply;
  };

  const handleDirectly = async (input: ProxyInput): Promise<ProxyReply> => {
    const origin = input.header("origin");
    let reply: ProxyReply;
    try {
      reply = await handle(input, origin);
    } catch (error) {
      reply = toErrorReply(input, error);
    }
    const { headers } = reply;
    headers["vary"] = "origin";
    if (origin !== undefined && allowedOrigins.includes(origin)) {
      headers["access-control-allow-origin"] = origin;
      headers["access-control-expose-headers"] = FORWARDED_HEADERS.join(", ");
    }
    return reply;
  };
  const proxy: UsersProxy = async (request) => toResponse(await handleDirectly(inputOf(request)));
  setDirectHandler(proxy, handleDirectly);
  return proxy;
}

/** Returns the path as Pipedrive has it. */
function pathOf({ pathname }: URL, basePath: string | undefined): string {
  if (basePath !== undefined) return pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : "";
  // Only plain names before it: no escapes, dots or empty segments.
  return /^(?:\/[\w-]+)*?((?:\/api\/v[12]|\/v1)\/.*)$/.exec(pathname)?.[1] ?? "";
}

/** How long a body may take to arrive, and `authenticate` to respond, in milliseconds, unless `timeoutMs` says so. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** Whether a page is of the proxy's own origin: the one that the configuration names, else one that the request's host may have. */
function isOwn(origin: string, { origin: requested, host }: URL, ownOrigin: string | undefined, isConfigured: boolean): boolean {
  if (isConfigured) return origin === ownOrigin;
  return origin === requested || (origin === ownOrigin && new URL(ownOrigin).host === host);
}

/** Whether a request has cookies besides that of an installation. */
const hasCookies = (input: ProxyInput) => (input.header("cookie") ?? "").split(";").some((pair) => pair.trim() && !/^\s*(__Host-)?pipedrive-install=/.test(pair));

/** Whether a `Response` can have a status: a server in front of Pipedrive may send any number. */
const isResponseStatus = (status: number) => status >= 200 && status <= 599;

/** Converts Pipedrive's response. What is not JSON is from something in front of Pipedrive, and must not become a page of this origin. */
function forward({ status, headers, text }: UpstreamResponse): ProxyReply {
  if (!isResponseStatus(status) || !/^application\/json\s*(?:;|$)/i.test(headers["content-type"] ?? "application/json") || !/^\s*[[{]/.test(text)) {
    const retryAfter = headers["retry-after"];
    const info = "The response is not Pipedrive's JSON.";
    const isFailure = status >= 400 && isResponseStatus(status);
    return replyOf(isFailure ? status : 502, isFailure ? "Refused in front of Pipedrive" : "Bad gateway", info, retryAfter === undefined ? {} : { "retry-after": retryAfter });
  }
  return { status, headers: { ...headers, ...JSON_HEADERS }, text };
}

function checked(config: UsersProxyConfig): UsersProxyConfig {
  const refuse = (text: string): never => {
    throw configError(text);
  };
  checkKeys("config", undefined, "the configuration of the proxy", config, KNOWN);
  const { oauth, apiToken, origin, signedTokenSecret, authenticate, allow, allowedOrigins, basePath, logger = console } = config;
  for (const name of ["allow", "allowedOrigins"] as const) if (config[name] !== undefined && !Array.isArray(config[name])) refuse(`${name} must be a list, got ${describeType(config[name])}`);
  if (typeof logger?.error !== "function") refuse("logger must have a method error, such as console");
  const isShared = "apiToken" in config && oauth === undefined;
  if (!isShared && !internalsOf(oauth)) refuse("oauth must be an OAuth");
  if (!isShared && apiToken !== undefined) refuse("give oauth or apiToken, and not both");
  if (isShared && typeof apiToken !== "string") refuse(`apiToken must be a string, got ${describeType(apiToken)}${apiToken === undefined ? ": is the environment variable set?" : ""}`);
  if (isShared && typeof authenticate !== "function") refuse("apiToken needs authenticate: otherwise everybody could use the token");
  for (const name of ["companyDomain", "baseUrl", "fetch"] as const) if (!isShared && config[name] !== undefined) refuse(`${name} is for apiToken: oauth has its own`);
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).origin !== origin)) refuse('origin must be an origin such as "https://app.example"');
  if (signedTokenSecret === undefined && "signedTokenSecret" in config && !authenticate) refuse("signedTokenSecret is undefined: is the environment variable set?");
  if ((signedTokenSecret === undefined) === (authenticate === undefined)) refuse("give signedTokenSecret or authenticate, and not both");
  if (signedTokenSecret !== undefined && (typeof signedTokenSecret !== "string" || !signedTokenSecret)) refuse("signedTokenSecret must be the app's JWT secret");
  if (authenticate !== undefined && typeof authenticate !== "function") refuse(`authenticate must be a function, got ${describeType(authenticate)}`);
  if (allow?.some((operation) => !Object.hasOwn(ENDPOINTS, operation))) refuse(`allow takes operation ids: ${Object.keys(ENDPOINTS).join(", ")}`);
  if (allowedOrigins?.some((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin)) refuse('allowedOrigins takes origins such as "https://app.example"');
  if (basePath !== undefined && !(typeof basePath === "string" && /^(\/[\w-]+)+$/.test(basePath))) refuse('basePath must be a path such as "/pipedrive"');
  if (config.limits !== undefined && typeof config.limits?.for !== "function") refuse(`limits must be what redisLimits() and the like return, got ${describeType(config.limits)}`);
  for (const [name, kind] of [["allowCookies", "boolean"], ["logLevel", "logLevel"], ["onEvent", "function"]] as const) checkSetting(name, config[name], KINDS[kind]!);
  for (const name of ["timeoutMs", "maxConcurrency", "dailyTokenBudget"] as const) {
    const [min, max] = SETTINGS[name];
    if (config[name] !== undefined && !isInteger(config[name], min, max)) refuse(`${name} must be an integer from ${min} to ${max}, got ${describeType(config[name])}`);
  }
  return config;
}
