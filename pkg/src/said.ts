/** What the body of an error says, whichever of its eight shapes it has. */
export interface Said {
  readonly text?: string | undefined;
  /** Where it says more than where the documentation is. */
  readonly detail?: string | undefined;
  readonly code?: string | number | undefined;
}

const string = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const code = (value: unknown): string | number | undefined => (typeof value === "number" ? value : string(value));

/** The first text in a value, however deep: `errors` is an object of lists. */
function firstText(value: unknown): string | undefined {
  if (typeof value !== "object" || !value) return string(value);
  for (const inside of Object.values(value)) {
    const text = firstText(inside);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Reads a parsed body; nothing of one that is no object. */
export function said(json: unknown): Said | undefined {
  if (typeof json !== "object" || !json || Array.isArray(json)) return undefined;
  const { error, message, errors, error_info, ...codes } = json as Record<string, unknown>;
  const inside = (error ?? {}) as Record<string, unknown>;
  const detail = string(error_info);
  return {
    text: string(error) ?? string(inside["message"]) ?? string(message) ?? firstText(errors),
    detail: detail?.startsWith("Please check developers.pipedrive.com") ? undefined : detail,
    code: code(codes["code"]) ?? code(codes["errorCode"]) ?? code(codes["statusCode"]) ?? string(inside["code"]),
  };
}

/** What decisions need to know of what a body says, a bit each: it says something, of the day's limit, of a scope. */
export function hints(json: unknown): number {
  const says = said(json);
  return (says ? 1 : 0) + (/daily/i.test(says?.text ?? "") ? 2 : 0) + (says?.text?.includes("Scope") ? 4 : 0);
}
