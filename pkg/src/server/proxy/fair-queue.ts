import type { DisconnectSignal } from "../disconnection.js";

/** How often a request shows that it is still there, and after how long it is taken for gone. */
const BEAT_MS = 1_000;
const GONE_MS = 3_000;

/**
 * A request that waits for a place or has one. In a Worker, one whose client has disconnected stops without a word, and one that waits
 * only for another request is ended by the runtime: a timer of its own is what it waits for as well.
 */
interface Guest {
  seenAt: number;
  readonly proceed: () => void;
}

/** Lets so many requests through at a time. Users who wait take turns, so that one with many requests delays a colleague by few of them. */
export class FairQueue {
  /** What waits of each user, the next user first. */
  readonly #waiting = new Map<string, Guest[]>();
  readonly #inside = new Set<Guest>();

  constructor(private readonly places: number) {}

  /** Waits for a place, and returns how to give it back. Rejects if the client disconnects before there is one. */
  async enter(user: string, signal: DisconnectSignal): Promise<() => void> {
    if (signal.aborted) throw signal.reason;
    return new Promise((resolve, reject) => {
      const timer = setInterval(() => {
        guest.seenAt = performance.now();
        this.#fill();
      }, BEAT_MS);
      const leave = () => {
        clearInterval(timer);
        // Where it still waits, its turn is passed over.
        guest.seenAt = -Infinity;
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
      const guest = { seenAt: performance.now(), proceed };
      this.#waiting.set(user, [...(this.#waiting.get(user) ?? []), guest]);
      signal.addEventListener("abort", giveUp);
      this.#fill();
    });
  }

  /** Gives the free places to those who wait, each user in turn. */
  #fill(): void {
    const isGone = ({ seenAt }: Guest) => performance.now() - seenAt > GONE_MS;
    for (const guest of this.#inside) if (isGone(guest)) this.#inside.delete(guest);
    for (const [user, queue] of this.#waiting) {
      if (this.#inside.size >= this.places) return;
      const next = queue.shift();
      // The user's turn comes again after those of the others.
      this.#waiting.delete(user);
      if (queue.length) this.#waiting.set(user, queue);
      if (!next || isGone(next)) continue;
      this.#inside.add(next);
      next.proceed();
    }
  }
}
