import { callHook } from "../events.js";

/** Makes a line for the log: one line, without escapes for a terminal, and without the user and password of a URL, such as a store's. */
export const logLine = (text: string): string => `[pipedrive-users] ${text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").replace(/(\w:\/\/)[^\s/@]*@/g, "$1")}`;

/** Returns the text of something that was thrown, which may be anything: some values have none. */
export function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "something without a text was thrown";
  }
}

/** Writes a line to the app's log. A logger that fails fails nothing else. */
export const logError = (logger: Pick<Console, "error">, text: string): void => callHook(() => logger.error(logLine(text)));
