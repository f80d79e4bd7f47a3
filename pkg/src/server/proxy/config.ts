import { checkKeys, checkSetting, describeType, integer } from "../../check.js";
import { KINDS } from "../../config.js";
import { ENDPOINTS, type OperationId } from "../../generated/operations.js";
import { SETTINGS } from "../../generated/settings.js";
import type { UsersClientOptions } from "../../types.js";
import { configError } from "../core.js";
import { internalsOf } from "../oauth/internals.js";
import type { OAuth } from "../oauth/oauth.js";
import type { Identity } from "../oauth/tenant.js";

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

const KNOWN: readonly (keyof UsersProxyConfig)[] = [
  "oauth", "apiToken", "companyDomain", "baseUrl", "fetch", "origin", "signedTokenSecret", "authenticate", "allow", "allowedOrigins", "basePath", "allowCookies", "timeoutMs", "maxConcurrency", "dailyTokenBudget", "limits", "logger", "logLevel", "onEvent",
];

/** Checks the configuration of a proxy. */
export function checkProxy(config: UsersProxyConfig): UsersProxyConfig {
  checkKeys("config", undefined, "the configuration of the proxy", config, KNOWN);
  checkSettings(config);
  checkBackend(config);
  checkCaller(config);
  checkOrigins(config);
  return config;
}

function refuse(text: string): never {
  throw configError(text);
}

/** Checks the settings that say everything by themselves. */
function checkSettings(config: UsersProxyConfig): void {
  for (const name of ["timeoutMs", "maxConcurrency", "dailyTokenBudget"] as const) checkSetting(name, config[name], integer(SETTINGS[name]));
  for (const [name, kind] of [["authenticate", "function"], ["allowCookies", "boolean"], ["logLevel", "logLevel"], ["onEvent", "function"]] as const) checkSetting(name, config[name], KINDS[kind]!);
  for (const name of ["allow", "allowedOrigins"] as const) checkSetting(name, config[name], [Array.isArray, "a list"]);
  checkSetting("limits", config.limits, [(limits) => typeof (limits as UsersProxyConfig["limits"])?.for === "function", KINDS["limits"]![1]]);
  const { logger = console, allow, basePath } = config;
  if (typeof logger?.error !== "function") refuse("logger must have a method error, such as console");
  if (allow?.some((operation) => !Object.hasOwn(ENDPOINTS, operation))) refuse(`allow takes operation ids: ${Object.keys(ENDPOINTS).join(", ")}`);
  if (basePath !== undefined && !(typeof basePath === "string" && /^(\/[\w-]+)+$/.test(basePath))) refuse('basePath must be a path such as "/pipedrive"');
}

/** Checks whose tokens the proxy adds: those of an app's users, or one API token. */
function checkBackend(config: UsersProxyConfig): void {
  const { oauth, apiToken, authenticate } = config;
  if (!("apiToken" in config) || oauth !== undefined) {
    if (!internalsOf(oauth)) refuse("oauth must be an OAuth");
    if (apiToken !== undefined) refuse("give oauth or apiToken, and not both");
    for (const name of ["companyDomain", "baseUrl", "fetch"] as const) if (config[name] !== undefined) refuse(`${name} is for apiToken: oauth has its own`);
    return;
  }
  if (typeof apiToken !== "string") refuse(`apiToken must be a string, got ${describeType(apiToken)}${apiToken === undefined ? ": is the environment variable set?" : ""}`);
  if (authenticate === undefined) refuse("apiToken needs authenticate: otherwise everybody could use the token");
}

/** Checks how the proxy knows who sends a request. */
function checkCaller(config: UsersProxyConfig): void {
  const { signedTokenSecret, authenticate } = config;
  if (signedTokenSecret === undefined && "signedTokenSecret" in config && !authenticate) refuse("signedTokenSecret is undefined: is the environment variable set?");
  if ((signedTokenSecret === undefined) === (authenticate === undefined)) refuse("give signedTokenSecret or authenticate, and not both");
  if (signedTokenSecret !== undefined && (typeof signedTokenSecret !== "string" || !signedTokenSecret)) refuse("signedTokenSecret must be the app's JWT secret");
}

function checkOrigins({ origin, allowedOrigins = [] }: UsersProxyConfig): void {
  const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text;
  if (origin !== undefined && !isOrigin(origin)) refuse('origin must be an origin such as "https://app.example"');
  if (!allowedOrigins.every(isOrigin)) refuse('allowedOrigins takes origins such as "https://app.example"');
}
