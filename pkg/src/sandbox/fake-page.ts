import { checkKeys, checkSetting, integer } from "../check.js";
import type { Outcome } from "../api-promise.js";
import { makeError } from "../errors.js";
import { type AskForPage, CursorPage, OffsetPage, PagePromise } from "../pages.js";

/** How `fakePage` cuts its items. */
export interface FakePageOptions {
  /** Items in a page. Default: all of them in one. */
  pageSize?: number | undefined;
}

/**
 * Makes what `getUserFollowers` and `getUserRoleAssignments` return, of items of your own: awaited it is the first page, and it can be
 * iterated, as the client's. For tests with a client of their own, and for mocks.
 */
export function fakePage<Item>(items: readonly Item[], options: FakePageOptions = {}): PagePromise<Item, CursorPage<Item> & OffsetPage<Item>> {
  checkKeys("config", undefined, "fakePage's options", options, ["pageSize"]);
  checkSetting("pageSize", options.pageSize, integer([1, Number.MAX_SAFE_INTEGER]));
  if (!Array.isArray(items)) throw makeError("fakePage takes an array of items", { kind: "config" });
  const size = options.pageSize ?? Math.max(items.length, 1);
  const response = { status: 200, headers: {}, requestId: undefined, attempts: 1, cost: 10, rateLimit: { limit: undefined, remaining: undefined, resetAt: undefined, dailyLimit: undefined, dailyRemaining: undefined } };
  const ask: AskForPage = (make, from) =>
    make((resolve) => {
      const start = Number(from?.cursor ?? from?.start ?? 0);
      const next = start + size < items.length ? String(start + size) : undefined;
      resolve({ data: items.slice(start, start + size), next, response: () => response } as Outcome<never>);
    });
  return ask((executor) => new PagePromise<Item, CursorPage<Item> & OffsetPage<Item>>(executor, "getUserFollowers", ask, FakePage));
}

/** A page of both kinds. */
class FakePage<Item> extends CursorPage<Item> {
  readonly nextStart = this.nextCursor === undefined ? undefined : Number(this.nextCursor);
}
