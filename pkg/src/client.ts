import { write } from "./args.js";
import { ApiPromise, callSite, type Outcome, placed } from "./call.js";
import { checkConfig, type Checked, got, onlyKnown } from "./check.js";
import { Conductor, OPERATIONS, parse } from "./conduct.js";
import { Credential } from "./credential.js";
import { type ErrorFields, makeError } from "./errors.js";
import { type Failure, type Flight, type Job, plain } from "./flight.js";
import { type CoreExports, source } from "./generated/core.js";
import type { CurrentUser, Follower, RoleAssignment, RoleSettings, User, UserPermissions } from "./generated/models.js";
import { ANSWERS, ENDPOINTS, type NewUser, type OperationId, PARAMS, type UserChanges, type UsersOperations } from "./generated/operations.js";
import { type Instance, loader } from "./load.js";
import { Listener } from "./observe.js";
import { CursorPage, OffsetPage, type Page, PagePromise } from "./pages.js";
import { Secrets } from "./secrets.js";
import { heed, ignore } from "./signals.js";
import { header, NOTHING, rateLimit } from "./told.js";
import type { CallOptions, RateLimit, Spent, Usage, UsersClientConfig } from "./types.js";

const CALL_OPTIONS = ["signal", "timeoutMs", "maxRetries", "headers"];
const NONE: CallOptions = {};

/** The running module: one instance for all clients. */
export const load = /* @__PURE__ */ loader(source);

/** Loads the WebAssembly now, instead of behind the first call. Rejects with a {@link LoadError}; a later call tries again. */
export async function preload(): Promise<void> {
  await load();
}

type Args = Readonly<Record<string, unknown>>;

/** The conductor, and the instance that its core lives in. */
interface Running {
  readonly conductor: Conductor;
  readonly instance: Instance<CoreExports>;
}

/** What a call is given beside its options. */
interface Given {
  /** By place. */
  readonly args?: Args;
  /** The object that travels as the body, by the name that an error calls it. */
  readonly body?: readonly [name: string, members: unknown];
  /** Where a later page begins, instead of where the options say. */
  readonly from?: Args | undefined;
}

/** A client of Pipedrive's Users API, for one user of one company. */
export class UsersClient implements UsersOperations {
  readonly #config: Checked;
  readonly #secrets = new Secrets();
  readonly #listener: Listener;
  #inspect: ((operation: OperationId, data: unknown) => void) | undefined;
  #running: Running | undefined;
  /** How to give up the calls that are on their way. */
  readonly #calls = new Set<() => void>();
  /** The limits as last told, once the client is closed; none before the first answer. */
  #told = NOTHING;
  /** The operations whose end was announced, so that it is told once each. */
  readonly #deprecated = new Set<OperationId>();
  /** What was spent, once the client is closed. */
  #closed: Usage | undefined;

  /**
   * Makes a client. Nothing is loaded or sent before the first call. A configuration that cannot be used throws a
   * {@link ConfigError}.
   */
  constructor(config: UsersClientConfig) {
    this.#config = checkConfig(config);
    this.#listener = new Listener(config);
  }

  getUsers(options?: CallOptions): ApiPromise<User[]> {
    return this.#call("getUsers", {}, options);
  }

  findUsersByName(term: string, options?: CallOptions & { searchByEmail?: boolean | undefined }): ApiPromise<User[]> {
    return this.#call("findUsersByName", { args: { term } }, options);
  }

  getCurrentUser(options?: CallOptions): ApiPromise<CurrentUser> {
    return this.#call("getCurrentUser", {}, options);
  }

  getUser(id: number, options?: CallOptions): ApiPromise<User> {
    return this.#call("getUser", { args: { id } }, options);
  }

  getUserFollowers(
    id: number,
    options?: CallOptions & { limit?: number | undefined; cursor?: string | undefined },
  ): PagePromise<Follower, CursorPage<Follower>> {
    return this.#pages("getUserFollowers", "cursor", id, options, CursorPage<Follower>);
  }

  getUserPermissions(id: number, options?: CallOptions): ApiPromise<UserPermissions> {
    return this.#call("getUserPermissions", { args: { id } }, options);
  }

  getUserRoleAssignments(
    id: number,
    options?: CallOptions & { start?: number | undefined; limit?: number | undefined },
  ): PagePromise<RoleAssignment, OffsetPage<RoleAssignment>> {
    return this.#pages("getUserRoleAssignments", "start", id, options, OffsetPage<RoleAssignment>);
  }

  getUserRoleSettings(id: number, options?: CallOptions): ApiPromise<RoleSettings> {
    return this.#call("getUserRoleSettings", { args: { id } }, options);
  }

  addUser(user: NewUser, options?: CallOptions): ApiPromise<User> {
    return this.#call("addUser", { body: ["user", user] }, options);
  }

