import type { DisconnectSignal } from "../disconnection.js";

/** Lets so many requests through at a time. Users who wait take turns, so that one with many requests delays a colleague by few of them. */
export class FairQueue {
  /** What waits of each user, the next user first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #free: number;

  constructor(places: number) {
    this.#free = places;
  }

  /** Waits for a place. Rejects if the client disconnects before there is one. */
  async enter(user: string, signal: DisconnectSignal): Promise<void> {
    if (signal.aborted) throw signal.reason;
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const queue = this.#waiting.get(user) ?? [];
      this.#waiting.set(user, queue);
      const giveUp = () => {
        queue.splice(queue.indexOf(proceed), 1);
        if (!queue.length) this.#waiting.delete(user);
        reject(signal.reason);
      };
      const proceed = () => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      queue.push(proceed);
      signal.addEventListener("abort", giveUp);
    });
  }

  /** Gives a place back, to the next user who waits. */
  leave(): void {
    for (const [user, queue] of this.#waiting) {
      const proceed = queue.shift()!;
      // The user's turn comes again after those of the others.
      this.#waiting.delete(user);
      if (queue.length) this.#waiting.set(user, queue);
      return proceed();
    }
    this.#free++;
  }
}
