import { type Answer, Lost, send } from "./attempt.js";
import { type Credential, NoToken } from "./credential.js";
import { ELAPSED, type Failure, Flight, isCredential, type Job } from "./flight.js";
import type { Core } from "./generated/core.js";
import { ENDPOINTS, type OperationId } from "./generated/operations.js";
import type { Listener } from "./observe.js";
import { hints } from "./said.js";
import type { Secrets } from "./secrets.js";
import { header, NOTHING, retryAfter, told } from "./told.js";

/** What comes after an attempt, beside the milliseconds of a wait before the next. */
const GOOD = -1;
const RENEW = -2;

/** The scopes in the core's order. */
const SCOPES = ["base", "users:read", "admin"];

/** The operations in the core's order. */
export const OPERATIONS = /* @__PURE__ */ Object.keys(ENDPOINTS) as OperationId[];

/** A body as JSON, nothing where it is none. */
export function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text!);
  } catch {
    return undefined;
  }
}

/** Conducts the calls of a client. It waits, asks and sends; the core decides. */
export class Conductor {
  /** The GETs that are on their way, by all that makes them the same. */
  readonly #flights = new Map<string, Flight>();
  /** Who waits in the core's line. */
  readonly #waiting = new Map<number, () => void>();
  /** What the answers told of the limits. */
  told = NOTHING;
  #isClosed = false;
  #running = 0;

  constructor(
    readonly core: Core,
    private readonly credential: Credential,
    private readonly fetch: typeof globalThis.fetch | undefined,
    private readonly listener: Listener,
    private readonly secrets: Secrets,
  ) {}

  /** Joins the same request where it is on its way, or sends it. */
  join(job: Job): Flight {
    const { operation } = job;
    const isGet = ENDPOINTS[operation].method === "GET";
    const key = isGet ? [job.url, job.timeoutMs, job.maxRetries, ...job.headers].join("\n") : "";
    let flight = this.#flights.get(key);
    if (flight) {
      flight.waiting++;
      this.core.saved(OPERATIONS.indexOf(operation));
      this.#tell("shared", flight, 0);
    } else {
      flight = new Flight(job, key, this.credential.renewable, this.secrets);
      flight.waiting++;
      if (isGet) this.#flights.set(key, flight);
      flight.landed = this.#run(flight);
    }
    return flight;
  }

  /** A call waits no more: what nobody waits for is given up. */
  leave(flight: Flight): void {
    if (--flight.waiting > 0) return;
    this.#forget(flight);
    flight.giveUp();
  }

  /** No call is made any more: the core is let go of when the last has ended. */
  close(): void {
    this.#isClosed = true;
    if (!this.#running) this.core.free();
  }

  /** Sends a request until there is a good answer, or the failure is final. */
  async #run(flight: Flight): Promise<void> {
    const { core, credential } = this;
    const { operation, maxRetries } = flight.job;
    const { method, cost } = ENDPOINTS[operation];
    const ticket = core.begin(OPERATIONS.indexOf(operation), cost, method !== "POST", maxRetries);
    this.#running++;
    let token: string | undefined;
    let isRenewed = false;
    try {
      for (;;) {
        const before = flight.failure;
        // What the attempt before came to is not what this one did.
        flight.clear();
        // Most calls may go at once, and wait for nothing.
        for (let told = 0; ; ) {
          const at = this.#admit(flight, ticket, told);
          if (at === 0) break;
          if (at < Infinity) told = at;
          await this.#turn(flight, ticket, at);
        }
        let step: number;
        try {
          if (!isRenewed) token = await this.#sign(flight, ticket, credential.ask());
          this.#spend(flight, ticket, before);
          step = await this.#attempt(flight, ticket, token);
        } finally {
          core.landed();
          this.#wakeFirst();
        }
        if (step === GOOD) return;
        isRenewed = step === RENEW;
        if (isRenewed) token = await this.#sign(flight, ticket, credential.renew(token));
        else if (step < 0) throw flight.failure;
        else {
          const { status, message } = flight.failure!;
          this.#tell("retry", flight, flight.attempts, status, step, message);
          if (step > 0) await flight.wait(step, undefined);
        }
      }
    } finally {
      this.#forget(flight);
      core.leave(ticket);
      this.#wakeFirst();
      if (!--this.#running && this.#isClosed) core.free();
    }
  }

  /** When the call may be sent; 0 is now. A wait for the burst window is told, unless it was: a timer can be early. */
  #admit(flight: Flight, ticket: number, told: number): number {
    const now = Date.now();
    const at = this.core.admit(ticket, now, flight);
    if (at < 0) throw this.#refused(flight);
    if (at === 0) this.#wakeFirst();
    else if (at > told && at < Infinity) this.#tell("wait", flight, flight.attempts, undefined, at - now);
    return at;
  }

  /** Waits for the call's turn, or for the end of the burst window. */
  async #turn(flight: Flight, ticket: number, at: number): Promise<void> {
    try {
      await flight.wait(at - Date.now(), new Promise<void>((wake) => this.#waiting.set(ticket, wake)));
    } finally {
      this.#waiting.delete(ticket);
    }
  }

  /** The line has changed: the first that waits looks again. */
  #wakeFirst(): void {
    if (this.#waiting.size) this.#waiting.get(this.core.first())?.();
  }

  /** The token of an attempt. One that is there already costs no promise. */
  #sign(flight: Flight, ticket: number, asked: string | undefined | Promise<string>): string | undefined | Promise<string> {
    return typeof asked === "object" ? this.#asked(flight, ticket, asked) : asked;
  }

