import { load } from "../../client.js";
import { Conductor } from "../../conduct.js";
import { Credential } from "../../credential.js";
import { makeError } from "../../errors.js";
import type { Failure, Job } from "../../flight.js";
import type { CoreExports } from "../../generated/core.js";
import type { Instance } from "../../load.js";
import type { Listener } from "../../observe.js";
import { Secrets } from "../../secrets.js";
import { heed, ignore } from "../../signals.js";
import { TOLD } from "./answers.js";

/** What a company may spend here, and how patiently. */
export interface Limits {
  readonly maxConcurrency: number;
  readonly dailyTokenBudget: number | undefined;
  readonly fetch: typeof globalThis.fetch | undefined;
}

/** Companies whose limits are remembered; one that is asleep is forgotten first. */
const MOST_COMPANIES = 1_000;

/** What came back, whatever it is. */
export interface Came {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface Running {
  readonly conductor: Conductor;
  readonly instance: Instance<CoreExports>;
  readonly secrets: Secrets;
  /** Requests that are in it. */
  busy: number;
}

/**
 * The limits of each company, shared by its users, as a client's are by its calls: one company's burst and budget are never
 * another's. The company is the verified token's, never something that a caller could make up.
 */
export class Companies {
  readonly #running = new Map<number, Running>();

  constructor(
    private readonly limits: Limits,
    private readonly listener: Listener,
  ) {}

  /** Sends one request in its turn. Rejects only where nothing came back. */
  async send(companyId: number, job: Job, signal: AbortSignal | null | undefined): Promise<Came> {
    const running = await this.#at(companyId);
    const { conductor, instance, secrets } = running;
    running.busy++;
    const flight = conductor.join(job);
    let stop!: (reason: unknown) => void;
    const stopped = new Promise<never>((_, reject) => (stop = reject));
    const call = { stopped: (cause: unknown) => stop(makeError(`${job.operation}: the WebAssembly stopped on a fault of its own`, { kind: "load", cause })) };
    instance.calls.add(call);
    if (signal) heed(signal, stop);
    try {
      await Promise.race([flight.landed, stopped]);
    } catch (reason) {
      const failure = reason as Failure | Error;
      if (failure instanceof Error || !("kind" in failure)) throw reason;
      if (!flight.head || flight.text === undefined) throw makeError(failure.message, failure);
    } finally {
      running.busy--;
      if (signal) ignore(signal, stop);
      instance.calls.delete(call);
      conductor.leave(flight);
    }
    const { status, headers } = flight.head!;
    const kept = TOLD.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value] as [string, string]];
    });
    // A server may repeat what it refuses.
    const text = status < 300 ? flight.text! : secrets.clean(flight.text!);
    return { status, headers: new Headers(kept), text };
  }

  async #at(companyId: number): Promise<Running> {
    const instance = await load();
    let running = this.#running.get(companyId);
    if (running?.instance !== instance) running = this.#open(instance);
    this.#running.delete(companyId);
    this.#running.set(companyId, running);
    if (this.#running.size > MOST_COMPANIES) {
      for (const [old, { busy, conductor }] of this.#running) {
        if (busy) continue;
        conductor.close();
        this.#running.delete(old);
        break;
      }
    }
    return running;
  }

  #open(instance: Instance<CoreExports>): Running {
    const { maxConcurrency, dailyTokenBudget = -1, fetch } = this.limits;
    const secrets = new Secrets();
    const core = new instance.exports.Core(maxConcurrency, dailyTokenBudget);
    // Each request brings its own credential, which is its user's.
    const conductor = new Conductor(core, new Credential(undefined, undefined), fetch, this.listener, secrets);
    return { instance, conductor, secrets, busy: 0 };
  }
}
