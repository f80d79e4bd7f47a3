import { checkKeys, describeType, isInteger } from "../../check.js";
import { isPipedriveError } from "../../errors.js";
import { ENDPOINTS, type OperationId } from "../../generated/operations.js";
import { SETTINGS } from "../../generated/settings.js";
import type { TokenFunction, UsersClientOptions } from "../../types.js";
import { configError, Refusal, serverCore } from "../core.js";
import { OAuth } from "../oauth/oauth.js";
import type { Identity } from "../oauth/tenant.js";
import { CompanyPool } from "./company-pool.js";
import { parseProxyRequest } from "./request.js";
import { errorResponse, FORWARDED_HEADERS } from "./response.js";

/** What a proxy lets through, and for whom. */
export interface UsersProxyConfig extends Pick<UsersClientOptions, "timeoutMs" | "maxConcurrency" | "dailyTokenBudget" | "logger" | "logLevel" | "onEvent"> {
  /** Whose tokens are added. */
  oauth: OAuth;
  /** The app's JWT secret, or its client secret where none was set: a page proves who it is with a signed token, sent as a Bearer. */
  signedTokenSecret?: string | undefined;
  /** Instead of signed tokens: says who a request is from, and nothing where nobody that it knows is. */
  authenticate?: ((request: Request) => Identity | undefined | Promise<Identity | undefined>) | undefined;
  /** The operations that write and may pass, such as `["updateUser"]`. Those that only read always may. */
  allow?: readonly OperationId[] | undefined;
  /** The origins whose pages may ask, beside the proxy's own. */
  allowedOrigins?: readonly string[] | undefined;
  /** What stands before `/v1` and `/api/v2`. Default: whatever does. */
  basePath?: string | undefined;
  /** Drops cookies that come along instead of refusing them. They are never sent on. Default: only with `authenticate`, which may read them. */
  allowCookies?: boolean | undefined;
}

/** Answers a page's requests as Pipedrive would. */
export type UsersProxy = (request: Request) => Promise<Response>;

const KNOWN: readonly (keyof UsersProxyConfig)[] = [
  "oauth", "signedTokenSecret", "authenticate", "allow", "allowedOrigins", "basePath", "allowCookies", "timeoutMs", "maxConcurrency", "dailyTokenBudget", "logger", "logLevel", "onEvent",
];

/**
 * The backend of a page that must hold no token: it finds out who asks, lets exactly the ten operations through, adds the user's token and
 * answers as Pipedrive does, so that `new UsersClient({ baseUrl: "/pipedrive", accessToken: () => signedToken })` works there as if it spoke
 * to Pipedrive. All users of a company share its limits here, and no two companies do.
 */
export function createUsersProxy(config: UsersProxyConfig): UsersProxy {
  const { oauth, signedTokenSecret, authenticate, allow = [], allowedOrigins = [], basePath, timeoutMs, maxConcurrency, dailyTokenBudget } = checked(config);
  const { allowCookies = authenticate !== undefined, logger = console, logLevel, onEvent } = config;
  const companies = new CompanyPool({ timeoutMs, maxConcurrency, dailyTokenBudget, logger, logLevel, onEvent, fetch: oauth.fetch as UsersClientOptions["fetch"] });

  /** Who asks. */
  const identify = async (request: Request): Promise<Identity> => {
    if (authenticate) {
      const identity = await authenticate(request);
      if (identity) return identity;
      throw new Refusal(401, "unauthorized access", "Nobody that this server knows.");
    }
    const [, token] = /^Bearer +([\x21-\x7e]+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    if (token === undefined) throw new Refusal(401, "unauthorized access", "Send the signed token that GET_SIGNED_TOKEN gives, as a Bearer.");
    const [companyId, userId] = (await serverCore()).verify(token, signedTokenSecret!, Date.now());
    return { companyId, userId };
  };

  const answer = async (request: Request, origin: string | undefined): Promise<Response> => {
    if (origin !== undefined && !allowedOrigins.includes(origin) && !isOwn(origin, request)) {
      throw new Refusal(403, "Forbidden", "Pages of this origin may not ask: allowedOrigins does not name it.");
    }
    if (request.method === "OPTIONS") {
      const writes = allow.map((operation) => ENDPOINTS[operation].method);
      const headers = { "access-control-allow-methods": [...new Set(["GET", ...writes])].join(", "), "access-control-allow-headers": "authorization, content-type", "access-control-max-age": "600" };
      return new Response(null, { status: 204, headers });
    }
    if (request.headers.has("x-api-token")) throw new Refusal(400, "Bad request", "An API token is not taken: the server adds the credential.");
    if (!allowCookies && request.headers.has("cookie")) throw new Refusal(400, "Bad request", 'Cookies are not taken: send the request with credentials: "omit", or set allowCookies.');
    const [operation, id] = (await serverCore()).permit(request.method, pathOf(request, basePath), allow);
    const identity = await identify(request);
    const parsed = await parseProxyRequest(request, operation, id);
    const tenant = oauth.tenant(identity);
    // Where the company's API is, is known with its token.
    const first = await tenant.token();
    const credential: TokenFunction = ({ refused }) => {
      if (refused === undefined) return first;
      tenant.refuse(refused);
      return tenant.token();
    };
    const { status, headers, text } = await companies.send(identity.companyId, tenant.apiDomain, parsed, credential, request.signal);
    headers.set("cache-control", "no-store");
    return new Response(text, { status, headers });
  };

  const failed = (request: Request, error: unknown): Response => {
    // Nobody is there to read it.
    if (request.signal.aborted) return new Response(null, { status: 499 });
    const response = errorResponse(error);
    // What its pages are not told, the server has to be.
    if (response.status === 500 && logLevel !== "off") logger.error(`[pipedrive-users] proxy: ${isPipedriveError(error) ? error.message : String(error)}`);
    return response;
  };

  return async (request) => {
    const origin = request.headers.get("origin") ?? undefined;
    const response = await answer(request, origin).catch((error: unknown) => failed(request, error));
    response.headers.append("vary", "origin");
    if (origin !== undefined && allowedOrigins.includes(origin)) {
      response.headers.set("access-control-allow-origin", origin);
      response.headers.set("access-control-expose-headers", FORWARDED_HEADERS.join(", "));
    }
    return response;
  };
}

/** The path as Pipedrive has it. */
function pathOf(request: Request, basePath: string | undefined): string {
  const { pathname } = new URL(request.url);
  if (basePath !== undefined) return pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : "";
  // Plain names alone: nothing that a path could be made up with.
  return /^(?:\/[\w-]+)*?((?:\/api\/v[12]|\/v1)\/.*)$/.exec(pathname)?.[1] ?? "";
}

/** Whether a page is of the proxy's own origin. What stands before the proxy may have ended its TLS. */
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
  if (allow?.some((operation) => !(operation in ENDPOINTS))) refuse(`allow takes ids of operations: ${Object.keys(ENDPOINTS).join(", ")}`);
  if (allowedOrigins?.some((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin)) refuse('allowedOrigins takes origins such as "https://app.example"');
  if (basePath !== undefined && !/^(\/[\w-]+)+$/.test(basePath)) refuse('basePath must be a path such as "/pipedrive"');
  for (const name of ["timeoutMs", "maxConcurrency", "dailyTokenBudget"] as const) {
    const [min, max] = SETTINGS[name];
    if (config[name] !== undefined && !isInteger(config[name], min, max)) refuse(`${name} must be an integer from ${min} to ${max}, got ${describeType(config[name])}`);
  }
  return config;
}
