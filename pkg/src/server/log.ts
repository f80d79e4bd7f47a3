import { callHook } from "../events.js";

/** Takes the user and password of URLs, such as a store's, out of a text. A password may contain a slash or an at sign that should have been escaped. */
export const withoutPasswords = (text: string): string => text.replace(/(\w:\/\/)[^\s"'<>]*@/g, "$1");

/** Makes a line for the log: one line, without escapes for a terminal and without passwords. */
export const logLine = (text: string): string => `[pipedrive-users] ${withoutPasswords(text.replace(/[\p{Cc}\u2028\u2029]+/gu, " "))}`;

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
