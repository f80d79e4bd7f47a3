import { checkKeys, describeType, isInteger } from "./check.js";
import { ConfigError } from "./errors.js";
import type { OperationId } from "./generated/operations.js";
import { COMPANY, HEADER_NAME, HEADER_VALUE, LOOPBACK, SETTINGS, URL_FORBIDDEN, VISIBLE_ASCII } from "./generated/settings.js";
import type { LogLevel, SharedLimits, Token, UsersClientConfig, UsersClientOptions } from "./types.js";

/** What the constructor checks before any module is loaded; what settings accept is generated from Rust. */

const LOG_LEVELS: readonly LogLevel[] = ["off", "error", "warn", "info", "debug"];

const isFunction = (value: unknown) => typeof value === "function";
const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

type SettingKind = (typeof SETTINGS)[keyof typeof SETTINGS];

/** Whether a setting accepts a value, and what it accepts. */
function accepts(kind: SettingKind, value: unknown): [accepted: boolean, description: string] {
  if (typeof kind === "object") return [isInteger(value, kind[0], kind[1]), `an integer from ${kind[0]} to ${kind[1]}`];
  switch (kind) {
    case "credential":
      return [isFunction(value) || typeof value === "string", "a string or a function that returns one"];
    case "function":
      return [isFunction(value), "a function"];
    case "headers":
      return [isObject(value), "an object of strings"];
    case "boolean":
      return [typeof value === "boolean", "true or false"];
    case "logger":
      return [LOG_LEVELS.slice(1).every((level) => isFunction((value as Record<string, unknown> | null)?.[level])), "an object with error, warn, info and debug, such as console"];
    case "limits":
      return [isFunction((value as Partial<SharedLimits> | null)?.attach), "what redisLimits() and the like of pipedrive-users/server return"];
    case "logLevel":
      return [LOG_LEVELS.includes(value as LogLevel), `one of ${LOG_LEVELS.join(", ")}`];
    default:
      return [typeof value === "string", kind];
  }
}

function refuse(text: string): never {
  throw new ConfigError(text, { kind: "config" });
}

/** Checks headers, and returns them with names in lower case. An error does not show a value: it may be a secret. */
function checkHeaders(headers: unknown): [string, string][] {
  const { entries } = (headers ?? {}) as { entries?: unknown };
  const all = isFunction(entries) ? [...(headers as Map<string, unknown>).entries()] : Object.entries(headers ?? {});
  return all.map(([name, value]) => {
    if (!HEADER_NAME.test(name) || typeof value !== "string" || !HEADER_VALUE.test(value)) {
      refuse(`headers: "${name.slice(0, 40)}" must be a name and a string that a header can carry`);
    }
    return [name.toLowerCase(), value];
  });
}

/** A short text that cannot be a secret, quoted. */
const quoted = (text: string) => (/^[\w.:/-]{0,24}$/.test(text) && !text.includes("v1u:") ? JSON.stringify(text) : `a string of ${[...text].length} characters`);

/** The two roots that the paths of the operations are below. */
function rootsOf(companyDomain: string | undefined, baseUrl: string | undefined): { v1: string; v2: string } {
  if (companyDomain !== undefined) {
    const label = COMPANY.exec(companyDomain)?.[1] ?? refuse(`companyDomain must be one DNS label such as "casinoroyale", or https://label.pipedrive.com, got ${quoted(companyDomain)}`);
    // A company's host wants /api/v1, api.pipedrive.com wants /v1.
    return { v1: `https://${label}.pipedrive.com/api/v1`, v2: `https://${label}.pipedrive.com/api/v2` };
  }
  const root = (baseUrl ?? "https://api.pipedrive.com").replace(/\/+$/, "");
  if (baseUrl !== undefined) {
    let url: URL | undefined;
    try {
      url = new URL(isPath(baseUrl) ? "https://page.invalid" + baseUrl : baseUrl);
    } catch {
      // Refused below.
    }
    const isSafe = url && (url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.test(url.hostname)));
    if (!isSafe || URL_FORBIDDEN.test(baseUrl)) {
      refuse(`baseUrl must be an https:// URL (http:// only on the loopback; in a page also a path), without query, fragment or user, got ${quoted(baseUrl)}`);
    }
  }
  return { v1: root + "/v1", v2: root + "/api/v2" };
}

/** Whether a base URL is a path of the page's own origin. */
const isPath = (baseUrl: string | undefined): boolean => /^\/(?!\/)/.test(baseUrl ?? "");

/** Pages and their workers: every visitor can read what is in their code. */
function isPage(): boolean {
  const { navigator, importScripts } = globalThis as { navigator?: { userAgent?: string }; importScripts?: unknown };
  if (navigator?.userAgent === "Cloudflare-Workers") return false;
  return (typeof window === "object" && typeof document === "object") || isFunction(importScripts);
}

/** A configuration that was checked. */
export interface CheckedConfig extends Omit<UsersClientOptions, "headers"> {
  readonly credential: Token | undefined;
  readonly isAccessToken: boolean;
  readonly v1: string;
  readonly v2: string;
  /** Names in lower case. */
  readonly headers: readonly (readonly [string, string])[];
}

/** Checks a configuration, and completes it. */
export function checkConfig(config: UsersClientConfig): CheckedConfig {
  checkKeys("config", undefined, "the configuration", config, Object.keys(SETTINGS));
  // What every object inherits is no setting.
  const own: UsersClientConfig = Object.assign(Object.create(null), config);
  for (const [name, kind] of Object.entries(SETTINGS)) {
    const value = own[name as keyof UsersClientConfig];
    const [accepted, description] = accepts(kind, value);
    if (value !== undefined && !accepted) refuse(`${name} must be ${description}, got ${describeType(value)}`);
  }
  const { apiToken, accessToken, companyDomain, baseUrl } = own;
  if (apiToken !== undefined && accessToken !== undefined) refuse("give apiToken or accessToken, not both");
  if (companyDomain !== undefined && baseUrl !== undefined) refuse("give companyDomain or baseUrl, not both");
  const credential = apiToken ?? accessToken;
  if (credential === undefined && baseUrl === undefined) {
    const missing = ["apiToken", "accessToken"].find((name) => name in own);
    refuse(missing ? `${missing} is undefined: is the environment variable set?` : "give apiToken or accessToken, or the baseUrl of a server that adds the credential");
  }
  if (typeof credential === "string") {
    const name = apiToken === undefined ? "accessToken" : "apiToken";
    if (!VISIBLE_ASCII.test(credential)) refuse(`${name} must be visible ASCII without blanks, since a header carries it`);
    if (isPage() && !own.dangerouslyAllowBrowser) {
      refuse(`${name} as a string in a page can be read by every visitor. Let your backend add it (baseUrl), or set dangerouslyAllowBrowser: true`);
    }
  }
  const headers = checkHeaders(own.headers);
  return Object.assign(own, rootsOf(companyDomain, baseUrl), { headers, credential, isAccessToken: accessToken !== undefined });
}

/** Refuses a path as base URL where there is no page whose origin it could belong to. */
export function checkPage({ baseUrl, fetch }: CheckedConfig, operation: OperationId): void {
  if (isPath(baseUrl) && !fetch && typeof location !== "object") {
    throw new ConfigError(`${operation}: baseUrl is the path ${quoted(baseUrl!)}, and there is no page that it could belong to: give a whole https:// URL here`, { kind: "config", operation });
  }
}
