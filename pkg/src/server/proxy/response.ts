import { isPipedriveError, type PipedriveError } from "../../errors.js";
import { Refusal } from "../core.js";
import { STORE_FAILED } from "../stores/checked.js";
import type { ProxyReply } from "./message.js";

/** The headers of Pipedrive's responses that are forwarded. */
export const FORWARDED_HEADERS = [
  "content-type", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-daily-ratelimit-token-limit",
  "x-daily-ratelimit-token-remaining", "x-daily-requests-left", "retry-after", "x-correlation-id", "deprecation", "sunset",
];

const STATUS: Partial<Record<PipedriveError["kind"], number>> = {
  argument: 400, validation: 400, authentication: 401, permission: 403, blocked: 403, not_found: 404, rate_limit: 429, connection: 502, server: 502,
  decode: 502, api: 502, unexpected_status: 502, timeout: 504,
};

const texts = new WeakMap<Response, string>();

/** Makes the `Response` of a reply. Its text is known without reading its stream. */
export function toResponse({ status, headers, text }: ProxyReply): Response {
  const response = new Response(text ?? null, { status, headers });
  if (text !== undefined) texts.set(response, text);
  return response;
}

/** Returns the text of a response of {@link toResponse}. */
export const knownText = (response: Response): string | undefined => texts.get(response);

/** The headers of everything that the proxy sends: JSON that is not stored, and that no browser takes for a page. */
export const JSON_HEADERS = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** Makes a reply of Pipedrive's own shape. */
export function replyOf(status: number, error: string, info: string, headers: Readonly<Record<string, string>> = {}): ProxyReply {
  const body = { success: false, error, error_info: info, errorCode: status, data: null, additional_data: null };
  return { status, headers: { ...JSON_HEADERS, ...headers }, text: JSON.stringify(body) };
}

const ERRORS: Record<number, string> = { 400: "Bad request", 401: "unauthorized access", 403: "Forbidden", 404: "Not found", 429: "Request over limit", 502: "Bad gateway", 504: "Gateway timeout" };

/**
 * Converts an error to a response of Pipedrive's own shape, from which a `UsersClient` makes the same kind of error: a 4xx if the
 * caller or the user has to do something, 502 or 504 if Pipedrive failed, 500 if the server is not set up correctly.
 */
export function errorResponse(error: unknown): Response {
  return toResponse(errorReply(error));
}

/** The same, as a reply. */
export function errorReply(error: unknown): ProxyReply {
  if (error instanceof Refusal) return replyOf(error.status, error.error, error.info, error.headers);
  // Other errors may contain anything, and what a store throws as well.
  if (!isPipedriveError(error) || error.code === STORE_FAILED) return replyOf(500, "Internal error", "The server failed.");
  const { kind, message, retryAfterSeconds, resetAt } = error;
  const status = STATUS[kind] ?? 500;
  // The message describes the server's configuration, which pages must not see.
  if (status === 500) return replyOf(500, "Internal error", "The server is not set up correctly; its log says why.");
  // The message of a failed connection has internal addresses.
  if (kind === "connection") return replyOf(status, ERRORS[status]!, "Pipedrive could not be reached.");
  const wait = retryAfterSeconds ?? (resetAt && Math.max(0, (resetAt.getTime() - Date.now()) / 1000));
  const text = isPipedriveError(error, "rate_limit") && error.scope === "daily" ? "daily request budget exceeded" : (ERRORS[status] ?? "Bad request");
  return replyOf(status, text, message, wait === undefined ? {} : { "retry-after": String(Math.ceil(wait)) });
}
