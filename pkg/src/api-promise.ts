import type { ResponseInfo } from "./types.js";

/** What a call results in. */
export interface Outcome<Data> {
  readonly data: Data;
  /** Where the list continues. */
  readonly next: string | number | undefined;
  readonly response: ResponseInfo;
}

/** A promise of the data of a response, which can return the rest of the response too. */
export class ApiPromise<Data, Raw = Data> extends Promise<Data> {
  /** What `then` returns is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  readonly #outcome: Promise<Outcome<Raw>> | undefined;

  /** @internal */
  constructor(outcome: Promise<Outcome<Raw>> | ConstructorParameters<typeof Promise<Data>>[0], pick?: (outcome: Outcome<Raw>) => Data) {
    super(typeof outcome === "function" ? outcome : (resolve, reject) => void outcome.then((settled) => resolve(pick!(settled)), reject));
    if (typeof outcome !== "function") this.#outcome = outcome;
  }

  /** Returns the data together with the response's status, headers, cost and limits. */
  async withResponse(): Promise<{ data: Data; response: ResponseInfo }> {
    // The data alone is awaited by nobody then: its rejection is this promise's.
    this.catch(() => undefined);
    if (!this.#outcome) throw new TypeError("a promise that was not made by a client has no response");
    const outcome = await this.#outcome;
    return { data: await this, response: outcome.response };
  }
}
