import { ENDPOINTS } from "../../generated/operations.js";

const DAY_MS = 86_400_000;

/** The operations by method and path, those without an id first. */
const COSTS = Object.values(ENDPOINTS)
  .map(({ method, path, cost }) => ({ method, path: new RegExp(`${path.replace(/^\/api/, "").replace("{id}", "[^/]+")}$`), cost, hasId: path.includes("{") }))
  .sort((a, b) => Number(a.hasId) - Number(b.hasId));

/** Returns the cost of a request. */
const costOf = (method: string, path: string): number => COSTS.find((one) => one.method === method && one.path.test(path))?.cost ?? 0;

/** What each company may spend in a day. It is remembered as long as the day lasts, in UTC as Pipedrive's. */
export class DailyBudgets {
  readonly #spent = new Map<number, number>();
  #day = 0;

  constructor(private readonly budget: number) {}

  /** Spends the cost of a request. Returns how to take it back, or undefined if it would exceed the budget. */
  spend(companyId: number, method: string, path: string): (() => void) | undefined {
    const day = Math.floor(Date.now() / DAY_MS);
    if (day !== this.#day) {
      this.#spent.clear();
      this.#day = day;
    }
    const cost = costOf(method, path);
    const spent = (this.#spent.get(companyId) ?? 0) + cost;
    if (spent > this.budget) return undefined;
    this.#spent.set(companyId, spent);
    return () => void (day === this.#day && this.#spent.set(companyId, this.#spent.get(companyId)! - cost));
  }

  /** Pipedrive's response to a request beyond its own budget. */
  static refusal(): Response {
    const seconds = Math.ceil((DAY_MS - (Date.now() % DAY_MS)) / 1000);
    return Response.json({ success: false, error: "daily request budget exceeded", errorCode: 429 }, { status: 429, headers: { "retry-after": String(seconds) } });
  }
}
