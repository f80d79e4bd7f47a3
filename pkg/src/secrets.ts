/** The tokens that a client has lately used, so that what is thrown beneath it can be shown without them. */
export class Secrets {
  readonly #tokens: string[] = [];

  /** From now on, it is not shown. */
  remember(token: string): void {
    // A short one would be found in words that are none.
    if (token.length < 8 || this.#tokens.includes(token)) return;
    this.#tokens.push(token);
    if (this.#tokens.length > 4) this.#tokens.shift();
  }

  /** A text without the tokens. */
  #redact(text: string): string {
    const forms = this.#tokens.flatMap((token) => [token, encodeURIComponent(token), token.replaceAll("/", "\\/")]);
    return forms.reduce((text, form) => text.replaceAll(form, "[redacted]"), text);
  }

  /**
   * A value as it is, or a copy where one of its texts holds a token: some servers repeat what they refuse, and some
   * runtimes keep the raw bytes of an answer in the error of their parser.
   */
  clean<T>(value: T): T {
    return this.#cleaned(value, 0) as T;
  }

  #cleaned(thrown: unknown, depth: number): unknown {
    if (typeof thrown === "string") return this.#redact(thrown);
    if (typeof thrown !== "object" || thrown === null || depth > 6) return thrown;
    // Of other things than errors, only plain ones: an agent or a socket is the whole runtime.
    const kind: unknown = Object.getPrototypeOf(thrown);
    if (!(thrown instanceof Error || kind === Object.prototype || kind === Array.prototype)) return thrown;
    const copy = (Array.isArray(thrown) ? [] : Object.create(kind as object)) as object;
    let isClean = true;
    for (const [name, { enumerable = false, configurable }] of Object.entries(Object.getOwnPropertyDescriptors(thrown))) {
      // The length of a list.
      if (!configurable && name in copy) continue;
      const own = (thrown as Record<string, unknown>)[name];
      const value = this.#cleaned(own, depth + 1);
      isClean &&= value === own;
      Object.defineProperty(copy, name, { value, enumerable, writable: true, configurable: true });
    }
    return isClean ? thrown : copy;
  }
}