  /** A token that is asked for, within the time that an attempt has. */
  async #asked(flight: Flight, ticket: number, asked: Promise<string>): Promise<string> {
    const { timeoutMs } = flight.job;
    try {
      const token = await flight.wait(timeoutMs, asked);
      if (token !== ELAPSED) return token;
      flight.clear();
      this.core.timedOut(ticket, true, Date.now(), 0, flight);
    } catch (reason) {
      if (!(reason instanceof NoToken)) throw reason;
      flight.clear(reason.cause);
      flight.fail("authentication", "the credential function failed: {}", 2);
    }
    const failure = flight.failure!;
    throw flight.attempts ? failure : { ...failure, message: `${failure.message}; nothing was sent` };
  }

  /** Takes the cost of an attempt out of the day's budget, or refuses it before it is sent. */
  #spend(flight: Flight, ticket: number, before: Failure | undefined): void {
    if (this.core.spend(ticket, Date.now(), flight)) return;
    const failure = this.#refused(flight);
    throw before ? { ...failure, message: `${failure.message}. The attempt before: ${before.message}` } : failure;
  }

  /** One request and what became of it, within the time that it has. */
  async #attempt(flight: Flight, ticket: number, token: string | undefined): Promise<number> {
    const { job } = flight;
    flight.attempts++;
    this.#tell("request", flight, flight.attempts);
    const abort = new AbortController();
    const started = Date.now();
    let outcome: Answer | Lost | typeof ELAPSED | undefined;
    try {
      outcome = await flight.wait(job.timeoutMs, send(this.fetch, job.url, this.#request(job, token, abort.signal)));
    } finally {
      if (!outcome || outcome === ELAPSED) abort.abort();
    }
    const now = Date.now();
    const step = this.#judge(flight, ticket, outcome, now);
    this.#tell("response", flight, flight.attempts, flight.head?.status, now - started);
    const { failure } = flight;
    if (failure?.scope && failure.resetAt) {
      this.#wakeFirst();
      this.#tell("limited", flight, flight.attempts, failure.status, failure.resetAt.getTime() - now, failure.message);
    }
    return step;
  }

  /** What fetch is told. */
  #request({ operation, headers: own, body }: Job, token: string | undefined, signal: AbortSignal): RequestInit {
    // Some test environments have a page's globals, but none of fetch's. A map is what fetch takes, too.
    const headers = new (globalThis.Headers ?? Map)([["accept", "application/json"]]) as Headers;
    if (body !== undefined) headers.set("content-type", "application/json");
    for (const [name, value] of own) {
      headers.set(name, value);
      if (isCredential(name)) this.secrets.remember(value.split(" ").pop()!);
    }
    if (token !== undefined) {
      headers.set(this.credential.header, this.credential.value(token));
      this.secrets.remember(token);
    }
    const { method } = ENDPOINTS[operation];
    // A redirect could carry x-api-token to another host: browsers take off only `authorization`.
    return { method, headers, redirect: "manual", signal, ...(body !== undefined && { body }) };
  }

  /** Lets the core say what an outcome means. */
  #judge(flight: Flight, ticket: number, outcome: Answer | Lost | typeof ELAPSED, now: number): number {
    const { core } = this;
    const random = Math.random();
    if (outcome === ELAPSED) return core.timedOut(ticket, false, now, random, flight);
    const { head } = outcome;
    flight.head = head;
    if (head) {
      flight.told = told(head.headers, now);
      // What an answer does not tell stays as it was.
      this.told = flight.told.map((number, place) => (number < 0 ? this.told[place]! : number));
      core.observe(...(flight.told as [number, number, number, number, number]), now);
      this.#wakeFirst();
    }
    if (outcome instanceof Lost) {
      flight.cause = outcome.cause;
      return core.lost(ticket, outcome.how, head?.status ?? -1, retryAfter(head?.headers, now), now, random, flight);
    }
    const { status, headers } = outcome.head;
    flight.text = outcome.text;
    if (status >= 200 && status < 300) return GOOD;
    flight.json = parse(outcome.text);
    const { scope, path } = ENDPOINTS[flight.job.operation];
    const isHtml = /html/i.test(header(headers, "content-type") ?? "");
    const [, , resetAt = -1, , dailyRemaining = -1] = flight.told;
    return core.answered(ticket, SCOPES.indexOf(scope), path.includes("{"), status, hints(flight.json), retryAfter(headers, now), resetAt, dailyRemaining, isHtml, now, random, flight);
  }

  /** A call that is not sent for a limit. */
  #refused(flight: Flight): Failure {
    const failure = flight.failure!;
    this.#tell("limited", flight, 0, undefined, failure.retryAfterSeconds! * 1000, failure.message);
    return failure;
  }

  /** Nobody joins it any more; a newer one may stand in its place. */
  #forget(flight: Flight): void {
    if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key);
  }

  #tell(type: string, flight: Flight, attempt: number, status?: number, durationMs?: number, text?: string): void {
    const { operation } = flight.job;
    this.listener.event(type, operation, attempt, ENDPOINTS[operation].cost, status, durationMs, text);
  }
}
