import { checkKeys, describeType, isInteger } from "../../check.js";
import { isPipedriveError } from "../../errors.js";
import { ENDPOINTS, type OperationId } from "../../generated/operations.js";
import { SETTINGS } from "../../generated/settings.js";
import type { UsersClientOptions } from "../../types.js";
import { configError, Refusal, serverCore } from "../core.js";
import { OAuth } from "../oauth/oauth.js";
import type { Identity } from "../oauth/tenant.js";
import { CompanyPool, type UserCredential } from "./company-pool.js";
import { parseProxyRequest } from "./request.js";
import { errorResponse, FORWARDED_HEADERS } from "./response.js";

/** The settings of a proxy. */
export interface UsersProxyConfig extends Pick<UsersClientOptions, "timeoutMs" | "maxConcurrency" | "dailyTokenBudget" | "limits" | "logger" | "logLevel" | "onEvent"> {
  /** Provides the users' access tokens. */
  oauth: OAuth;
  /** The app's JWT secret, or its client secret if none was set: pages send their signed token as a Bearer token. */
  signedTokenSecret?: string | undefined;
  /** Instead of `signedTokenSecret`: returns the user that a request is from, or undefined to refuse it with a 401. */
  authenticate?: ((request: Request) => Identity | undefined | Promise<Identity | undefined>) | undefined;
  /** The write operations that are allowed, such as `["updateUser"]`. Those that only read are always allowed. */
  allow?: readonly OperationId[] | undefined;
  /** Origins whose pages may send requests, in addition to the proxy's own. */
  allowedOrigins?: readonly string[] | undefined;
  /** The path before `/v1` and `/api/v2`, such as `/pipedrive`. By default any path may be there. */
  basePath?: string | undefined;
  /** Accepts requests with cookies, which are never forwarded. Default: true with `authenticate`, which may read them, otherwise false. */
  allowCookies?: boolean | undefined;
}

/** Handles a page's requests as Pipedrive would. */
export type UsersProxy = (request: Request) => Promise<Response>;

const KNOWN: readonly (keyof UsersProxyConfig)[] = [
  "oauth", "signedTokenSecret", "authenticate", "allow", "allowedOrigins", "basePath", "allowCookies", "timeoutMs", "maxConcurrency", "dailyTokenBudget", "limits", "logger", "logLevel", "onEvent",
];

/**
 * Makes the backend of a page that must not hold an access token. It identifies the user, accepts only the ten operations, adds the user's
 * token and responds as Pipedrive does, so that the page can use `new UsersClient({ baseUrl: "/pipedrive", accessToken: () => signedToken })`.
 * The users of a company share its limits.
 */
