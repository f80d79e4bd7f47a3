import type { RateLimit } from "./types.js";

/** What the head of an answer tells. Numbers that it does not tell are -1; times are in milliseconds. */
export interface Told {
  readonly limit: number;
  readonly remaining: number;
  readonly reset: number;
  readonly daily: number;
  readonly dailyRemaining: number;
  readonly retryAfter: number;
  readonly isHtml: boolean;
}

/** A header, or nothing where there is none. */
export const header = (headers: Headers | undefined, name: string): string | undefined => headers?.get(name) ?? undefined;

/** The time of milliseconds since 1970, where there are any. */
export const date = (milliseconds: number | undefined): Date | undefined => (milliseconds === undefined ? undefined : new Date(milliseconds));

/** Reads the headers of an answer that came now. */
export function told(headers: Headers | undefined, now: number): Told {
  const text = (name: string) => header(headers, name)?.trim() ?? "";
  const count = (name: string) => (/^\d{1,10}$/.test(text(name)) ? Number(text(name)) : -1);
  // Seconds from now, though many take it for a time of day.
  const reset = count("x-ratelimit-reset");
  // In seconds or as a date. A fraction is rounded up: asking a little late is better than asking twice.
  const after = text("retry-after");
  const until = /GMT$/.test(after) ? Date.parse(after) : NaN;
  return {
    limit: count("x-ratelimit-limit"),
    remaining: count("x-ratelimit-remaining"),
    reset: reset < 0 ? reset : reset * 1000,
    daily: count("x-daily-ratelimit-token-limit"),
    dailyRemaining: count("x-daily-ratelimit-token-remaining"),
    retryAfter: /^\d{1,10}(\.\d*)?$/.test(after) ? Math.ceil(Number(after)) * 1000 : until >= 0 ? Math.max(until - now, 0) : -1,
    isHtml: /html/i.test(text("content-type")),
  };
}

/** The limits that an answer told at a time, or else those that were known before. */
export function rateLimit({ limit, remaining, reset, daily, dailyRemaining }: Told, now: number, before?: RateLimit): RateLimit {
  const or = (number: number, known: number | undefined) => (number < 0 ? known : number);
  return {
    limit: or(limit, before?.limit),
    remaining: or(remaining, before?.remaining),
    resetAt: reset < 0 ? before?.resetAt : date(now + reset),
    dailyLimit: or(daily, before?.dailyLimit),
    dailyRemaining: or(dailyRemaining, before?.dailyRemaining),
  };
}
