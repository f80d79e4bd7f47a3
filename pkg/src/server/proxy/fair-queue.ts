import type { DisconnectSignal } from "../disconnection.js";

/** How often a request shows that it is still there, and after how long it is taken for gone. */
const HEARTBEAT_MS = 1_000;
const GONE_MS = 3_000;

/**
 * A request that waits for a place or has one. In a Worker, one whose client has disconnected stops without a word, and one that waits
 * only for another request is ended by the runtime: a timer of its own is what it waits for as well.
 */
interface QueuedRequest {
  seenAt: number;
  readonly proceed: () => void;
}

/** Lets so many requests through at a time. Users who wait take turns, so that one with many requests delays a colleague by few of them. */
export class FairQueue {
  /** What waits of each user, the next user first. */
  readonly #waiting = new Map<string, QueuedRequest[]>();
  readonly #admitted = new Set<QueuedRequest>();

  constructor(private readonly places: number) {}

  /** Waits for a place, and returns how to give it back. Rejects if the client disconnects before there is one. */
  async enter(user: string, signal: DisconnectSignal): Promise<() => void> {
    if (signal.aborted) throw signal.reason;
    return new Promise((resolve, reject) => {
      const beat = () => {
        entry.seenAt = performance.now();
        const queue = this.#waiting.get(user) ?? [];
        // One that was taken for gone, as after a long pause, waits again.
        if (!this.#admitted.has(entry) && !queue.includes(entry)) this.#waiting.set(user, [...queue, entry]);
        this.#fill();
      };
      const timer = setInterval(beat, HEARTBEAT_MS);
      const leave = () => {
        clearInterval(timer);
        // Where it still waits, its turn is passed over.
        entry.seenAt = -Infinity;
        this.#fill();
      };
      const giveUp = () => {
        leave();
        reject(signal.reason);
      };
      const proceed = () => {
        signal.removeEventListener("abort", giveUp);
        resolve(leave);
      };
      const entry = { seenAt: 0, proceed };
      signal.addEventListener("abort", giveUp);
      beat();
    });
  }

  /** Gives the free places to those who wait, each user in turn. */
  #fill(): void {
    const isGone = ({ seenAt }: QueuedRequest) => performance.now() - seenAt > GONE_MS;
    for (const entry of this.#admitted) if (isGone(entry)) this.#admitted.delete(entry);
    for (const [user, queue] of this.#waiting) {
      if (this.#admitted.size >= this.places) return;
      const next = queue.shift();
      // The user's turn comes again after those of the others.
      this.#waiting.delete(user);
      if (queue.length) this.#waiting.set(user, queue);
      if (!next || isGone(next)) continue;
      this.#admitted.add(next);
      next.proceed();
    }
  }
}
