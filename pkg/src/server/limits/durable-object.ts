import type { SharedLimits } from "../../types.js";
import type { ObjectStorage } from "../stores/durable-object.js";
import { Limits } from "./limits.js";
import { type LimitKeys, StoreKind } from "./store.js";
import { FORGET_AFTER_MS, LimitTable, reserveFunction, steadyClock } from "./memory.js";

/** The host of the requests to the object: no request from outside can have it. */
const HOST = "shared-limits.invalid";

/** How often the object writes down that it grants slots. */
const MARK_MS = 2_000;

/** How long after its last grant a restarted object grants nothing: by then no lease of before is valid. */
const COLD_MS = MARK_MS + 7_000;

/** The part of a namespace of Durable Objects that is used. */
export interface LimitsNamespace {
  /** The id of the object with this name. */
  idFromName(name: string): unknown;
  /** The object of this id. */
  get(id: never): { fetch(url: string, init: RequestInit): Promise<Response> };
}

/** The body of a request to the object. */
interface LimitRequest extends LimitKeys {
  readonly request: readonly number[];
}

/**
 * Makes limits in Durable Objects, one for each company: `durableObjectLimits(env.LIMITS)`. The class of the namespace is
 * {@link LimitsObject} or extends it.
 */
export function durableObjectLimits(namespace: LimitsNamespace): SharedLimits {
  return new Limits({
    kind: StoreKind.DurableObject,
    async reserve(keys: LimitKeys, request) {
      const body = JSON.stringify({ ...keys, request } satisfies LimitRequest);
      const response = await namespace.get(namespace.idFromName(keys.company) as never).fetch(`https://${HOST}/`, { method: "POST", body });
      if (!response.ok) throw new Error(`the Durable Object responded with ${response.status}: it must extend LimitsObject`);
      return ((await response.json()) as { reply: number[] }).reply;
    },
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
 * leases of before have ended.
 */
export class LimitsObject {
  readonly #storage: LimitsStorage;
  readonly #table = new LimitTable();
  readonly #clock = steadyClock();
  #opening: Promise<void> | undefined;
  #coldUntil = 0;
  #markedAt = 0;
  #alarmAt = 0;

  constructor(state: { readonly storage: LimitsStorage }, _env?: unknown) {
    this.#storage = state.storage;
  }

  /** Handles the requests of {@link durableObjectLimits}. A class that extends this one calls it if {@link isLimitsRequest} returns true. */
  async fetch(request: Request): Promise<Response> {
    if (!isLimitsRequest(request)) return new Response(null, { status: 404 });
    const { token, request: numbers } = (await request.json()) as LimitRequest;
    const reserve = await reserveFunction();
    await (this.#opening ??= this.#open());
    const now = this.#clock();
    const before = this.#table.get("company");
    const [tokenState, companyState, reply] = reserve(now, this.#coldUntil, 0, this.#table.get(token), before, numbers);
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
    return new Response(JSON.stringify({ reply: [...reply] }), { headers: { "content-type": "application/json" } });
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

/** Returns whether a Durable Object's request comes from {@link durableObjectLimits}. No request from outside has its host. */
export const isLimitsRequest = (request: Request): boolean => new URL(request.url).hostname === HOST;
