import { checkHeaders, got, integer, isInteger } from "./check.js";
import { makeError } from "./errors.js";
import { ENDPOINTS, type OperationId, PARAMS } from "./generated/operations.js";

/** A call's request, written down. */
export interface Written {
  /** The path with its query, as on api.pipedrive.com. */
  readonly target: string;
  readonly body: string | undefined;
  readonly headers: readonly (readonly [string, string])[];
}

/** A value in a few words. Long text is counted and not shown: it may be a secret in the wrong place. */
function shown(value: unknown): string {
  if (typeof value === "string") return value.length <= 24 ? `"${value}"` : `a string of ${[...value].length} characters`;
  return value === undefined ? "nothing" : Array.isArray(value) ? "a list" : got(value);
}

const isText = (value: unknown): value is string => typeof value === "string" && value.trim() !== "";
const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";

type ParamKind = (typeof PARAMS)[OperationId][string][0];

/** What a parameter of each kind takes. Numbers are given as `[min, max]`. */
const KINDS: Record<string, readonly [fits: (value: unknown) => boolean, takes: string]> = {
  id: [(value) => isInteger(value, 1), `a positive integer up to ${Number.MAX_SAFE_INTEGER}`],
  text: [isText, "a string that is not blank"],
  // Enough to catch a name or an id in the place of an address; Pipedrive judges the rest.
  email: [(value) => isText(value) && /^[^@]+@./.test(value) && !/[\s\p{Cc}]/u.test(value), "an e-mail address"],
  boolean: [isBoolean, "true or false"],
  flag: [isBoolean, "true or false"],
  access: [Array.isArray, "a list of { app, admin?, permission_set_id? }"],
};

/** Checks what a call was given, and writes its request. A value can change neither path nor query. */
export function write(operation: OperationId, given: Readonly<Record<string, unknown>>): Written {
  const refuse = (text: string): never => {
    throw makeError(`${operation}: ${text}`, { kind: "argument", operation });
  };
  const check = (name: string, kind: ParamKind, value: unknown) => {
    const [fits, takes] = typeof kind === "string" ? KINDS[kind]! : integer(...kind);
    if (!fits(value)) refuse(`${name} must be ${takes}, got ${shown(value)}`);
  };
  const optional = (name: string, kind: ParamKind, value: unknown) => {
    if (value !== undefined) check(name, kind, value);
  };

  let target: string = ENDPOINTS[operation].path;
  const { method } = ENDPOINTS[operation];
  const query: string[] = [];
  const body: Record<string, unknown> = {};
  for (const [name, [kind, isRequired]] of Object.entries(PARAMS[operation])) {
    const value = given[name];
    (isRequired ? check : optional)(name, kind, value);
    if (kind === "access") {
      for (const [index, entry] of ((value ?? []) as unknown[]).entries()) {
        const place = `${name}[${index}]`;
        if (typeof entry !== "object" || !entry || Array.isArray(entry)) refuse(`${place} must be an object { app, admin?, permission_set_id? }, got ${shown(entry)}`);
        const { app, admin, permission_set_id, ...more } = entry as Record<string, unknown>;
        for (const unknown in more) refuse(`${place}.${unknown} is not known; an entry takes app, admin, permission_set_id`);
        check(`${place}.app`, "text", app);
        optional(`${place}.admin`, "boolean", admin);
        optional(`${place}.permission_set_id`, "text", permission_set_id);
      }
    }
    if (target.includes(`{${name}}`)) target = target.replace(`{${name}}`, String(value));
    else if (method !== "GET") body[name] = value;
    else if (value !== undefined && value !== false) {
      const wire = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      // A form's encoding but for two characters. Unlike encodeURIComponent, it takes half a surrogate pair too.
      query.push(`${new URLSearchParams({ [wire]: kind === "flag" ? "1" : String(value) })}`.replace(/[+*]/g, (sign) => (sign === "+" ? "%20" : "%2A")));
    }
  }
  const { timeoutMs, maxRetries, headers } = given;
  optional("timeoutMs", [1, 2147483647], timeoutMs);
  optional("maxRetries", [0, 10], maxRetries);
  if (headers !== undefined && (typeof headers !== "object" || !headers || Array.isArray(headers))) {
    refuse(`headers must be an object of strings, got ${shown(headers)}`);
  }
  return {
    target: query.length ? `${target}?${query.join("&")}` : target,
    body: method === "GET" ? undefined : JSON.stringify(body),
    headers: checkHeaders(headers, refuse),
  };
}
