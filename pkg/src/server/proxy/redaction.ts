/** By how many characters a token is recognised, wherever it was cut. */
const PREFIX = 16;

/** A real token is longer; a short text would be found in words that are none. */
const SHORTEST = 8;

/** The rest of a token, in any of the forms below. Nothing that ends a text of JSON. */
const REST = "(?:[\\w.~+/:=%&#;|@-]|\\\\{1,8}u00[\\da-fA-F]{2}|\\\\{1,8}/)*";

/** What replaces a token. */
const REDACTED = "[redacted]";

/** Number of tokens whose parts are remembered. */
const MAX_TOKENS = 1_000;

/** An escape of a character that tokens have. */
const ESCAPE = /%(?:25)*[2-7][\da-f]|\\u00[2-7]|&#/i;

/** What a token is recognised by: its beginning, its longest word, and its base64. */
interface Parts {
  readonly beginning: string;
  readonly word: string | undefined;
  readonly base64: readonly string[];
  /** Texts of which one is in every text that has the token in plain. */
  readonly plain: readonly string[];
}

/** Takes tokens out of what a server sends: a page never gets one, in whatever form the server repeats it. */
export class TokenRedactor {
  readonly #parts = new Map<string, Parts>();

  /** Returns a function that takes these tokens out of a text. */
  cleaner(tokens: readonly string[]): (text: string) => string {
    const all = [...new Set(tokens)].filter(({ length }) => length >= SHORTEST).map((token) => this.#partsOf(token));
    return (text) => all.reduce((text, parts) => (mayContain(text, parts) ? text.replace(patternOf(parts), REDACTED) : text), text);
  }

  #partsOf(token: string): Parts {
    const known = this.#parts.get(token);
    if (known) return known;
    const [word] = (token.match(/[A-Za-z0-9]{16,}/g) ?? []).sort((a, b) => b.length - a.length);
    const [beginning, base64] = [token.slice(0, PREFIX), base64Of(token)];
    // JSON may escape a slash, and base64 has two forms of two digits.
    const plain = [beginning.split("/")[0]!, ...(word === undefined ? [] : [word]), ...base64.map((form) => form.split(/[+/]/)[0]!)];
    const parts = { beginning, word, base64, plain };
    this.#parts.set(token, parts);
    if (this.#parts.size > MAX_TOKENS) this.#parts.delete(this.#parts.keys().next().value!);
    return parts;
  }
}

/** Whether a text must be searched with the pattern, which is slow to make: hardly any is. */
function mayContain(text: string, { plain }: Parts): boolean {
  return text.length >= SHORTEST && (plain.some((part) => text.includes(part)) || ESCAPE.test(text));
}

/** Matches a token as it is, with any of its characters escaped for a URL, JSON or HTML, within base64, and its longest word alone. */
function patternOf({ beginning, word, base64 }: Parts): RegExp {
  const digits = base64.map((form) => form.replace(/[+/]/g, (digit) => (digit === "+" ? "[+-]" : "(?:\\\\?/|_)")));
  const parts = [[...beginning].map(formsOf).join("") + REST, ...(word === undefined ? [] : [word]), ...digits];
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
  return forms.filter((form) => form.length >= PREFIX);
}
