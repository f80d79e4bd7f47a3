import type { ResponseInfo } from "./types.js";

/** What a call results in. */
export interface Outcome<Data> {
  readonly data: Data;
  /** Where the list continues. */
  readonly next: string | number | undefined;
  /** A method, since engines make objects with getters slowly. */
  readonly response: () => ResponseInfo;
}

/** What the promise of a call is made with. */
export type Executor = (resolve: (outcome: Outcome<never>) => void, reject: (reason: unknown) => void) => void;

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

  /** @internal It resolves to what is picked of the outcome, which is kept. */
  constructor(executor: Executor | ConstructorParameters<typeof Promise<Data>>[0], pick?: (outcome: Outcome<never>) => Data) {
    let outcome: Outcome<never> | undefined;
    super(pick ? (resolve, reject) => (executor as Executor)((settled) => resolve(pick((outcome = settled))), reject) : (executor as ConstructorParameters<typeof Promise<Data>>[0]));
    if (pick) hide(this, "_outcome", () => outcome);
  }

  /** Returns the data together with the response's status, headers, cost and limits. */
  async withResponse(): Promise<{ data: Data; response: ResponseInfo }> {
    const data = await this;
    const outcome = (this as unknown as { readonly _outcome?: () => Outcome<never> })._outcome?.();
    if (!outcome) throw new TypeError("only a promise of a client has a response");
    return { data, response: outcome.response() };
  }
}

/** Gives an object a member that does not show. A proxy around it, such as Vue's, hands on a function or a promise as it is, where it would find no private field. */
export const hide = (object: object, name: string, value: unknown): object => Object.defineProperty(object, name, { value });
