import type { AccessApp, CurrentUser, User } from "./generated/models.js";

// A record may lack what it should have: no helper throws for that.

/**
 * Returns the only safe account key: `"<company_id>:<id>"`. A person can belong to several companies, and an e-mail can
 * change, so that neither the user id alone nor the e-mail identifies an account. Empty where an id is missing: such a
 * record is of no known account.
 */
export function identityKey(me: Pick<CurrentUser, "company_id" | "id">): string {
  const key = `${me?.company_id}:${me?.id}`;
  return /^[1-9]\d*:[1-9]\d*$/.test(key) ? key : "";
}

/** A BCP 47 tag, which is "und" for what is not known: `Intl` takes that as well. */
function tagOf(text: unknown): string {
  const tag = `${text || ""}`.replace(/_/g, "-");
  return /^[a-z]{2,8}(-\w{2,8})*$/i.test(tag) ? tag : "und";
}

/** Returns the language of the user's interface as a BCP 47 tag, such as `en-US`; `und` where it is missing. */
export function languageTag(me: Pick<CurrentUser, "language">): string {
  const { language_code: language, country_code: country } = me?.language ?? {};
  return tagOf(language && country ? `${language}-${country}` : language);
}

/** Returns the user's date and number format as a BCP 47 tag, such as `et-EE`; `und` where it is missing. It is not the language, see {@link languageTag}. */
export const formattingLocale = (me: Pick<User, "locale">): string => tagOf(me?.locale);

/** Returns whether the user administers an app. An app that is missing from `access` means no. */
export const isAdmin = (user: Pick<User, "access">, app: AccessApp): boolean =>
  user?.access?.some?.((entry) => entry?.app === app && entry.admin === true) ?? false;

/** Reads Pipedrive's times, `YYYY-MM-DD HH:MM:SS` in UTC and RFC 3339. Null for null, for the zero date of a user who never logged in, and for what is not a time. */
export function parseTimestamp(text: string | null | undefined): Date | null {
  const [, day = "", time, zone = "Z"] = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)?$/.exec(text ?? "") ?? [];
  const [midnight, date] = [new Date(`${day}T00:00:00Z`), new Date(`${day}T${time}${zone}`)];
  // JavaScript takes 30 February for 2 March.
  return isNaN(+date) || isNaN(+midnight) || !midnight.toISOString().startsWith(day) ? null : date;
}
