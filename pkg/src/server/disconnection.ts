/** The part of an `AbortSignal` that calls are aborted by. */
export interface DisconnectSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** The disconnection of a client: a signal that costs nothing until an `AbortSignal` is needed. */
export class Disconnection implements DisconnectSignal {
  readonly #listeners = new Set<() => void>();
  aborted = false;
  reason: unknown;

  addEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = new DOMException("The client has disconnected", "AbortError");
    for (const listener of this.#listeners) listener.call(this as never);
  }

  /** Makes an `AbortSignal`, for a `Request`. */
  toSignal(): AbortSignal {
    const controller = new AbortController();
    if (this.aborted) controller.abort(this.reason);
    else this.addEventListener("abort", () => controller.abort(this.reason));
    return controller.signal;
  }
}
