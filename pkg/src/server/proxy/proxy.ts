import { checkConfig } from "../../config.js";
import { isPipedriveError, makeError } from "../../errors.js";
import { ENDPOINTS } from "../../generated/operations.js";
import { throwFromCaller } from "../../stack.js";
import type { UsersClientOptions } from "../../types.js";
import { configError, Refusal, type ServerCore, serverCore } from "../core.js";
import { within } from "../deadline.js";
import { logError, textOf } from "../log.js";
import { internalsOf } from "../oauth/internals.js";
import { type Identity, isIdentity } from "../oauth/tenant.js";
import { CompanyPool, type UpstreamResponse } from "./company-pool.js";
import { checkProxy, type UsersProxyConfig } from "./config.js";
import { inputOf, type ProxyInput, type ProxyReply, setDirectHandler } from "./message.js";
import { parseProxyRequest } from "./request.js";
import { errorReply, FORWARDED_HEADERS, JSON_HEADERS, replyOf, toResponse } from "./response.js";
import { VerifiedTokens } from "./verified-tokens.js";

/** Handles a page's requests as Pipedrive would. */
export type UsersProxy = (request: Request) => Promise<Response>;

/**
 * Makes the backend of a page that must not hold an access token. It identifies the user, accepts only the ten operations, adds the user's
 * token and responds as Pipedrive does, so that the page can use `new UsersClient({ baseUrl: "/pipedrive", accessToken: () => signedToken })`.
 * Each user has limits of their own, as at Pipedrive; `dailyTokenBudget` is what a company may spend. With `apiToken` instead of `oauth`,
 * all users share that token.
 */
export function createUsersProxy(config: UsersProxyConfig): UsersProxy {
  const { oauth, signedTokenSecret, authenticate, allow = [], allowedOrigins = [], basePath, timeoutMs, maxConcurrency, dailyTokenBudget } = throwFromCaller(createUsersProxy, () => checkProxy(config));
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
    return forward(await companies.send(identity, () => parseProxyRequest(input, operation, id, waitMs), tenants?.tenant(identity), signal));
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
const hasCookies = (input: ProxyInput) => input.header("cookie")?.split(";").some((pair) => pair.trim() && !/^\s*(__Host-)?pipedrive-install=/.test(pair));

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
  return { status, headers: Object.assign(headers, JSON_HEADERS), text };
}
