/**
 * Remembers where a call was made, so that its error can show the caller's line; frames down to `above` are left out. The
 * stack becomes text only when it is read, which few calls' ever is.
 */
export function captureCallSite(above: ((...args: never[]) => unknown) | undefined): { stack?: unknown } {
  const site = {};
  try {
    // V8's own. Elsewhere a stack of this place would be of no use, but the message says everything.
    (Error as { captureStackTrace?: (target: object, above?: unknown) => void }).captureStackTrace?.(site, above);
  } catch {
    // A program's own Error.prepareStackTrace may throw.
  }
  return site;
}

/** Gives an error the stack of the place where the call was made. */
export function withCallerStack<E>(error: E, site: { stack?: unknown } | undefined): E {
  try {
    // A program's own Error.prepareStackTrace may return anything.
    const frames = String(site?.stack ?? "").replace(/^.*\n?/, "");
    if (frames && error instanceof Error) error.stack = `${error.name}: ${error.message}\n${frames}`;
  } catch {
    // The error is complete without it.
  }
  return error;
}
