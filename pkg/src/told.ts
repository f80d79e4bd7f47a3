import type { RateLimit } from "./types.js";

/**
 * What answers tell of the limits: `[limit, remaining, resetAt, dailyLimit, dailyRemaining]`, the core's order. What is not
 * told is -1; the time is in milliseconds since 1970.
 */
export type Told = readonly number[];

/** A header, or nothing where there is none. */
export const header = (headers: Headers | undefined, name: string): string | undefined => headers?.get(name) ?? undefined;

/** The time of milliseconds since 1970, where there are any. */
export const date = (milliseconds: number | undefined): Date | undefined => (milliseconds === undefined ? undefined : new Date(milliseconds));

/** Before the first answer. */
export const NOTHING: Told = [-1, -1, -1, -1, -1];

/** Reads what the headers of an answer tell of the limits. */
export function told(headers: Headers, now: number): Told {
  const count = (name: string) => {
    const text = headers.get(name);
    return text && /^\s*\d{1,10}\s*$/.test(text) ? Number(text) : -1;
  };
  // Seconds from now, though many take it for a time of day.
  const reset = count("x-ratelimit-reset");
  return [
    count("x-ratelimit-limit"),
    count("x-ratelimit-remaining"),
    reset < 0 ? reset : now + reset * 1000,
    count("x-daily-ratelimit-token-limit"),
    count("x-daily-ratelimit-token-remaining"),
  ];
}

/** How many milliseconds the server asks to wait, in seconds or as a date; -1 where it does not. */
export function retryAfter(headers: Headers | undefined, now: number): number {
  const text = header(headers, "retry-after")?.trim() ?? "";
  // A fraction is rounded up: asking a little late is better than asking twice.
  if (/^\d{1,10}(\.\d*)?$/.test(text)) return Math.ceil(Number(text)) * 1000;
  const until = /GMT$/.test(text) ? Date.parse(text) : NaN;
  return until >= 0 ? Math.max(until - now, 0) : -1;
}

/** The limits with their names. */
export function rateLimit(told: Told): RateLimit {
  const [limit, remaining, resetAt, dailyLimit, dailyRemaining] = told.map((number) => (number < 0 ? undefined : number));
  return { limit, remaining, resetAt: date(resetAt), dailyLimit, dailyRemaining };
}
