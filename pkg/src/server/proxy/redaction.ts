/** By how many characters a token is recognised, wherever it was cut. */
const PREFIX = 16;

/** A real token is longer; a short text would be found in words that are none. */
const SHORTEST = 8;

/** The rest of a token, in any of the forms below. Nothing that ends a text of JSON. */
const REST = "(?:[\\w.~+/:=%&#;|@-]|\\\\{1,8}u00[\\da-fA-F]{2}|\\\\{1,8}/)*";

/** What replaces a token. */
const REDACTED = "[redacted]";

/** Number of tokens whose patterns are kept. */
const MAX_TOKENS = 1_000;

/** Takes tokens out of what a server sends: a page never gets one, in whatever form the server repeats it. */
export class TokenRedactor {
  readonly #patterns = new Map<string, RegExp>();

  /** Returns a function that takes these tokens out of a text. */
  cleaner(tokens: readonly string[]): (text: string) => string {
    const patterns = [...new Set(tokens)].filter(({ length }) => length >= SHORTEST).map((token) => this.#patternOf(token));
    return (text) => patterns.reduce((text, pattern) => (text.search(pattern) < 0 ? text : text.replace(pattern, REDACTED)), text);
  }

  #patternOf(token: string): RegExp {
    const known = this.#patterns.get(token);
    if (known) return known;
    const pattern = patternOf(token);
    this.#patterns.set(token, pattern);
    if (this.#patterns.size > MAX_TOKENS) this.#patterns.delete(this.#patterns.keys().next().value!);
    return pattern;
  }
}

/** Matches a token as it is, with any of its characters escaped for a URL, JSON or HTML, within base64, and its longest word alone. */
function patternOf(token: string): RegExp {
  const beginning = [...token.slice(0, PREFIX)].map(formsOf).join("");
  const [word] = (token.match(/[A-Za-z0-9]{16,}/g) ?? []).sort((a, b) => b.length - a.length);
  const parts = [beginning + REST, ...(word === undefined ? [] : [word]), ...base64Of(token)];
  return new RegExp(parts.join("|"), "g");
}

/** A pattern of a character of a token, which is visible ASCII, in the forms in which servers write it. */
function formsOf(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code.toString(16).padStart(2, "0");
  const either = [...hex].map((digit) => (/[a-f]/.test(digit) ? `[${digit}${digit.toUpperCase()}]` : digit)).join("");
  // JSON may escape a slash.
  const plain = /\w/.test(character) ? character : `\\\\{0,8}\\${character}`;
  return `(?:${plain}|%(?:25)*${either}|\\\\{1,8}u00${either}|&#0*${code};|&#[xX]0*${either};)`;
}

/** The base64 of a token that begins at any place of a text: without the digits that its neighbours have a part in. */
function base64Of(token: string): string[] {
  const forms = [0, 1, 2].map((offset) => {
    const digits = btoa("\0".repeat(offset) + token).replace(/=+$/, "");
    const [begin, end] = [offset && offset + 1, Math.floor(((offset + token.length) * 8) / 6)];
    return digits.slice(begin, end);
  });
  const long = forms.filter((form) => form.length >= PREFIX);
  return long.map((form) => form.replace(/[+/]/g, (digit) => (digit === "+" ? "[+-]" : "(?:\\\\?/|_)")));
}
