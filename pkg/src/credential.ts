import type { Token } from "./types.js";

/** A credential function that gave no token, with what it threw. */
export class NoToken {
  constructor(readonly cause: unknown) {}
}

/** The credential of a client: asked for before each attempt, once for all who wait for it at the same time. */
export class Credential {
  /** The header that carries it, and what stands before it there. */
  readonly header: string;
  readonly #prefix: string;
  readonly #token: Token | undefined;
  /** What the function gave last. */
  #current: string | undefined;
  #asking: Promise<string> | undefined;

  constructor(apiToken: Token | undefined, accessToken: Token | undefined) {
    this.#token = apiToken ?? accessToken;
    [this.header, this.#prefix] = accessToken === undefined ? ["x-api-token", ""] : ["authorization", "Bearer "];
  }

  /** Whether the next token can be another one. */
  get renewable(): boolean {
    return typeof this.#token === "function";
  }

  /** The token of the next attempt, none where the server at the base URL adds it. */
  ask(): string | undefined | Promise<string> {
    if (typeof this.#token !== "function") return this.#token;
    if (!this.#asking) {
      const asked = () => {
        this.#asking = undefined;
      };
      this.#asking = this.#give(this.#token);
      this.#asking.then(asked, asked);
    }
    return this.#asking;
  }

  /**
   * Another token than one that was refused. Many calls can be refused at once: the first to come asks for a new
   * one, the others wait for that or find that it is there already.
   */
  renew(refused: string | undefined): string | undefined | Promise<string> {
    return this.#current !== refused ? this.#current : this.ask();
  }

  /** What the header says. */
  value(token: string): string {
    return this.#prefix + token;
  }

  async #give(provider: () => string | Promise<string>): Promise<string> {
    try {
      const token: unknown = await provider();
      if (typeof token !== "string" || !token) throw new TypeError("the token that it gave is empty");
      if (!/^[\x21-\x7e]+$/.test(token)) throw new TypeError("the token that it gave has characters that no header can carry: it must be visible ASCII without blanks");
      return (this.#current = token);
    } catch (cause) {
      throw new NoToken(cause);
    }
  }
}
