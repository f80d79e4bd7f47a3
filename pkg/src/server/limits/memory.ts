import { loader } from "../../core-client.js";
import type { Exports } from "../../generated/server.js";
import type { SharedLimits } from "../../types.js";
import { Limits } from "./limits.js";
import { type LimitKeys, StoreKind } from "./store.js";

/** What is known of a token or a company; how it is written is up to Rust. */
export type LimitState = Float64Array;

/** How long what is known of a token or a company is kept. */
export const FORGET_AFTER_MS = 2 * 86_400_000;

/** The one operation of a store: what it knows afterwards, and what it replies. */
export async function reserveFunction(): Promise<(now: number, coldUntil: number, skewMs: number, token: LimitState, company: LimitState, request: readonly number[]) => [LimitState, LimitState, LimitState]> {
  const { reserve } = (await loader.load()).exports as unknown as Exports;
  return (now, coldUntil, skewMs, token, company, request) => {
    const result = reserve(now, coldUntil, skewMs, token, company, Float64Array.from(request)) as LimitState[] | undefined;
    if (result?.length !== 3) throw new Error("the module of the store has stopped");
    return result as [LimitState, LimitState, LimitState];
  };
}

/** A clock that no setting of the system's clock moves while it runs. */
export function steadyClock(): () => number {
  const origin = Date.now() - performance.now();
  return () => origin + performance.now();
}

const NOTHING: LimitState = new Float64Array();

/** The limits of many tokens and companies in memory. */
export class LimitTable {
  readonly #states = new Map<string, { readonly state: LimitState; readonly usedAt: number }>();
  #sweptAt = 0;

  get(key: string): LimitState {
    return this.#states.get(key)?.state ?? NOTHING;
  }

  set(key: string, state: LimitState, now: number): void {
    this.#states.set(key, { state, usedAt: now });
    if (now < this.#sweptAt + FORGET_AFTER_MS / 48) return;
    this.#sweptAt = now;
    for (const [old, { usedAt }] of this.#states) if (usedAt + FORGET_AFTER_MS < now) this.#states.delete(old);
  }
}

/** Makes limits that the clients of this process share: one token, several clients. */
export function memoryLimits(): SharedLimits {
  const table = new LimitTable();
  const clock = steadyClock();
  return new Limits({
    kind: StoreKind.Memory,
    async reserve({ token, company }: LimitKeys, request) {
      const reserve = await reserveFunction();
      const now = clock();
      const [tokenState, companyState, reply] = reserve(now, 0, 0, table.get(`t:${token}`), table.get(`c:${company}`), request);
      table.set(`t:${token}`, tokenState, now);
      table.set(`c:${company}`, companyState, now);
      return [...reply];
    },
  });
}
