import { ApiPromise, type Outcome } from "./api-promise.js";
import { describeType, isInteger } from "./check.js";
import { makeError } from "./errors.js";
import type { OperationId } from "./generated/operations.js";

/** Asks for the page that begins somewhere. */
type AskForPage<Item> = (from: string | number | undefined) => Promise<Outcome<Item[]>>;

/** The class of a kind of page. */
export type PageClass<Item, P> = new (outcome: Outcome<Item[]>, ask: AskForPage<Item>) => P;

/** One page of a list. */
export abstract class Page<Item> {
  /** The items of this page. */
  readonly items: Item[];
  /** Whether there is a page after this one. */
  readonly hasNextPage: boolean;
  readonly #next: string | number | undefined;
  readonly #ask: AskForPage<Item>;

  /** @internal */
  constructor({ data, next }: Outcome<Item[]>, ask: AskForPage<Item>) {
    this.items = data;
    this.hasNextPage = next !== undefined;
    this.#next = next;
    this.#ask = ask;
  }

  /** @internal Where the next page begins. */
  get next(): string | number | undefined {
    return this.#next;
  }

  /** Asks for the next page. */
  getNextPage(): ApiPromise<this, Item[]> {
    const Same = this.constructor as PageClass<Item, this>;
    const next = this.hasNextPage ? this.#ask(this.#next) : Promise.reject(makeError("this is the last page: look at hasNextPage first", { kind: "argument" }));
    return new ApiPromise(next, (outcome) => new Same(outcome, this.#ask));
  }
}

/** A page of a list that continues at a cursor. */
export class CursorPage<Item> extends Page<Item> {
  /** Where the next page begins: pass it as `cursor`. Undefined at the end. */
  readonly nextCursor = this.next as string | undefined;
}

/** A page of a list that continues after so many items. */
export class OffsetPage<Item> extends Page<Item> {
  /** Where the next page begins: pass it as `start`. Undefined at the end. */
  readonly nextStart = this.next as number | undefined;
}

/** The most items that `toArray` collects. */
const MAX_ITEMS = 10_000;

/**
 * A promise of the first page, which can also be iterated: with `for await` over the items of all pages, or by
 * `pages()`. A page is asked for when it is needed, and not before.
 */
export class PagePromise<Item, P extends Page<Item>> extends ApiPromise<P, Item[]> implements AsyncIterable<Item> {
  /** @internal */
  constructor(
    /** The operation. */
    readonly operation: OperationId,
    first: Promise<Outcome<Item[]>>,
    ask: AskForPage<Item>,
    Kind: PageClass<Item, P>,
  ) {
    super(first, (outcome) => new Kind(outcome, ask));
  }

  /** Returns the pages, one after the other. */
  async *pages(): AsyncGenerator<P, void, undefined> {
    const seen = new Set<string | number>();
    for (let page = await this; ; page = await page.getNextPage()) {
      yield page;
      const { next } = page;
      if (next === undefined) return;
      const { operation } = this;
      const where = typeof next === "string" ? { cursor: next } : { start: next };
      if (seen.has(next)) throw makeError(`${operation}: the server's pages go in a circle: reading on would never end`, { kind: "decode", operation, ...where });
      seen.add(next);
    }
  }

  /** Returns the items of all pages, one after the other. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* page.items;
  }

  /** Returns the first items, as many as `limit` says, 10 000 at most. */
  async toArray(options: { limit: number }): Promise<Item[]> {
    const limit: unknown = options?.limit;
    if (!isInteger(limit, 1, MAX_ITEMS)) {
      // The first page was asked for, and is awaited by nobody.
      this.catch(() => undefined);
      const { operation } = this;
      throw makeError(`${operation}: toArray's limit must be an integer from 1 to ${MAX_ITEMS}, got ${describeType(limit)}`, { kind: "argument", operation });
    }
    const items: Item[] = [];
    for await (const page of this.pages()) {
      items.push(...page.items.slice(0, limit - items.length));
      if (items.length >= limit) break;
    }
    return items;
  }
}
