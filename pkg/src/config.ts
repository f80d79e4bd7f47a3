import { type Accepted, checkKeys, checkSetting, entriesOf, integer, isFunction, isObject, own, quoted } from "./check.js";
import { makeError, operationError } from "./errors.js";
import type { OperationId } from "./generated/operations.js";
import { COMPANY, HEADER_NAME, HEADER_VALUE, LOG_LEVELS, LOOPBACK, SETTINGS, URL_FORBIDDEN, VISIBLE_ASCII } from "./generated/settings.js";
import type { LogLevel, SharedLimits, Token, UsersClientConfig, UsersClientOptions } from "./types.js";

const isString = (value: unknown) => typeof value === "string";

/** What the settings of each kind accept. */
export const KINDS: Readonly<Record<string, Accepted>> = {
  credential: [(value) => isFunction(value) || isString(value), "a string or a function that returns one"],
  function: [isFunction, "a function"],
  headers: [isObject, "an object of strings"],
  boolean: [(value) => typeof value === "boolean", "true or false"],
  logger: [(value) => LOG_LEVELS.slice(1).every((level) => isFunction((value as Record<string, unknown> | null)?.[level])), "an object with error, warn, info and debug"],
  limits: [(value) => isFunction((value as Partial<SharedLimits> | null)?.attach), "what redisLimits() and the like return"],
  logLevel: [(value) => LOG_LEVELS.includes(value as LogLevel), `one of ${LOG_LEVELS.join(", ")}`],
};

function refuse(text: string): never {
  throw makeError(text, { kind: "config" });
}

/** Checks headers, and returns them with names in lower case. An error does not show a value: it may be a secret. */
function checkHeaders(headers: unknown): [string, string][] {
  return entriesOf(headers ?? {}).map(([name, value]) => {
    const isCarried = HEADER_NAME.test(name) && typeof value === "string" && HEADER_VALUE.test(value);
    return isCarried ? [name.toLowerCase(), value] : refuse(`headers: "${name.slice(0, 12)}" must be a name and a string that a header can carry`);
  });
}

/** Whether a base URL is a path of the page's own origin. */
const isPath = (baseUrl: string | undefined): boolean => /^\/(?!\/)/.test(baseUrl ?? "");

/** Whether a credential can be sent to a base URL. */
function isSafe(baseUrl: string): boolean {
  try {
    const { protocol, hostname } = new URL(isPath(baseUrl) ? "https://page.invalid" + baseUrl : baseUrl);
    return !URL_FORBIDDEN.test(baseUrl) && (protocol === "https:" || (protocol === "http:" && LOOPBACK.test(hostname)));
  } catch {
    return false;
  }
}

/** The two roots that the paths of the operations are below. */
function rootsOf(companyDomain: string | undefined, baseUrl: string | undefined): { v1: string; v2: string } {
  if (companyDomain !== undefined) {
    const label = COMPANY.exec(companyDomain)?.[1] ?? refuse(`companyDomain must be one DNS label, or https://label.pipedrive.com, got ${quoted(companyDomain)}`);
    // A company's host wants /api/v1, api.pipedrive.com wants /v1.
    const root = `https://${label}.pipedrive.com/api`;
    return { v1: root + "/v1", v2: root + "/v2" };
  }
  if (baseUrl !== undefined && !isSafe(baseUrl)) refuse(`baseUrl must be an https:// URL (in a page also a path; http:// only on the loopback), without query, fragment or user, got ${quoted(baseUrl)}`);
  // A worker made of a blob has no address that a path could belong to.
  const { protocol, origin } = (globalThis.location ?? {}) as Partial<Location>;
  const root = ((isPath(baseUrl) && protocol === "blob:" ? origin : "") + (baseUrl ?? "https://api.pipedrive.com")).replace(/\/+$/, "");
  return { v1: root + "/v1", v2: root + "/api/v2" };
}

/** Whether the build is one for edge servers, where old Cloudflare Workers have all that a page's worker has. */
declare const IS_EDGE: boolean;

/** Pages and their workers: every visitor can read what is in their code. */
function isPage(): boolean {
  if (IS_EDGE) return false;
  const { window, document, importScripts } = globalThis as { window?: unknown; document?: Partial<Document>; importScripts?: unknown };
  if (typeof window !== "object" || typeof document !== "object") return isFunction(importScripts);
  // A browser's document is native. One that is written in JavaScript imitates a page on a server, as jsdom does.
  const { createElement } = document;
  return !createElement || /\[native code\]/.test(String(createElement));
}

/** A configuration that was checked. The names of its headers are in lower case. */
export type CheckedConfig = Omit<UsersClientOptions, "headers"> &
  Readonly<{ credential: Token | undefined; isAccessToken: boolean; v1: string; v2: string; headers: readonly (readonly [string, string])[] }>;

/** Checks a configuration before any module is loaded, and completes it. What settings accept is generated from Rust. */
export function checkConfig(config: UsersClientConfig): CheckedConfig {
  checkKeys("config", undefined, "the configuration", config, Object.keys(SETTINGS));
  // What every object inherits is no setting.
  const given = own<UsersClientConfig>(config);
  for (const [name, kind] of Object.entries(SETTINGS)) {
    checkSetting(name, given[name as keyof UsersClientConfig], typeof kind === "string" ? (KINDS[kind] ?? [isString, kind]) : integer(kind));
  }
  const { apiToken, accessToken, companyDomain, baseUrl } = given;
  if (apiToken !== undefined && accessToken !== undefined) refuse("give apiToken or accessToken, not both");
  if (companyDomain !== undefined && baseUrl !== undefined) refuse("give companyDomain or baseUrl, not both");
  const credential = apiToken ?? accessToken;
  if (credential === undefined && baseUrl === undefined) {
    const missing = ["apiToken", "accessToken"].find((name) => name in given);
    refuse(missing ? `${missing} is undefined: is the environment variable set?` : "give apiToken or accessToken, or the baseUrl of a server that adds it");
  }
  if (typeof credential === "string") {
    const name = apiToken === undefined ? "accessToken" : "apiToken";
    if (!VISIBLE_ASCII.test(credential)) refuse(`${name} must be visible ASCII, no blanks`);
    if (isPage() && !given.dangerouslyAllowBrowser) refuse(`${name} as text in a page can be read by every visitor. Let a backend add it (baseUrl), or set dangerouslyAllowBrowser: true`);
  }
  const headers = checkHeaders(given.headers);
  return Object.assign(given, rootsOf(companyDomain, baseUrl), { headers, credential, isAccessToken: accessToken !== undefined });
}

/** Refuses a path as base URL where there is no page whose origin it could belong to. */
export function checkPage({ baseUrl, fetch }: CheckedConfig, operation: OperationId): void {
  if (!isPath(baseUrl) || fetch || typeof location === "object") return;
  throw operationError(operation, "config", `baseUrl is the path ${quoted(baseUrl!)}, and there is no page here: give an https:// URL`);
}
