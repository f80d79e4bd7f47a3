import type { Instance } from "../../load.js";
import type { Core, Exports, ProcessLimiter } from "../../generated/server.js";
import type { LimitKeys, LimitStore } from "./store.js";

/** A running instance of the server's module. */
export type LoadedInstance = Instance<Exports>;

/** The longest time that a timer takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

type Reference = Pick<WeakRef<Core>, "deref">;

/** A client, as Rust's listener knows it: it is made before its core is. */
interface Client {
  core?: Reference;
}

/** A runtime without weak references does not free unclosed clients either. */
const referenceTo = (core: Core): Reference => (typeof WeakRef === "function" ? new WeakRef(core) : { deref: () => core });

/** Returns a random integer below 2^53. */
function randomOwner(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];
  return (high % 2 ** 21) * 2 ** 32 + low;
}

/**
 * Performs what the limiter of one token decides for all clients of this process: trips to the store, one at a time, and the
 * waking of calls.
 */
export class LimitDriver {
  readonly #limiter: ProcessLimiter;
  /** The clients whose calls may wait. */
  readonly #waiting = new Set<Core>();
  #isNotified = false;
  #isOver = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly instance: LoadedInstance,
    private readonly store: LimitStore,
    private readonly keys: LimitKeys,
    budget: number | undefined,
    private readonly onOver: () => void,
  ) {
    this.#limiter = new instance.exports.ProcessLimiter(randomOwner(), budget, store.kind);
  }

  /** Whether it can take no client of an instance. */
  isOver(instance: LoadedInstance): boolean {
    return this.#isOver || this.instance.stopped || this.instance !== instance;
  }

  /** Makes a client within the limits. */
  core(settings: object): Core {
    const client: Client = {};
    const core = this.#limiter.core(settings, this.#listener(client));
    client.core = referenceTo(core);
    return core;
  }

  /** Returns what Rust calls when a client's limits have changed, or when the client is gone. Rust holds it: were it to hold the client, an unclosed client would never be garbage-collected. */
  #listener(client: Client): (isGone?: boolean) => void {
    return (isGone) => {
      const core = client.core?.deref();
      if (core) this.#waiting[isGone ? "delete" : "add"](core);
      this.#notify();
    };
  }

  /** Calls that are made together are one trip. */
  #notify(): void {
    if (this.#isNotified) return;
    this.#isNotified = true;
    queueMicrotask(() => {
      this.#isNotified = false;
      this.#run();
    });
  }

  #run(): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    try {
      this.#step();
    } catch {
      // The module has stopped, and has ended its calls.
      this.#end();
    }
  }

  #step(): void {
    if (this.instance.stopped) return this.#end();
    const request = this.#limiter.poll();
    if (request) void this.#reserve(this.#limiter.trip, [...request]);
    for (const core of this.#waiting) if (!core.look()) this.#waiting.delete(core);
    const due = this.#limiter.dueIn();
    if (due < Infinity) {
      this.#timer = setTimeout(() => {
        if (!this.instance.stopped) this.#limiter.onElapsed();
        this.#run();
      }, Math.min(Math.max(due, 1), LONGEST_TIMER_MS));
    } else if (this.#limiter.clients === 0) {
      this.#limiter.free();
      this.#end();
    }
  }

  async #reserve(trip: number, request: readonly number[]): Promise<void> {
    let reply: readonly number[] = [];
    try {
      reply = await this.store.reserve(this.keys, request);
    } catch {
      // The limiter tries again, and the calls that wait for it say which store does not respond.
    }
    if (this.#isOver || this.instance.stopped) return;
    this.#limiter.onReply(trip, Float64Array.from(reply, Number));
    this.#run();
  }

  #end(): void {
    this.#isOver = true;
    this.#waiting.clear();
    this.onOver();
  }
}
