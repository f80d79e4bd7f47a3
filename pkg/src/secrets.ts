/** The tokens that a client has lately used, so that what is thrown beneath it can be shown without them. */
export class Secrets {
  readonly #tokens: string[] = [];

  /** The same token, or function that gives tokens, which is remembered. */
  watch(token: unknown): unknown {
    if (typeof token === "string") this.#remember(token);
    if (typeof token !== "function") return token;
    return async () => {
      const given: unknown = await token();
      if (typeof given === "string") this.#remember(given);
      return given;
    };
  }

  #remember(token: string): void {
    // A short one would be found in words that are none.
    if (token.length < 8 || this.#tokens.includes(token)) return;
    this.#tokens.push(token);
    if (this.#tokens.length > 4) this.#tokens.shift();
  }

  /** A text without the tokens. */
  #clean(text: string): string {
    const forms = this.#tokens.flatMap((token) => [token, encodeURIComponent(token), token.replaceAll("/", "\\/")]);
    return forms.reduce((text, form) => text.replaceAll(form, "[redacted]"), text);
  }

  /**
   * What was thrown, as it is; a copy where one of its texts holds a token: some runtimes keep the raw bytes of an
   * answer in the error of their parser.
   */
  cause(thrown: unknown, depth = 0): unknown {
    if (typeof thrown === "string") return this.#clean(thrown);
    if (typeof thrown !== "object" || thrown === null || depth > 6) return thrown;
    // Of other things than errors, only plain ones: an agent or a socket is the whole runtime.
    const kind: unknown = Object.getPrototypeOf(thrown);
    if (!(thrown instanceof Error || kind === Object.prototype || kind === Array.prototype)) return thrown;
    const names = Object.getOwnPropertyNames(thrown);
    const own = Object.fromEntries(names.map((name) => [name, (thrown as unknown as Record<string, unknown>)[name]]));
    const clean = Object.fromEntries(
      names.map((name) => [name, this.cause(own[name], depth + 1)]),
    );
    if (names.every((name) => own[name] === clean[name])) return thrown;
    const copy = (Array.isArray(thrown) ? [] : Object.create(kind as object)) as object;
    for (const name of names) {
      const { enumerable = false } = Object.getOwnPropertyDescriptor(thrown, name) ?? {};
      Object.defineProperty(copy, name, { value: clean[name], enumerable, writable: true, configurable: true });
    }
    return copy;
  }
}
