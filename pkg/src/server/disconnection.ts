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
  #request: Request | undefined;
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

  /** Makes a `Request` whose signal aborts with this one. */
  toRequest(url: string, init: RequestInit): Request {
    const controller = new AbortController();
    if (this.aborted) controller.abort(this.reason);
    else this.addEventListener("abort", () => controller.abort(this.reason));
    // It is kept, because Node.js does not abort the signal of a request that was garbage-collected: a handler may keep only the signal.
    return (this.#request = new Request(url, { ...init, signal: controller.signal }));
  }
}
