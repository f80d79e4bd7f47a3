import { ConfigError, type ErrorKind, makeError } from "./errors.js";
import type { LogLevel, Token, UsersClientConfig, UsersClientOptions } from "./types.js";

/** What JavaScript lets through and Rust's types exclude, checked before any module is loaded. */

/** A value in a few words, which never show a text: it may be a secret. */
export function got(value: unknown): string {
  if (value === null || ["number", "boolean", "undefined"].includes(typeof value)) return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Whether a value is a whole number in a range. */
export const isInteger = (value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): value is number =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max;

/** The entries of headers, which may be a plain object, a `Headers` or a `Map`. */
function headerEntries(headers: unknown): [string, unknown][] {
  const { entries } = (headers ?? {}) as { entries?: unknown };
  return typeof entries === "function" ? [...(headers as Map<string, unknown>).entries()] : Object.entries(headers ?? {});
}

/** Headers with names in lower case. Refuses what cannot be sent; its value is not shown: it may be a secret. */
export const checkHeaders = (headers: unknown, refuse: (text: string) => never): [string, string][] =>
  headerEntries(headers).map(([name, value]) => {
    checkHeader(name, value, refuse);
    return [name.toLowerCase(), value];
  });

function checkHeader(name: string, value: unknown, refuse: (text: string) => never): asserts value is string {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || typeof value !== "string" || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    refuse(`headers: "${name.slice(0, 40)}" must be a name and a string that a header can carry`);
  }
}

/** A text that is no secret, shown. What stands before an @ could be one. */
const shown = (text: string) => (text.includes("@") ? "a URL with a user in it" : JSON.stringify(text.slice(0, 80)));

/** How many letters have to be changed, added or left out. */
function distance(a: string, b: string): number {
  let row = Array.from(b, (_, index) => index + 1);
  row.unshift(0);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Refuses a member that is not known, and names the nearest that is. */
export function onlyKnown(kind: ErrorKind, operation: string | undefined, what: string, object: unknown, known: readonly string[]): void {
  const refuse = (text: string) => {
    throw makeError(`${operation ? operation + ": " : ""}${what} ${text}`, { kind, operation });
  };
  if (typeof object !== "object" || object === null || Array.isArray(object)) refuse(`must be an object, got ${got(object)}`);
  for (const key of Object.keys(object as object)) {
    if (known.includes(key)) continue;
    const [nearest] = known
      .map((name) => [distance(key.toLowerCase(), name.toLowerCase()), name] as const)
      .sort(([a], [b]) => a - b)
      .filter(([changes, name]) => changes <= Math.max(2, name.length / 3));
    refuse(`has no "${key.slice(0, 40)}"${nearest ? `; did you mean "${nearest[1]}"?` : `; it takes ${known.join(", ")}`}`);
  }
}

const LEVELS: readonly LogLevel[] = ["off", "error", "warn", "info", "debug"];

const isFunction = (value: unknown) => typeof value === "function";
export const integer = (min: number, max?: number) =>
  [(value: unknown) => isInteger(value, min, max), `an integer from ${min}${max ? ` to ${max}` : ""}`] as const;
const token = [(value: unknown) => isFunction(value) || typeof value === "string", "a string or a function that gives one"] as const;
const fn = [isFunction, "a function"] as const;

const SETTINGS: Record<string, readonly [fits: (value: unknown) => boolean, takes: string]> = {
  apiToken: token,
  accessToken: token,
  companyDomain: [(value) => typeof value === "string", "one DNS label, or https://label.pipedrive.com"],
  baseUrl: [(value) => typeof value === "string", "a URL"],
  fetch: fn,
  headers: [(value) => typeof value === "object" && value !== null && !Array.isArray(value), "an object of strings"],
  timeoutMs: /* @__PURE__ */ integer(1, 2147483647),
  maxRetries: /* @__PURE__ */ integer(0, 10),
  maxConcurrency: /* @__PURE__ */ integer(1, 1000),
  dailyTokenBudget: /* @__PURE__ */ integer(0, 4294967295),
  dangerouslyAllowBrowser: [(value) => typeof value === "boolean", "true or false"],
  logger: [(value) => LEVELS.slice(1).every((level) => isFunction((value as Record<string, unknown> | null)?.[level])), "an object with error, warn, info and debug, such as console"],
  logLevel: [(value) => LEVELS.includes(value as LogLevel), "one of off, error, warn, info, debug"],
  onEvent: fn,
  onDrift: fn,
};

/** The two roots that the operations' paths hang from. */
interface Roots {
  v1: string;
  v2: string;
}

function roots(companyDomain: string | undefined, baseUrl: string | undefined, ownFetch: boolean): Roots {
  if (companyDomain !== undefined) {
    const label = /^(?:https:\/\/([^./]+)\.pipedrive\.com\/?|([^./]+))$/.exec(companyDomain);
    const name = label?.[1] ?? label?.[2] ?? "";
    if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(name)) {
      refuse(`companyDomain must be one DNS label such as "casinoroyale", or https://label.pipedrive.com, got ${shown(companyDomain)}`);
    }
    // A company's host wants /api/v1, api.pipedrive.com wants /v1.
    return { v1: `https://${name}.pipedrive.com/api/v1`, v2: `https://${name}.pipedrive.com/api/v2` };
  }
  let root = "https://api.pipedrive.com";
  if (baseUrl !== undefined) {
    root = baseUrl.replace(/\/+$/, "");
    const path = /^\/(?!\/)/.test(baseUrl) && (ownFetch || typeof location === "object");
    let url: URL | undefined;
    try {
      url = new URL(path ? "https://page.invalid" + baseUrl : baseUrl);
    } catch {
      // Told below.
    }
    const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? "");
    if (!url || !(url.protocol === "https:" || (url.protocol === "http:" && loopback)) || /[?#@\\\s]/.test(baseUrl)) {
      refuse(`baseUrl must be an https:// URL (http:// only on the loopback; in a page also a path), without query, fragment or user, got ${shown(baseUrl)}`);
    }
  }
  return { v1: root + "/v1", v2: root + "/api/v2" };
}