  updateUser(id: number, changes: UserChanges, options?: CallOptions): ApiPromise<User> {
    return this.#call("updateUser", { args: { id }, body: ["changes", changes] }, options);
  }

  /** What this client has spent since it was made: in all, and per operation. */
  get usage(): Usage {
    if (this.#closed) return this.#closed;
    const core = this.#running?.instance.stopped ? undefined : this.#running?.conductor.core;
    const total = { tokensSpent: 0, callsSent: 0, callsSaved: 0 };
    const operations = OPERATIONS.map((operation, place) => {
      const [tokensSpent, callsSent, callsSaved] = [0, 1, 2].map((which) => core?.usage(place, which) ?? 0) as [number, number, number];
      total.tokensSpent += tokensSpent;
      total.callsSent += callsSent;
      total.callsSaved += callsSaved;
      return [operation, { tokensSpent, callsSent, callsSaved } satisfies Spent];
    });
    return { ...total, operations: Object.fromEntries(operations) as Usage["operations"] };
  }

  /** The limits as the last answer told them. */
  get rateLimit(): RateLimit {
    return rateLimit(this.#running?.conductor.told ?? this.#told);
  }

  /** Gives up the calls that are on their way and frees what the client holds. Later calls are refused. */
  close(): void {
    if (this.#closed) return;
    this.#closed = this.usage;
    for (const giveUp of this.#calls) giveUp();
    if (this.#running) {
      this.#told = this.#running.conductor.told;
      this.#running.conductor.close();
    }
    this.#running = undefined;
  }

  #call<Data>(operation: OperationId, given: Given, options: CallOptions | undefined): ApiPromise<Data> {
    return new ApiPromise<Data>(this.#run(operation, given, options), (outcome) => outcome.data);
  }

  #pages<Item, P extends Page<Item>>(
    operation: OperationId,
    begin: "cursor" | "start",
    id: number,
    options: CallOptions | undefined,
    Kind: new (outcome: Outcome<Item[]>, ask: (from: string | number | undefined) => Promise<Outcome<Item[]>>) => P,
  ): PagePromise<Item, P> {
    const ask = (from?: string | number) =>
      this.#run<Item[]>(operation, { args: { id }, from: from === undefined ? from : { [begin]: from } }, options);
    return new PagePromise<Item, P>(operation, ask(), ask, Kind);
  }

  /** A call, from what its caller gave to its outcome. */
  #run<Data>(operation: OperationId, given: Given, options: CallOptions = NONE): Promise<Outcome<Data>> {
    // A later page is not asked for by the operation's own method.
    const site = callSite(given.from ? undefined : this[operation]);
    return new Promise((resolve, rejectNow) => {
      // A subclass of Promise is listened to a step later than a promise: nobody shall think that nobody does.
      const reject = (reason: unknown) => void Promise.resolve().then(() => undefined).then(() => rejectNow(placed(reason, site)));
      let from: Pick<ErrorFields, "cursor" | "start">;
      let job: Job;
      try {
        [job, from] = this.#job(operation, given, options);
      } catch (reason) {
        return reject(reason);
      }

      const { signal } = options;
      /** The flight that the call waits for, and where. */
      let at: (Running & { readonly flight: Flight }) | undefined;
      /** Takes the call off everything that knows of it. It has ended then, and only its first end counts. */
      const isFirst = () => {
        if (!this.#calls.delete(giveUp)) return false;
        if (signal) ignore(signal, abort);
        at?.instance.calls.delete(call);
        at?.conductor.leave(at.flight);
        return true;
      };
      const fail = (reason: unknown) => {
        if (isFirst()) reject(reason);
      };
      const abort = (reason: unknown) => {
        if (isFirst()) rejectNow(reason);
      };
      const giveUp = () => fail(closed(operation));
      const call = {
        stopped: (cause: unknown) =>
          fail(makeError(`${operation}: the WebAssembly stopped on a fault of its own, and the call with it${ENDPOINTS[operation].method === "GET" ? "" : ", which may have been carried out"}. The next call runs on a fresh instance. Please report error.cause`, { kind: "load", operation, cause })),
      };
      const boot = () =>
        void this.#boot().then(start).catch((error: unknown) => {
          // All calls that waited for it get an error of their own.
          const { kind = "load", message, cause } = error as Partial<ErrorFields> & Error;
          fail(makeError(`${operation}: ${message}`, { kind, operation, cause }));
        });
      const start = (running: Running): void => {
        if (!this.#calls.has(giveUp)) return;
        // Another call's fault may have stopped it while this one waited.
        if (running.instance.stopped) return boot();
        running.instance.calls.add(call);
        const flight = running.conductor.join(job);
        at = { ...running, flight };
        // A call that has ended already hears of nothing more, whatever it is.
        const lost = (reason: Failure | Error) => {
          if (this.#calls.has(giveUp)) fail("kind" in reason ? makeError(reason.message, { ...reason, ...from }) : reason);
        };
        const landed = () => {
          if (!this.#calls.has(giveUp)) return;
          try {
            const outcome = this.#read<Data>(running, flight, from);
            if (isFirst()) resolve(outcome);
          } catch (reason) {
            lost(reason as Failure);
          }
        };
        void flight.landed.then(landed, lost);
        // A hook may have ended the call while it joined.
        if (!this.#calls.has(giveUp)) running.conductor.leave(flight);
      };
      this.#calls.add(giveUp);
      if (signal) heed(signal, abort);
      if (this.#running) start(this.#running);
      else boot();
    });
  }

  /** What a call was given, as a request and as the place where its page begins. Refuses what cannot be sent. */
  #job(operation: OperationId, { args, body, from }: Given, options: CallOptions): [Job, Pick<ErrorFields, "cursor" | "start">] {
    if (this.#closed) throw closed(operation);
    const own = () => Object.keys(PARAMS[operation]).filter((name) => !args || !(name in args));
    if (options !== NONE) onlyKnown("argument", operation, "options", options, [...(ENDPOINTS[operation].method === "GET" ? own() : []), ...CALL_OPTIONS]);
    if (body) onlyKnown("argument", operation, ...body, own());
    const { signal } = options;
    if (signal !== undefined && typeof signal?.addEventListener !== "function") {
      throw makeError(`${operation}: signal must be an AbortSignal, got ${got(signal)}`, { kind: "argument", operation });
    }
    if (signal?.aborted) throw signal.reason;
    const given: Args & Pick<ErrorFields, "cursor" | "start"> = { ...options, ...from, ...(body?.[1] as Args), ...args };
    const { target, headers, ...written } = write(operation, given);
    const { v1, v2, timeoutMs = 30_000, maxRetries = 2 } = this.#config;
    const job: Job = {
      operation,
      url: target.startsWith("/v1") ? v1 + target.slice(3) : v2 + target.slice(7),
      body: written.body,
      headers: [...this.#config.headers, ...headers],
      timeoutMs: options.timeoutMs ?? timeoutMs,
      maxRetries: options.maxRetries ?? maxRetries,
    };
    return [job, { cursor: given.cursor, start: given.start }];
  }

  /** Reads a good answer: each call gets objects of its own. */
  #read<Data>({ conductor }: Running, flight: Flight, from: Pick<ErrorFields, "cursor" | "start">): Outcome<Data> {
    const { attempts, told } = flight;
    const { operation } = flight.job;
    const { status, headers } = flight.head!;
    conductor.core.read(ANSWERS[OPERATIONS.indexOf(operation)]!, status, (flight.json = parse(flight.text)), from.cursor ?? from.start, flight);
    const { failure, data, next } = flight;
    // It is the caller's alone.
    flight.data = flight.json = undefined;
    if (failure) throw failure;
    const sunset = header(headers, "sunset");
    const notice = flight.notice ?? (sunset ? `it ends ${sunset}` : header(headers, "deprecation") && "it is deprecated");
    if (notice !== undefined && !this.#deprecated.has(operation)) {
      this.#deprecated.add(operation);
      this.#listener.event("deprecated", operation, 0, ENDPOINTS[operation].cost, undefined, undefined, this.#secrets.clean(notice));
    }
    this.#inspect?.(operation, data);
    return {
      data: data as Data,
      next,
      // Most calls never look at it: it is made when it is asked for.
      get response() {
        return { status, headers: plain(headers), requestId: header(headers, "x-correlation-id"), attempts, cost: ENDPOINTS[operation].cost, rateLimit: rateLimit(told) };
      },
    };
  }

  /** The conductor on a running instance: a fresh one after a fault. */
  async #boot(): Promise<Running> {
    const loading = load();
    // Node.js loads fetch and its classes when they are first touched: now, while the module compiles beside.
    void globalThis.Headers;
    const instance = await loading;
    const { maxConcurrency = 10, dailyTokenBudget, apiToken, accessToken, fetch, onDrift } = this.#config;
    if (onDrift) this.#inspect ??= (await driftCheck()).inspector(onDrift, this.#listener);
    if (this.#running?.instance !== instance) {
      const core = new instance.exports.Core(maxConcurrency, dailyTokenBudget ?? -1);
      const credential = new Credential(apiToken, accessToken);
      this.#running = { instance, conductor: new Conductor(core, credential, fetch as typeof globalThis.fetch | undefined, this.#listener, this.#secrets) };
    }
    return this.#running;
  }
}

const closed = (operation?: OperationId) =>
  makeError(`${operation ? `${operation}: ` : ""}the client was closed by close()`, { kind: "config", operation });

/** The check for drift, which only those load who want it. */
const driftCheck = () =>
  import("./drift.js").catch((cause: unknown) => {
    throw makeError(`the check for onDrift could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}. A bundler has to keep drift.js beside the script`, { kind: "load", cause });
  });
