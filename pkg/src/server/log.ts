/** Makes a line for the log: one line, without escapes for a terminal, and without the user and password of a URL, such as a store's. */
export const logLine = (text: string): string => `[pipedrive-users] ${text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").replace(/(\w:\/\/)[^\s/@]*@/g, "$1")}`;
