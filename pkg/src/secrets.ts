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
    return this.#tokens.reduce((text, token) => text.replaceAll(token, "[redacted]").replaceAll(encodeURIComponent(token), "[redacted]"), text);
  }

  /**
   * What was thrown, as it is; a copy where one of its texts holds a token: some runtimes keep the raw bytes of an
   * answer in the error of their parser.
   */
  cause(thrown: unknown, depth = 0): unknown {
    if (typeof thrown === "string") return this.#clean(thrown);
    if (!(thrown instanceof Error) || depth > 8) return thrown;
    const names = Object.getOwnPropertyNames(thrown);
    const own = Object.fromEntries(names.map((name) => [name, (thrown as unknown as Record<string, unknown>)[name]]));
    const clean = Object.fromEntries(
      names.map((name) => [name, typeof own[name] === "string" || own[name] instanceof Error ? this.cause(own[name], depth + 1) : own[name]]),
    );
    if (names.every((name) => own[name] === clean[name])) return thrown;
    const copy = Object.create(Object.getPrototypeOf(thrown)) as object;
    for (const name of names) {
      const { enumerable = false } = Object.getOwnPropertyDescriptor(thrown, name) ?? {};
      Object.defineProperty(copy, name, { value: clean[name], enumerable, writable: true, configurable: true });
    }
    return copy;
  }
}
