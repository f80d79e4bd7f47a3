import { makeError } from "../errors.js";

/** What Pipedrive puts into the URL of an app extension's page. A URL can be forged: only a verified `token` proves who the user is. */
export interface ExtensionQuery {
  /** The user who opened it. */
  readonly userId: number | undefined;
  /** The user's company. */
  readonly companyId: number | undefined;
  /** The kind of record that it is shown for, such as `deal`. */
  readonly resource: string | undefined;
  /** The view that it is shown in, such as `details`. */
  readonly view: string | undefined;
  /** The ids of the records that it is shown for. */
  readonly selectedIds: readonly number[];
  /** The signed token, see {@link verifySignedToken}. */
  readonly token: string | undefined;
}

/** Parses the URL of an app extension's page. Missing members, and ids that are not positive integers, are undefined. Throws an {@link ArgumentError} if it is no URL. */
export function parseExtensionQuery(url: string | URL): ExtensionQuery {
  const { searchParams } = parse(url);
  const text = (name: string) => searchParams.get(name) || undefined;
  const selected = searchParams.getAll("selectedIds").flatMap((list) => list.split(",")).map((item) => idOf(item.trim()));
  return {
    userId: idOf(text("userId")),
    companyId: idOf(text("companyId")),
    resource: text("resource"),
    view: text("view"),
    selectedIds: selected.filter((id) => id !== undefined),
    token: text("token"),
  };
}

function parse(url: string | URL): URL {
  try {
    return new URL(url, "https://page.invalid");
  } catch {
    throw makeError("the URL of an app extension's page is not a URL", { kind: "argument" });
  }
}

/** Reads an id. One that a number cannot hold exactly would be that of somebody else. */
const idOf = (text: string | undefined): number | undefined => (/^[1-9]\d{0,15}$/.test(text ?? "") && Number.isSafeInteger(Number(text)) ? Number(text) : undefined);
