import { ApiPromise, type Executor, hide, type Outcome } from "./api-promise.js";
import { rejecting } from "./call.js";
import { describeType, isInteger } from "./check.js";
import { makeError, operationError } from "./errors.js";
import type { OperationId } from "./generated/operations.js";

/** Asks for the page that begins somewhere, or for the first. It returns the promise that it has made. */
export type AskForPage = <P extends Promise<unknown>>(make: (executor: Executor) => P, from?: ReturnType<typeof beginning>) => P;

/** Where a page begins, as an option of its operation. */
const beginning = (next: string | number | undefined) => (typeof next === "string" ? { cursor: next } : { start: next });

/** The class of a kind of page. */
export type PageClass<Item, P> = new (outcome: Outcome<Item[]>, ask: AskForPage) => P;

/** One page of a list. */
export abstract class Page<Item> {
  /** The items of this page. */
  readonly items: Item[];
  /** Whether there is a page after this one. */
  readonly hasNextPage: boolean;
  /** @internal */
  declare readonly _ask: AskForPage;
  /** @internal Where the next page begins. */
  declare readonly _next: string | number | undefined;

  /** @internal */
  constructor({ data, next }: Outcome<Item[]>, ask: AskForPage) {
    this.items = data;
    this.hasNextPage = next !== undefined;
    hide(this, "_ask", ask);
    hide(this, "_next", next);
  }

  /** Asks for the next page. */
  getNextPage(): ApiPromise<this> {
    const Same = this.constructor as PageClass<Item, this>;
    const { _ask, _next } = this;
    const ask: AskForPage = this.hasNextPage ? _ask : (make) => make(rejecting(makeError("there is no next page: see hasNextPage", { kind: "argument" })));
    return ask((executor) => new ApiPromise(executor, (outcome) => new Same(outcome, _ask)), beginning(_next));
  }
}

/** A page of a list that continues at a cursor. */
export class CursorPage<Item> extends Page<Item> {
  /** Where the next page begins: pass it as `cursor`. Undefined at the end. */
  readonly nextCursor = this._next as string | undefined;
}

/** A page of a list that continues after so many items. */
export class OffsetPage<Item> extends Page<Item> {
  /** Where the next page begins: pass it as `start`. Undefined at the end. */
  readonly nextStart = this._next as number | undefined;
}

/**
 * A promise of the first page, which can also be iterated: with `for await` over the items of all pages, or by
 * `pages()`. A page is asked for when it is needed, and not before.
 */
export class PagePromise<Item, P extends Page<Item>> extends ApiPromise<P> implements AsyncIterable<Item> {
  /** @internal */
  constructor(
    executor: Executor,
    /** The operation. */
    readonly operation: OperationId,
    ask: AskForPage,
    Kind: PageClass<Item, P>,
  ) {
    super(executor, (outcome) => new Kind(outcome, ask));
  }

  /** Returns the pages, one after the other. */
  async *pages(): AsyncGenerator<P, void, undefined> {
    const seen = new Set<string | number>();
    for (let page = await this; ; page = await page.getNextPage()) {
      yield page;
      const { _next } = page;
      if (_next === undefined) return;
      if (seen.has(_next)) throw operationError(this.operation, "decode", "its pages go in a circle: reading on would never end", beginning(_next));
      seen.add(_next);
    }
  }

  /** Returns the items of all pages, one after the other. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* page.items;
  }

  /** Returns the first items, as many as `limit` says, 10 000 at most. */
  async toArray(options: { limit: number }): Promise<Item[]> {
    // The first page was asked for, and is awaited by nobody where the limit is refused.
    this.catch(() => undefined);
    const limit = options?.limit;
    // Made here, where its stack has the caller.
    const refused = isInteger(limit, 1, 10_000) ? undefined : operationError(this.operation, "argument", `toArray's limit must be an integer from 1 to 10000, got ${describeType(limit)}`);
    // workerd reports what rejects before its caller can listen.
    await undefined;
    if (refused) throw refused;
    const items: Item[] = [];
    for await (const page of this.pages()) {
      items.push(...page.items.slice(0, limit - items.length));
      if (items.length >= limit) break;
    }
    return items;
  }
}