function refuse(text: string): never {
  throw new ConfigError(text, { kind: "config" });
}

/** Pages and their workers: what is in their code, every visitor can read. */
const inBrowser = () =>
  (typeof window === "object" && typeof document === "object") || typeof (globalThis as { importScripts?: unknown }).importScripts === "function";

/** A configuration that was checked. */
export interface Checked extends Roots, Omit<UsersClientOptions, "headers"> {
  readonly apiToken?: Token | undefined;
  readonly accessToken?: Token | undefined;
  /** Names in lower case. */
  readonly headers: readonly (readonly [string, string])[];
}

/** Checks a configuration, and completes it. */
export function checkConfig(config: UsersClientConfig): Checked {
  onlyKnown("config", undefined, "the configuration", config, Object.keys(SETTINGS));
  const given = config as unknown as Record<string, unknown>;
  for (const [name, [fits, takes]] of Object.entries(SETTINGS)) {
    if (given[name] !== undefined && !fits(given[name])) refuse(`${name} must be ${takes}, got ${got(given[name])}`);
  }
  const { apiToken, accessToken, companyDomain, baseUrl } = config;
  if (apiToken !== undefined && accessToken !== undefined) refuse("give apiToken or accessToken, not both");
  if (companyDomain !== undefined && baseUrl !== undefined) refuse("give companyDomain or baseUrl, not both");
  const credential = apiToken ?? accessToken;
  if (credential === undefined && baseUrl === undefined) {
    refuse("give apiToken or accessToken, or the baseUrl of a server that adds the credential");
  }
  if (typeof credential === "string") {
    const name = apiToken === undefined ? "accessToken" : "apiToken";
    if (!/^[\x21-\x7e]+$/.test(credential)) refuse(`${name} must be visible ASCII without blanks, since a header carries it`);
    if (inBrowser() && !config.dangerouslyAllowBrowser) {
      refuse(`${name} as text in a page can be read by every visitor. Let your backend add it (baseUrl), or set dangerouslyAllowBrowser: true`);
    }
  }
  const headers = checkHeaders(config.headers, refuse);
  return { ...config, ...roots(companyDomain, baseUrl, config.fetch !== undefined), headers };
}