export function createUsersProxy(config: UsersProxyConfig): UsersProxy {
  const { oauth, signedTokenSecret, authenticate, allow = [], allowedOrigins = [], basePath, timeoutMs, maxConcurrency, dailyTokenBudget } = checked(config);
  const { allowCookies = authenticate !== undefined, limits, logger = console, logLevel, onEvent } = config;
  const companies = new CompanyPool({ timeoutMs, maxConcurrency, dailyTokenBudget, limits, logger, logLevel, onEvent, fetch: oauth.fetch as UsersClientOptions["fetch"] });

  /** Returns the user that a request is from. */
  const identify = async (request: Request): Promise<Identity> => {
    if (authenticate) {
      const identity = await authenticate(request);
      if (identity) return identity;
      throw new Refusal(401, "unauthorized access", "This server does not know the user.");
    }
    const [, token] = /^Bearer +([\x21-\x7e]+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    if (token === undefined) throw new Refusal(401, "unauthorized access", "Send the signed token that GET_SIGNED_TOKEN returns, as a Bearer token.");
    const [companyId, userId] = (await serverCore()).verify(token, signedTokenSecret!, Date.now());
    return { companyId, userId };
  };

  const handle = async (request: Request, origin: string | undefined): Promise<Response> => {
    if (origin !== undefined && !allowedOrigins.includes(origin) && !isOwn(origin, request)) {
      throw new Refusal(403, "Forbidden", "allowedOrigins does not name the origin of this page.");
    }
    if (request.method === "OPTIONS") {
      const writes = allow.map((operation) => ENDPOINTS[operation].method);
      const headers = { "access-control-allow-methods": [...new Set(["GET", ...writes])].join(", "), "access-control-allow-headers": "authorization, content-type", "access-control-max-age": "600" };
      return new Response(null, { status: 204, headers });
    }
    if (request.headers.has("x-api-token")) throw new Refusal(400, "Bad request", "API tokens are not accepted: the server adds the credential.");
    if (!allowCookies && request.headers.has("cookie")) throw new Refusal(400, "Bad request", 'Cookies are not accepted: send the request with credentials: "omit", or set allowCookies.');
    const [operation, id] = (await serverCore()).permit(request.method, pathOf(request, basePath), allow);
    const identity = await identify(request);
    const parsed = await parseProxyRequest(request, operation, id);
    const tenant = oauth.tenant(identity);
    const credential: UserCredential = async ({ refused }) => {
      if (refused !== undefined) tenant.refuse(refused);
      return { token: await tenant.token(), apiDomain: tenant.apiDomain };
    };
    const { status, headers, text } = await companies.send(identity, parsed, credential, request.signal);
    headers.set("cache-control", "no-store");
    return new Response(text, { status, headers });
  };

  const toErrorResponse = (request: Request, error: unknown): Response => {
    // The page is gone.
    if (request.signal.aborted) return new Response(null, { status: 499 });
    const response = errorResponse(error);
    // The response does not say why.
    if (response.status === 500 && logLevel !== "off") logger.error(`[pipedrive-users] proxy: ${isPipedriveError(error) ? error.message : String(error)}`);
    return response;
  };

  return async (request) => {
    const origin = request.headers.get("origin") ?? undefined;
    const response = await handle(request, origin).catch((error: unknown) => toErrorResponse(request, error));
    response.headers.append("vary", "origin");
    if (origin !== undefined && allowedOrigins.includes(origin)) {
      response.headers.set("access-control-allow-origin", origin);
      response.headers.set("access-control-expose-headers", FORWARDED_HEADERS.join(", "));
    }
    return response;
  };
}

/** Returns the path as Pipedrive has it. */
function pathOf(request: Request, basePath: string | undefined): string {
  const { pathname } = new URL(request.url);
  if (basePath !== undefined) return pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : "";
  // Only plain names before it: no escapes, dots or empty segments.
  return /^(?:\/[\w-]+)*?((?:\/api\/v[12]|\/v1)\/.*)$/.exec(pathname)?.[1] ?? "";
}

/** Whether a page is of the proxy's own origin, apart from the scheme: a reverse proxy may terminate TLS. */
const isOwn = (origin: string, request: Request) => URL.canParse(origin) && new URL(origin).host === new URL(request.url).host;

function checked(config: UsersProxyConfig): UsersProxyConfig {
  const refuse = (text: string): never => {
    throw configError(text);
  };
  checkKeys("config", undefined, "the configuration of the proxy", config, KNOWN);
  const { oauth, signedTokenSecret, authenticate, allow, allowedOrigins, basePath } = config;
  if (!(oauth instanceof OAuth)) refuse("oauth must be an OAuth");
  if ((signedTokenSecret === undefined) === (authenticate === undefined)) refuse("give signedTokenSecret or authenticate, and not both");
  if (signedTokenSecret !== undefined && (typeof signedTokenSecret !== "string" || !signedTokenSecret)) refuse("signedTokenSecret must be the app's JWT secret");
  if (authenticate !== undefined && typeof authenticate !== "function") refuse(`authenticate must be a function, got ${describeType(authenticate)}`);
  if (allow?.some((operation) => !(operation in ENDPOINTS))) refuse(`allow takes operation ids: ${Object.keys(ENDPOINTS).join(", ")}`);
  if (allowedOrigins?.some((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin)) refuse('allowedOrigins takes origins such as "https://app.example"');
  if (basePath !== undefined && !/^(\/[\w-]+)+$/.test(basePath)) refuse('basePath must be a path such as "/pipedrive"');
  if (config.limits !== undefined && typeof config.limits?.for !== "function") refuse(`limits must be what redisLimits() and the like return, got ${describeType(config.limits)}`);
  for (const name of ["timeoutMs", "maxConcurrency", "dailyTokenBudget"] as const) {
    const [min, max] = SETTINGS[name];
    if (config[name] !== undefined && !isInteger(config[name], min, max)) refuse(`${name} must be an integer from ${min} to ${max}, got ${describeType(config[name])}`);
  }
  return config;
}
