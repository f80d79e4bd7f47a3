import { type CheckedConfig } from "../../config.js";
import type { CallRequest } from "../../call.js";
import { CoreClient } from "../../core-client.js";
import { isPipedriveError } from "../../errors.js";
import type { TokenFunction, UsersClientOptions } from "../../types.js";
import { Refusal } from "../core.js";
import type { DisconnectSignal } from "../disconnection.js";
import { type Identity, keyOf, type Tenant } from "../oauth/tenant.js";
import { DailyBudgets } from "./daily-budget.js";
import { FairQueue } from "./fair-queue.js";
import type { ProxyRequest } from "./request.js";
import { TokenRedactor } from "./redaction.js";
import { FORWARDED_HEADERS } from "./response.js";

/** The settings of the users' clients. */
export type PoolOptions = Pick<UsersClientOptions, "timeoutMs" | "maxConcurrency" | "dailyTokenBudget" | "limits" | "logger" | "logLevel" | "onEvent" | "fetch">;

/** Number of users whose clients are kept; the longest idle one is closed first. */
const MAX_CLIENTS = 5_000;

/** How long an idle client is kept: longer than any window or pause lasts. */
const IDLE_MS = 90_000;

/** Number of requests of one user whose bodies are read, that are in flight or wait. */
const MAX_REQUESTS = 500;

/** After how long a request no longer counts: in a Worker, one whose client has gone never ends. */
const GONE_MS = 300_000;

/** Number of requests in flight with one token, unless `maxConcurrency` says so. */
const DEFAULT_CONCURRENCY = 10;

/** Stands for the company's origin, which is known only once there is a token. */
const PLACEHOLDER = "https://company.invalid";

/** The part of a response of Pipedrive that is forwarded. */
export interface UpstreamResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

/** A user's access token, and where to send it. */
interface Destination {
  readonly token: string;
  /** The origin of the company's API. */
  readonly apiDomain: string;
  readonly tenant: Tenant;
}

interface Client {
  readonly core: CoreClient;
  /** Of the requests in flight. */
  readonly destinations: Set<Destination>;
  idleSince: number;
}

/**
 * One client for each user, since Pipedrive's burst limit, its 429s and so the queue are those of a token: what one user does costs a
 * colleague nothing. The daily budget is that of the company. Who asks is the verified identity, which a caller cannot choose.
 */
