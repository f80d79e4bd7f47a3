import type { ResponseInfo } from "./types.js";

/** What a call comes to. */
export interface Outcome<Data> {
  readonly data: Data;
  /** Where the list goes on. */
  readonly next: string | number | undefined;
  readonly response: ResponseInfo;
}

/** A promise of the data of an answer, which can give the rest of the answer too. */
export class ApiPromise<Data, Raw = Data> extends Promise<Data> {
  readonly #outcome: Promise<Outcome<Raw>>;
  readonly #pick: (outcome: Outcome<Raw>) => Data;

  /** @internal */
  constructor(outcome: Promise<Outcome<Raw>>, pick: (outcome: Outcome<Raw>) => Data) {
    // Whoever asks for the response alone leaves no promise of the data behind that could be rejected unheard.
    super((resolve) => resolve(undefined as Data));
    this.#outcome = outcome;
    this.#pick = pick;
  }

  override then<A = Data, B = never>(
    onFulfilled?: ((data: Data) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#outcome.then(this.#pick).then(onFulfilled, onRejected);
  }

  override catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<Data | B> {
    return this.then(undefined, onRejected);
  }

  override finally(onFinally?: (() => void) | null): Promise<Data> {
    return this.#outcome.then(this.#pick).finally(onFinally);
  }

  /** The data together with the answer's status, headers, cost and limits. */
  async withResponse(): Promise<{ data: Data; response: ResponseInfo }> {
    const outcome = await this.#outcome;
    return { data: this.#pick(outcome), response: outcome.response };
  }
}

/**
 * Remembers the place of a call, so that its error shows the caller's line; frames down to `above` are left out. The
 * stack becomes text only when it is read, which few calls ever are.
 */
export function callSite(above: ((...args: never[]) => unknown) | undefined): { stack?: string } {
  const site: { stack?: string } = {};
  // V8's own. Elsewhere the stack of an error is where it is made, which is of no use, but the text says all.
  (Error as { captureStackTrace?: (target: object, above?: unknown) => void }).captureStackTrace?.(site, above);
  return site;
}

/** Gives an error the stack of the place where the call was made. */
export function placed<E>(error: E, site: { stack?: string }): E {
  const frames = site.stack?.replace(/^.*\n/, "");
  if (frames && error instanceof Error) error.stack = `${error.name}: ${error.message}\n${frames}`;
  return error;
}
