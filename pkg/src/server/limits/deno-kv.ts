import type { SharedLimits } from "../../types.js";
import { checkKv, type DenoKv, retryLocked } from "../stores/deno-kv.js";
import { Limits } from "./limits.js";
import { type LimitKeys, StoreKind } from "./store.js";
import { FORGET_AFTER_MS, type LimitState, reserveFunction } from "./memory.js";

/** How far apart the clocks of the processes may be: Deno KV has no time of its own, so every slot is free so much later. */
const SKEW_MS = 250;

/** How often a trip is tried that met another's. */
const ATTEMPTS = 20;

/** Makes limits in Deno KV: `denoKvLimits(await Deno.openKv())`. The clocks of the processes must agree within a quarter of a second. */
export function denoKvLimits(kv: DenoKv): SharedLimits {
  checkKv(kv);
  const read = async (key: string[]) => {
    const { value, versionstamp } = await retryLocked(() => kv.get(key));
    return { key, versionstamp, state: value instanceof Float64Array ? value : new Float64Array() };
  };
  return new Limits({
    kind: StoreKind.DenoKv,
    async reserve({ token, company }: LimitKeys, request) {
      const reserve = await reserveFunction();
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const [tokenEntry, companyEntry] = await Promise.all([read(["pipedrive-users", "limits", "token", token]), read(["pipedrive-users", "limits", "company", company])]);
        const [tokenState, companyState, reply] = reserve(Date.now(), 0, SKEW_MS, tokenEntry.state, companyEntry.state, request);
        let write = kv.atomic();
        for (const [entry, state] of [[tokenEntry, tokenState], [companyEntry, companyState]] as const) {
          if (isSame(entry.state, state)) continue;
          write = write.check({ key: entry.key, versionstamp: entry.versionstamp }).set(entry.key, state, { expireIn: FORGET_AFTER_MS });
        }
        if ((await retryLocked(() => write.commit())).ok) return [...reply];
        await new Promise((resolve) => setTimeout(resolve, 10 * Math.random() * attempt));
      }
      throw new Error("other processes wrote to Deno KV each time");
    },
  });
}

const isSame = (one: LimitState, other: LimitState) => one.length === other.length && one.every((number, index) => number === other[index]);
