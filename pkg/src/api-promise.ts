import type { ResponseInfo } from "./types.js";

/** What a call results in. */
export interface Outcome<Data> {
  readonly data: Data;
  /** Where the list continues. */
  readonly next: string | number | undefined;
  /** A method, since engines make objects with getters slowly. */
  readonly response: () => ResponseInfo;
}

/** The static methods of a promise make promises of the class that they are called on. */
interface NativePromiseConstructor extends Omit<PromiseConstructor, "resolve" | "reject"> {
  new <Value>(executor: ConstructorParameters<typeof Promise<Value>>[0]): Promise<Value>;
  /** Makes what a mocked method returns. It has no response. */
  resolve<Value>(value: Value | PromiseLike<Value>): ApiPromise<Awaited<Value>>;
  /** Makes what a mocked method returns that fails. */
  reject<Value = never>(reason?: unknown): ApiPromise<Value>;
}

/** The engine's own: a program may have put another, such as Bluebird, in its place. */
const NativePromise = /* @__PURE__ */ (() => (async () => undefined)().constructor)() as NativePromiseConstructor;

/** A promise of the data of a response, which can return the rest of the response too. */
export class ApiPromise<Data> extends NativePromise<Data> {
  /** What `then` returns is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return NativePromise as unknown as PromiseConstructor;
  }

  /** @internal */
  constructor(
    outcome: Promise<Outcome<never>> | ConstructorParameters<typeof Promise<Data>>[0],
    pick?: (outcome: Outcome<never>) => Data,
  ) {
    super(typeof outcome === "function" ? outcome : (resolve, reject) => void outcome.then((settled) => resolve(pick!(settled)), reject));
    if (typeof outcome !== "function") hide(this, "_outcome", outcome);
  }

  /** Returns the data together with the response's status, headers, cost and limits. */
  async withResponse(): Promise<{ data: Data; response: ResponseInfo }> {
    const { _outcome } = this as unknown as { readonly _outcome?: Promise<Outcome<never>> };
    // The data alone is awaited by nobody then: its rejection is this promise's.
    this.catch(() => undefined);
    if (!_outcome) throw new TypeError("only a promise of a client has a response");
    const outcome = await _outcome;
    return { data: await this, response: outcome.response() };
  }
}

/** Gives an object a member that does not show. A proxy around it, such as Vue's, hands on a function or a promise as it is, where it would find no private field. */
export const hide = (object: object, name: string, value: unknown): object => Object.defineProperty(object, name, { value });
