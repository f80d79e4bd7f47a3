import { isPipedriveError, type PipedriveError } from "../../errors.js";
import { Refusal } from "../core.js";

/** The headers of Pipedrive's answers that a page has a use for. */
export const TOLD = [
  "content-type", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-daily-ratelimit-token-limit",
  "x-daily-ratelimit-token-remaining", "x-daily-requests-left", "retry-after", "x-correlation-id", "deprecation", "sunset",
];

const STATUS: Partial<Record<PipedriveError["kind"], number>> = {
  argument: 400, validation: 400, authentication: 401, permission: 403, blocked: 403, not_found: 404, rate_limit: 429, connection: 502, server: 502,
  decode: 502, api: 502, unexpected_status: 502, timeout: 504,
};

/** An answer of Pipedrive's own shape. */
function answer(status: number, error: string, info: string, headers: Record<string, string> = {}): Response {
  const body = { success: false, error, error_info: info, errorCode: status, data: null, additional_data: null };
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers } });
}

const WORDS: Record<number, string> = { 400: "Bad request", 401: "unauthorized access", 403: "Forbidden", 404: "Not found", 429: "Request over limit", 502: "Bad gateway", 504: "Gateway timeout" };

/**
 * What a failure is as an answer, in Pipedrive's own shape, so that a `UsersClient` reads it as the error that it was: a 4xx where the
 * caller or the user has to do something, 502 or 504 where Pipedrive has, 500 where the server is not set up as it should be.
 */
export function errorResponse(error: unknown): Response {
  if (error instanceof Refusal) return answer(error.status, error.error, error.info);
  // What is no error of this package may say anything.
  if (!isPipedriveError(error)) return answer(500, "Internal error", "The server failed on something of its own.");
  const { kind, message, retryAfterSeconds, resetAt } = error;
  const status = STATUS[kind] ?? 500;
  // How a server is set up is nobody else's matter.
  if (status === 500) return answer(500, "Internal error", "The server is not set up as it should be; its log says how.");
  const wait = retryAfterSeconds ?? (resetAt && Math.max(0, (resetAt.getTime() - Date.now()) / 1000));
  const words = isPipedriveError(error, "rate_limit") && error.scope === "daily" ? "daily request budget exceeded" : (WORDS[status] ?? "Bad request");
  return answer(status, words, message, wait === undefined ? {} : { "retry-after": String(Math.ceil(wait)) });
}