export class CompanyPool {
  readonly #clients = new Map<string, Client>();
  /** The requests of each user. */
  readonly #busy = new Map<string, Set<{ readonly began: number }>>();
  readonly #budgets: DailyBudgets | undefined;
  /** The client of the one API token that all users share, if there is one. */
  readonly #shared: CoreClient | undefined;
  /** Where those users wait for it. */
  readonly #queue: FairQueue;
  readonly #redactor = new TokenRedactor();
  #sweep: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly options: PoolOptions,
    shared?: CheckedConfig,
    private readonly apiToken?: string,
  ) {
    const { dailyTokenBudget, limits } = options;
    // Shared limits count it for all processes.
    this.#budgets = dailyTokenBudget === undefined || limits ? undefined : new DailyBudgets(dailyTokenBudget);
    this.#shared = shared && new CoreClient(shared);
    this.#queue = new FairQueue(options.maxConcurrency ?? DEFAULT_CONCURRENCY);
  }

  /** Reads a request and sends it within the user's limits. Rejects if there is no response to forward. Without tokens of the user, the API token is sent. */
  async send(identity: Identity, read: () => Promise<ProxyRequest>, tenant: Tenant | undefined, signal: DisconnectSignal): Promise<UpstreamResponse> {
    const key = keyOf(identity);
    const own = { began: performance.now() };
    const busy = this.#busy.get(key) ?? new Set();
    if (busy.size >= MAX_REQUESTS) for (const one of busy) if (own.began - one.began > GONE_MS) busy.delete(one);
    if (busy.size >= MAX_REQUESTS) throw new Refusal(429, "Request over limit", `${MAX_REQUESTS} requests of this user are in flight or wait.`, { "retry-after": "2" });
    this.#busy.set(key, busy.add(own));
    try {
      const request = await read();
      return await (tenant ? this.#sendAs(key, identity, request, tenant, signal) : this.#sendShared(key, request, signal));
    } finally {
      busy.delete(own);
      if (!busy.size && this.#busy.get(key) === busy) {
        this.#busy.delete(key);
        const client = this.#clients.get(key);
        if (client) client.idleSince = Date.now();
        this.#sweepLater();
      }
    }
  }

  /** Sends a request with the API token. */
  async #sendShared(key: string, request: ProxyRequest, signal: DisconnectSignal): Promise<UpstreamResponse> {
    const leave = await this.#queue.enter(key, signal);
    try {
      return await this.#call(this.#shared!, request, signal, () => [this.apiToken!]);
    } finally {
      leave();
    }
  }

  /** Sends a request with the user's own credential. */
  async #sendAs(key: string, identity: Identity, request: ProxyRequest, tenant: Tenant, signal: DisconnectSignal): Promise<UpstreamResponse> {
    const { core, destinations } = this.#client(key, identity);
    const used: Destination[] = [];
    let failure: { error: unknown } | undefined;
    // The client calls it once it has checked the arguments.
    const credential: TokenFunction = async ({ refused }) => {
      try {
        if (refused !== undefined) tenant.refuse(refused);
        const destination = { token: await tenant.token(), apiDomain: tenant.apiDomain, tenant };
        used.push(destination);
        destinations.add(destination);
        return destination.token;
      } catch (error) {
        failure = { error };
        throw error;
      }
    };
    try {
      return await this.#call(core, request, signal, () => used.map(({ token }) => token), credential);
    } catch (error) {
      // The client reports it as an AuthenticationError, also if the OAuth server or the store was at fault.
      if (!failure) throw error;
      // It is not the page's request that the OAuth server calls invalid.
      throw isPipedriveError(failure.error, "validation") ? new Refusal(502, "Bad gateway", failure.error.message) : failure.error;
    } finally {
      for (const destination of used) destinations.delete(destination);
    }
  }

  async #call(core: CoreClient, { operation, values, options }: ProxyRequest, signal: DisconnectSignal, tokens: () => readonly string[], credential?: TokenFunction): Promise<UpstreamResponse> {
    try {
      let received!: Parameters<NonNullable<CallRequest["onResponse"]>>;
      const onResponse: CallRequest["onResponse"] = (...response) => {
        received = response;
      };
      // Retrying is up to the page's own client.
      await core.call({ operation, values, options: { ...options, signal: signal as unknown as AbortSignal, maxRetries: 0 }, credential, onResponse }, (executor) => new Promise(executor));
      const [status, headers, body] = received;
      return forwarded(status, (name) => headers.get(name), body, this.#redactor.cleaner(tokens()));
    } catch (error) {
      if (!isPipedriveError(error) || error.body === undefined || !(error.status! >= 400)) throw error;
      return forwarded(error.status!, (name) => error.headers[name], error.body, this.#redactor.cleaner(tokens()));
    }
  }

  #client(key: string, identity: Identity): Client {
    const client = this.#clients.get(key) ?? this.#open(identity);
    // The map is in order of last use.
    this.#clients.delete(key);
    this.#clients.set(key, client);
    if (this.#clients.size > MAX_CLIENTS) {
      for (const other of this.#clients.keys()) {
        if (this.#busy.has(other)) continue;
        this.#close(other);
        break;
      }
    }
    return client;
  }

  #open(identity: Identity): Client {
    const { companyId } = identity;
    const { limits, dailyTokenBudget } = this.options;
    const destinations = new Set<Destination>();
    const send = async (url: string, init: RequestInit): Promise<Response> => {
      const takeBack = this.#budgets?.spend(companyId, init.method ?? "GET", new URL(url).pathname);
      if (this.#budgets && !takeBack) return DailyBudgets.refusal();
      // The client itself made them.
      const token = (init.headers as Headers).get("authorization")?.slice("Bearer ".length);
      const { apiDomain, tenant } = [...destinations].find((one) => one.token === token)!;
      const response = await (this.options.fetch ?? globalThis.fetch)(apiDomain + url.slice(PLACEHOLDER.length), init);
      if (response.status === 401) tenant.refuse(token!);
      else if (response.status < 400) tenant.accept(token!);
      // Neither costs anything.
      if (response.status === 401 || response.status === 429) takeBack?.();
      return response as Response;
    };
    // A company's host wants /api/v1. Its budget is counted here, for all its users.
    const config = { ...this.options, limits: limits?.for(identity), dailyTokenBudget: limits && dailyTokenBudget, fetch: send, credential: undefined, isAccessToken: true, v1: `${PLACEHOLDER}/api/v1`, v2: `${PLACEHOLDER}/api/v2`, headers: [] };
    return { core: new CoreClient(config), destinations, idleSince: Date.now() };
  }

  #close(key: string): void {
    this.#clients.get(key)?.core.close();
    this.#clients.delete(key);
  }

  /** Closes the clients that have been idle for long, so that memory shrinks again. */
  #sweepLater(): void {
    if (this.#sweep !== undefined || !this.#clients.size) return;
    this.#sweep = setTimeout(() => {
      this.#sweep = undefined;
      for (const [key, { idleSince }] of this.#clients) if (!this.#busy.has(key) && Date.now() - idleSince >= IDLE_MS) this.#close(key);
      this.#sweepLater();
    }, IDLE_MS);
    // It keeps no process of Node.js alive.
    (this.#sweep as { unref?(): void }).unref?.();
  }
}

/** What every server accepts as a header's value. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whatever Pipedrive repeats, a page never gets a token. */
function forwarded(status: number, headerOf: (name: string) => string | null | undefined, text: string, clean: (text: string) => string): UpstreamResponse {
  const headers: Record<string, string> = {};
  for (const name of FORWARDED_HEADERS) {
    const value = headerOf(name);
    if (typeof value === "string" && HEADER_VALUE.test(value)) headers[name] = clean(value);
  }
  return { status, headers, text: clean(text) };
}
