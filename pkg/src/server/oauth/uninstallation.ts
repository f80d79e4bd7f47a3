import { makeError } from "../../errors.js";
import { isSame } from "../crypto.js";
import { checkRequest } from "../proxy/message.js";
import type { EncryptedStore } from "./encrypted-store.js";
import { isIdentity, keyOf } from "./tenant.js";

/** What an uninstallation needs of the app. */
interface UninstalledApp {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly records: EncryptedStore;
}

/**
 * Deletes the record that Pipedrive's `DELETE` names, unless the user has installed the app again since. Returns its key. Rejects if
 * the request is not Pipedrive's.
 */
export async function uninstall(request: Request, { clientId, clientSecret, records }: UninstalledApp): Promise<string> {
  checkRequest(request);
  const [, credentials = ""] = /^basic +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  const isPipedrive = await isSame(credentials, btoa(`${clientId}:${clientSecret}`));
  if (request.method !== "DELETE" || !isPipedrive) throw makeError("the uninstallation is not from Pipedrive: its credentials are not the app's", { kind: "authentication" });
  const { client_id, company_id, user_id, timestamp } = ((await request.json().catch(() => undefined)) ?? {}) as Record<string, unknown>;
  const identity = { companyId: idOf(company_id), userId: idOf(user_id) };
  if (client_id !== clientId || !isIdentity(identity)) throw makeError("the uninstallation names no user of a company", { kind: "validation", status: 400 });
  const key = keyOf(identity);
  const uninstalledAt = timeOf(timestamp);
  return records.retry(key, async () => {
    const found = await records.store.get(key);
    if (!found) return key;
    // A record that can no longer be read is deleted.
    const stored = await records.readIfReadable(key);
    if (stored && uninstalledAt !== undefined && uninstalledAt < stored.value.grantedAt) return key;
    await records.delete(key, stored?.version ?? found.version);
    return undefined;
  });
}

/** Reads an id, which Pipedrive may send as a number or as a string. */
const idOf = (value: unknown): number => (typeof value === "number" || (typeof value === "string" && /^\d{1,16}$/.test(value)) ? Number(value) : NaN);

/** A day, and perhaps a time in hours, minutes, seconds and less, and a time zone: with all of ISO 8601's separators, or none. */
const ISO = /^(\d{4})([-/]?)(\d\d)\2(\d\d)(?:[T ]?(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)? ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** A number of 12 or 14 digits that is a day and a time: as milliseconds it would be decades away. */
const COMPACT = /^20\d{10}(?:\d\d)?$/;

/** A time zone at the end of a text. */
const ZONE = /(?:\b(?!AM$|PM$)[A-Z]{1,4}|[+-]\d\d:?\d\d|\))$/i;

/** No time of an uninstallation is before: it would be of another format. */
const EARLIEST = Date.UTC(2010, 0);

/**
 * Reads a time of unknown format: seconds, or a thousandth, millionth or billionth of them, since 1970; ISO 8601, `YYYY-MM-DD HH:MM:SS` or
 * `YYYYMMDDHHMMSS`; whatever else `Date` reads. A time without a zone is in UTC. Returns the last moment that it may mean.
 */
export function timeOf(value: unknown): number | undefined {
  const text = String(value).trim();
  const [time, precision] = /^\d{9,20}(\.\d+)?$/.test(text) && !COMPACT.test(text) ? ofNumber(Number(text)) : ofText(text);
  if (!(time >= EARLIEST)) return undefined;
  return time + (time % precision ? 0 : precision - 1);
}

type TimeAndPrecision = readonly [milliseconds: number, precision: number];

function ofNumber(number: number): TimeAndPrecision {
  if (number < 1e11) return [number * 1_000, 1_000];
  // Some write milliseconds, and know only seconds.
  const milliseconds = number < 1e14 ? number : number < 1e17 ? number / 1e3 : number / 1e6;
  return [milliseconds, 1_000];
}

function ofText(text: string): TimeAndPrecision {
  const [, year, , month, day, hour, minute, second, fraction = "", zone = "Z"] = ISO.exec(text) ?? [];
  if (year === undefined) return [Date.parse(ZONE.test(text) ? text : `${text} UTC`), 1_000];
  const precision = second !== undefined ? 1_000 : hour !== undefined ? 60_000 : 86_400_000;
  const offset = /^[+-]/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3).replace(":", "") || "00"}` : "Z";
  return [Date.parse(`${year}-${month}-${day}T${hour ?? "00"}:${minute ?? "00"}:${second ?? "00"}${fraction && `.${fraction}`}${offset}`), precision];
}
