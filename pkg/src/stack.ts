import { unreadable } from "./errors.js";

/** Whether the engine is JavaScriptCore: it drops the frame of a function that ends in a call, and no stack is above that. */
const DROPS_FRAMES = /* @__PURE__ */ (() => "line" in new Error())();

/**
 * Remembers where a call was made, so that its error can show the caller's line; frames down to `above` are left out. The
 * stack becomes text only when it is read, which few calls' ever is.
 */
export function captureCallSite(above: ((...args: never[]) => unknown) | undefined): { stack?: unknown } {
  let site: { stack?: unknown } = {};
  try {
    const { captureStackTrace } = Error as { captureStackTrace?: (target: object, above?: unknown) => void };
    // Elsewhere the package's own frames are there as well.
    if (captureStackTrace && !DROPS_FRAMES) captureStackTrace(site, above);
    else site = new Error();
  } catch {} // A program's own Error.prepareStackTrace may throw.
  return site;
}

/** Gives an error the stack of the place where the call was made. */
export function withCallerStack<E>(error: E, site: { stack?: unknown } | undefined): E {
  try {
    // A program's own Error.prepareStackTrace may return anything. Only V8's begins with the message.
    const frames = String(site?.stack ?? "").replace(/^(?!.*@).*\n?/, "");
    if (frames && error instanceof Error) error.stack = `${error.name}: ${error.message}\n${frames}`;
  } catch {} // The error is complete without it.
  return error;
}

/** Does the work of a constructor, or of another function. What it throws shows the line that called that, and not this bundle. */
export function throwFromCaller<Made>(above: unknown, work: () => Made): Made {
  try {
    return work();
  } catch (thrown) {
    const error = unreadable(thrown, "config");
    (Error as { captureStackTrace?: (target: unknown, above?: unknown) => void }).captureStackTrace?.(error, above);
    throw error;
  }
}
