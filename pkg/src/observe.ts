import type { Logger, LogLevel, UsersClientOptions, UsersEvent } from "./types.js";

const GRAVITY: Record<LogLevel, number> = { off: 0, error: 1, warn: 2, info: 3, debug: 4 };

/** How grave an event is. */
const LEVELS: Record<string, Exclude<LogLevel, "off">> = { limited: "warn", drift: "warn", deprecated: "warn", retry: "info", wait: "info" };

/** Tells events to the caller's hook and to the log. */
export class Listener {
  readonly #onEvent: ((event: UsersEvent) => void) | undefined;
  readonly #logger: Logger;
  readonly #gravity: number;

  constructor({ onEvent, logger = console, logLevel = "warn" }: UsersClientOptions) {
    this.#onEvent = onEvent;
    this.#logger = logger;
    this.#gravity = GRAVITY[logLevel];
  }

  event(type: string, operation: string, attempt: number, cost: number, status: number | undefined, durationMs: number | undefined, text: string | undefined): void {
    const level = LEVELS[type] ?? "debug";
    const isLogged = GRAVITY[level] <= this.#gravity;
    if (!isLogged && !this.#onEvent) return;
    const waits = type === "limited" || type === "wait" || type === "retry";
    const took = durationMs === undefined ? "" : ` ${waits ? "waits" : "took"} ${Math.round(durationMs)} ms`;
    safely(() => this.#onEvent?.({ type, operation, attempt, cost, status, durationMs, text }));
    if (isLogged) {
      const words = [`[pipedrive-users] ${operation}: ${type}`, attempt > 1 && `attempt ${attempt}`, status && `status ${status}`];
      safely(() => this.#logger[level](`${words.filter(Boolean).join(", ")}${took && `,${took}`}${text ? `. ${text}` : ""}`));
    }
  }
}

/** A hook that throws breaks no call. */
export function safely(hook: () => unknown): void {
  try {
    // An async hook may reject.
    Promise.resolve(hook()).catch(() => undefined);
  } catch {
    // It is the hook's own matter.
  }
}
