import { ENDPOINTS, EVENTS, type OperationId } from "./generated/operations.js";
import { LOG_LEVELS } from "./generated/settings.js";
import type { Logger, UsersClientOptions, UsersEvent } from "./types.js";

type EventType = UsersEvent["type"];

/** How severe an event is: the others are for debugging. */
const LEVELS: Partial<Record<EventType, "warn" | "info">> = { limited: "warn", drift: "warn", deprecated: "warn", retry: "info", wait: "info" };

/** What the duration of an event means. */
const DURATIONS: Partial<Record<EventType, string>> = { wait: "waits", retry: "waits", limited: "lifted in" };

/** Passes events to the caller's hook and to the log. */
export class EventListener {
  constructor(private readonly config: Pick<UsersClientOptions, "onEvent" | "logger" | "logLevel">) {}

  /** The types that have a listener, a bit each. */
  get mask(): number {
    return EVENTS.reduce((mask, type, index) => (this.config.onEvent || this.#isLogged(LEVELS[type]) ? mask | (1 << index) : mask), 0);
  }

  emit(type: EventType, operation: OperationId, { callId, attempt, status, durationMs, text }: Pick<UsersEvent, "callId" | "attempt"> & Partial<UsersEvent>): void {
    const { onEvent } = this.config;
    const { cost, method } = ENDPOINTS[operation];
    callHook(() => onEvent?.({ type, callId, operation, method, attempt, cost, status, durationMs, text } as UsersEvent));
    const duration = durationMs !== undefined && `${DURATIONS[type] ?? "took"} ${Math.round(durationMs)} ms`;
    const words = [`${operation}: ${type}`, attempt > 1 && `attempt ${attempt}`, status !== undefined && `status ${status}`, duration];
    this.log(LEVELS[type], words.filter(Boolean).join(", ") + (text ? `. ${text}` : ""));
  }

  log(level: keyof Logger = "debug", text: string): void {
    if (this.#isLogged(level)) callHook(() => (this.config.logger ?? console)[level](`[pipedrive-users] ${text}`.replace(/[\p{Cc}\u2028\u2029]+/gu, " ")));
  }

  #isLogged(level: keyof Logger = "debug"): boolean {
    return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(this.config.logLevel ?? "warn");
  }
}

/** Calls a hook. One that throws, or returns a promise that rejects, breaks no call. */
export const callHook = (hook: () => unknown): void => void (async () => hook())().catch(() => undefined);
