/** What Pipedrive tells an app extension's page in its address. Anybody can write an address: only `token`, verified, proves it. */
export interface ExtensionQuery {
  /** Who looks at it. */
  readonly userId: number | undefined;
  /** In which company. */
  readonly companyId: number | undefined;
  /** Where it is shown, such as `deal`. */
  readonly resource: string | undefined;
  /** How it is shown, such as `details`. */
  readonly view: string | undefined;
  /** The records that it is shown for. */
  readonly selectedIds: readonly number[];
  /** The signed token, see {@link verifySignedToken}. */
  readonly token: string | undefined;
}

/** Reads the address of an app extension's page. What is missing or no number is undefined. */
export function parseExtensionQuery(url: string | URL): ExtensionQuery {
  const { searchParams } = new URL(url, "https://page.invalid");
  const text = (name: string) => searchParams.get(name) || undefined;
  const id = (text: string | undefined) => (/^[1-9]\d{0,15}$/.test(text ?? "") ? Number(text) : undefined);
  const selected = searchParams.getAll("selectedIds").flatMap((list) => list.split(",")).map((one) => id(one.trim()));
  return {
    userId: id(text("userId")),
    companyId: id(text("companyId")),
    resource: text("resource"),
    view: text("view"),
    selectedIds: selected.filter((one) => one !== undefined),
    token: text("token"),
  };
}
