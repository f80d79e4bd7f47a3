import type { SharedLimits } from "../../types.js";
import { BaseObject } from "../stores/base-object.js";
import { checkNamespace, type ObjectStorage } from "../stores/durable-object.js";
import { Limits } from "./limits.js";
import { type LimitKeys, StoreKind } from "./store.js";
import { FORGET_AFTER_MS, LimitTable, reserveFunction, steadyClock } from "./memory.js";

/** How often the object writes down that it grants slots. */
const MARK_MS = 2_000;

/** How long after its last grant a restarted object grants nothing: by then no lease of before is valid. */
const COLD_MS = MARK_MS + 7_000;

/** The part of a namespace of Durable Objects that is used. Where its type names no class, its objects are of an unknown one. */
export interface LimitsNamespace {
  /** The id of the object with this name. */
  idFromName(name: string): unknown;
  /** The object of this id. */
  get(id: never): object;
}

/** The method of a {@link LimitsObject} that is called. */
type LimitsStub = { reserveSlots(token: string, request: readonly number[]): Promise<readonly number[]> };

/**
 * Makes limits in Durable Objects, one for each company: `durableObjectLimits(env.LIMITS)`. The class of the namespace is
 * {@link LimitsObject} or extends it.
 */
export function durableObjectLimits(namespace: LimitsNamespace): SharedLimits {
  checkNamespace(namespace);
  return new Limits({
    kind: StoreKind.DurableObject,
    reserve: async ({ token, company }: LimitKeys, request) => (namespace.get(namespace.idFromName(company) as never) as LimitsStub).reserveSlots(token, [...request]),
  });
}

/** The storage of an object, as far as the limits use it. */
export interface LimitsStorage extends Pick<ObjectStorage, "get" | "put"> {
  /** Has the object woken at a time, in milliseconds since 1970. */
  setAlarm?(time: number): Promise<void>;
  /** Deletes everything that the object has stored. */
  deleteAll?(): Promise<void>;
}

/**
 * The Durable Object of {@link durableObjectLimits}: one for each company, with the limits of its tokens in memory. Stored are
 * only the day's counter and, every two seconds at most, that slots were granted: an object that was restarted waits until the
 * leases of before have ended. Its method is called by RPC, which no request from outside can do.
 */
export class LimitsObject extends BaseObject {
  /** Cloudflare's types take a class with it for a Durable Object. */
  declare readonly __DURABLE_OBJECT_BRAND: never;
  readonly #storage: LimitsStorage;
  readonly #table = new LimitTable();
  readonly #clock = steadyClock();
  #opening: Promise<void> | undefined;
  #coldUntil = 0;
  #markedAt = 0;
  #alarmAt = 0;

  constructor(state: { readonly storage: LimitsStorage }, env?: unknown) {
    super(state, env);
    this.#storage = state.storage;
  }

  /** Carries out a request of {@link durableObjectLimits}. */
  async reserveSlots(token: string, request: readonly number[]): Promise<number[]> {
    const reserve = await reserveFunction();
    await (this.#opening ??= this.#open());
    const now = this.#clock();
    const before = this.#table.get("company");
    const [tokenState, companyState, reply] = reserve(now, this.#coldUntil, 0, this.#table.get(token), before, request);
    this.#table.set(token, tokenState, now);
    this.#table.set("company", companyState, now);
    // The process that gets the reply may spend: the counter is stored before that.
    if (companyState.some((number, index) => number !== before[index])) await this.#storage.put("company", [...companyState]);
    if (now >= this.#markedAt + MARK_MS) {
      this.#markedAt = now;
      await this.#storage.put("grantedAt", now);
    }
    if (now >= this.#alarmAt - FORGET_AFTER_MS / 2) {
      this.#alarmAt = now + FORGET_AFTER_MS;
      await this.#storage.setAlarm?.(this.#alarmAt);
    }
    return [...reply];
  }

  /** Deletes what an unused object has stored. */
  async alarm(): Promise<void> {
    await this.#storage.deleteAll?.();
  }

  async #open(): Promise<void> {
    const [company, grantedAt] = await Promise.all([this.#storage.get<number[]>("company"), this.#storage.get<number>("grantedAt")]);
    if (company) this.#table.set("company", Float64Array.from(company), this.#clock());
    if (grantedAt !== undefined) this.#coldUntil = grantedAt + COLD_MS;
  }
}
