import { makeError } from "../../errors.js";
import { isSame } from "../crypto.js";
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
  const [, credentials = ""] = /^basic +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  const isPipedrive = await isSame(credentials, btoa(`${clientId}:${clientSecret}`));
  if (request.method !== "DELETE" || !isPipedrive) throw makeError("this uninstallation is not from Pipedrive: its credentials are not the app's", { kind: "authentication" });
  const { client_id, company_id, user_id, timestamp } = ((await request.json().catch(() => undefined)) ?? {}) as Record<string, unknown>;
  const identity = { companyId: idOf(company_id), userId: idOf(user_id) };
  if (client_id !== clientId || !isIdentity(identity)) throw makeError("the uninstallation names no user of a company", { kind: "validation", status: 400 });
  const key = keyOf(identity);
  const uninstalledAt = timeOf(timestamp);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const found = await records.store.get(key);
    if (!found) return key;
    // A record that can no longer be read is deleted.
    const stored = await records.read(key).catch(() => undefined);
    if (stored && uninstalledAt !== undefined && uninstalledAt < stored.value.grantedAt) return key;
    await records.delete(key, stored?.version ?? found.version);
  }
  throw makeError(`the store still has the record of user ${key} after ${MAX_ATTEMPTS} deletions`, { kind: "timeout" });
}

/** How often a record is deleted that other processes are writing. */
const MAX_ATTEMPTS = 100;

/** Reads an id, which Pipedrive may send as a number or as a string. */
const idOf = (value: unknown): number => (typeof value === "number" || (typeof value === "string" && /^\d{1,16}$/.test(value)) ? Number(value) : NaN);

/** A day, and perhaps a time in hours, minutes, seconds and less, and a time zone. */
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?:(:\d\d)(\.\d+)?)? ?(Z|[+-]\d\d:?\d\d)?)?$/i;

/** No time of an uninstallation is before: it would be of another format. */
const EARLIEST = Date.UTC(2010, 0);

/**
 * Reads a time of unknown format: seconds, or a thousandth, millionth or billionth of them, since 1970; ISO 8601 or `YYYY-MM-DD HH:MM:SS`,
 * in UTC if no zone is named; whatever else `Date` reads. Returns the last moment that it may mean.
 */
export function timeOf(value: unknown): number | undefined {
  const text = String(value).trim();
  const [time, precision] = /^\d{9,20}(\.\d+)?$/.test(text) ? ofNumber(Number(text)) : ofText(text);
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
  const [, day, minute = "00:00", seconds, fraction = "", zone = "Z"] = ISO.exec(text) ?? [];
  if (day === undefined) return [Date.parse(text), 1_000];
  const precision = seconds !== undefined ? 1_000 : text.length > day.length ? 60_000 : 86_400_000;
  return [Date.parse(`${day}T${minute}${seconds ?? ":00"}${fraction}${zone}`), precision];
}
