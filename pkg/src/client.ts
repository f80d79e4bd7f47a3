import { ApiPromise, callSite, type Outcome, rateLimit, Settle } from "./call.js";
import { checkConfig, got, headerEntries, onlyKnown } from "./check.js";
import { type ErrorFields, makeError } from "./errors.js";
import { type Core, type CoreExports, source } from "./generated/core.js";
import type { CurrentUser, Follower, RoleAssignment, RoleSettings, User, UserPermissions } from "./generated/models.js";
import { ENDPOINTS, type NewUser, type OperationId, type UserChanges, type UsersOperations } from "./generated/operations.js";
import { type Instance, loader } from "./load.js";
import { Listener } from "./observe.js";
import { CursorPage, OffsetPage, PagePromise } from "./pages.js";
import { Secrets } from "./secrets.js";
import { signals } from "./signals.js";
import type { CallOptions, RateLimit, Spent, Usage, UsersClientConfig } from "./types.js";

const OPERATIONS = Object.keys(ENDPOINTS) as OperationId[];
const CALL_OPTIONS = ["signal", "timeoutMs", "maxRetries", "headers"];

const load = loader(source);

type Args = Record<string, unknown>;

/** The core, and the instance that it lives in. */
interface Running {
  readonly core: Core;
  readonly instance: Instance<CoreExports>;
}

/** What a call lets its caller give beside the call options, by the name that an error calls it. */
interface Own {
  /** Further options. */
  readonly options?: readonly string[];
  /** Where a later page begins, instead of where the options say. */
  readonly from?: { readonly cursor?: string | number | undefined; readonly start?: string | number | undefined };
  /** The members of an object that travels as the body. */
  readonly body?: readonly [name: string, given: unknown, members: readonly string[]];
}

/** A client of Pipedrive's Users API, for one user of one company. */
export class UsersClient implements UsersOperations {
  readonly #config: Record<string, unknown>;
  readonly #secrets = new Secrets();
  readonly #listener: Listener;
  readonly #onDrift: UsersClientConfig["onDrift"];
  #inspect: ((operation: OperationId, data: unknown) => void) | undefined;
  #running: Running | undefined;
  /** How to give up the calls that are on their way. */
  readonly #calls = new Set<() => void>();
  #closed: { usage: readonly number[]; rateLimit: readonly (number | undefined)[] } | undefined;

  /**
   * Makes a client. Nothing is loaded or sent before the first call. A configuration that cannot be used throws a
   * {@link ConfigError}.
   */
  constructor(config: UsersClientConfig) {
    const checked = checkConfig(config);
    const [apiToken, accessToken] = [this.#secrets.watch(checked["apiToken"]), this.#secrets.watch(checked["accessToken"])];
    this.#config = { ...checked, apiToken, accessToken };
    this.#listener = new Listener(config);
    this.#onDrift = config.onDrift;
  }

  getUsers(options?: CallOptions): ApiPromise<User[]> {
    return this.#call("getUsers", {}, options);
  }

  findUsersByName(term: string, options?: CallOptions & { searchByEmail?: boolean | undefined }): ApiPromise<User[]> {
    return this.#call("findUsersByName", { term }, options, { options: ["searchByEmail"] });
  }

  getCurrentUser(options?: CallOptions): ApiPromise<CurrentUser> {
    return this.#call("getCurrentUser", {}, options);
  }

  getUser(id: number, options?: CallOptions): ApiPromise<User> {
    return this.#call("getUser", { id }, options);
  }

  getUserFollowers(
    id: number,
    options?: CallOptions & { limit?: number | undefined; cursor?: string | undefined },
  ): PagePromise<Follower, CursorPage<Follower>> {
    const ask = (cursor?: string | number) =>
      this.#run<Follower[]>("getUserFollowers", { id }, options, { options: ["limit", "cursor"], from: { cursor } });
    return new PagePromise("getUserFollowers", ask(), ask, CursorPage<Follower>);
  }

  getUserPermissions(id: number, options?: CallOptions): ApiPromise<UserPermissions> {
    return this.#call("getUserPermissions", { id }, options);
  }

  getUserRoleAssignments(
    id: number,
    options?: CallOptions & { start?: number | undefined; limit?: number | undefined },
  ): PagePromise<RoleAssignment, OffsetPage<RoleAssignment>> {
    const ask = (start?: string | number) =>
      this.#run<RoleAssignment[]>("getUserRoleAssignments", { id }, options, { options: ["start", "limit"], from: { start } });
    return new PagePromise("getUserRoleAssignments", ask(), ask, OffsetPage<RoleAssignment>);
  }

  getUserRoleSettings(id: number, options?: CallOptions): ApiPromise<RoleSettings> {
    return this.#call("getUserRoleSettings", { id }, options);
  }

  addUser(user: NewUser, options?: CallOptions): ApiPromise<User> {
    return this.#call("addUser", {}, options, { body: ["user", user, ["email", "access", "active_flag"]] });
  }

  updateUser(id: number, changes: UserChanges, options?: CallOptions): ApiPromise<User> {
    return this.#call("updateUser", { id }, options, { body: ["changes", changes, ["active_flag"]] });
  }

  /** What this client has spent since it was made: in all, and per operation. */
  get usage(): Usage {
    const numbers = this.#closed?.usage ?? this.#running?.core.usage() ?? [];
    const spent = (place: number): Spent => ({
      tokensSpent: numbers[place * 3] ?? 0,
      callsSent: numbers[place * 3 + 1] ?? 0,
      callsSaved: numbers[place * 3 + 2] ?? 0,
    });
    const operations = OPERATIONS.map((operation, place) => [operation, spent(place + 1)]);
    return { ...spent(0), operations: Object.fromEntries(operations) as Usage["operations"] };
  }

  /** The limits as the last answer told them. */
  get rateLimit(): RateLimit {
    return rateLimit(this.#closed?.rateLimit ?? this.#running?.core.rateLimit() ?? []);
  }

  /** Gives up the calls that are on their way and frees what the client holds. Later calls are refused. */
  close(): void {
    if (this.#closed) return;
    const core = this.#running?.core;
    this.#closed = { usage: [...(core?.usage() ?? [])], rateLimit: core?.rateLimit() ?? [] };
    for (const giveUp of this.#calls) giveUp();
    core?.free();
    this.#running = undefined;
  }

  #call<Data>(operation: OperationId, args: Args, options: CallOptions | undefined, own?: Own): ApiPromise<Data> {
    return new ApiPromise<Data>(this.#run(operation, args, options, own), (outcome) => outcome.data);
  }

  /** A call, from what its caller gave to its outcome. */
  #run<Data>(operation: OperationId, args: Args, options: CallOptions = {}, own: Own = {}): Promise<Outcome<Data>> {
    // A later page is not asked for by the operation's own method.
    const isLater = (own.from?.cursor ?? own.from?.start) !== undefined;
    const site = callSite(isLater ? undefined : this[operation]);
    return new Promise((resolve, reject) => {
      // A subclass of Promise is listened to a step later than a promise: nobody shall think that nobody does.
      const rejected = (reason: unknown) => void Promise.resolve().then(() => undefined).then(() => reject(reason));
      let given: Args & Pick<ErrorFields, "cursor" | "start">;
      try {
        given = this.#given(operation, args, options, own);
      } catch (reason) {
        return rejected(reason);
      }

      const { signal } = options;
      /** Where the call runs, once it does. */
      let at: (Running & { number: number | undefined }) | undefined;
      const end = () => {
        this.#calls.delete(giveUp);
        if (signal) signals.remove(signal, abort);
        at?.instance.calls.delete(settle);
      };
      const inspect = (data: unknown) => this.#inspect?.(operation, data);
      const settle = new Settle(operation, site, given, this.#secrets, end, inspect, resolve as (outcome: Outcome<unknown>) => void, rejected);
      const cancel = () => {
        if (at?.number !== undefined) at.core.cancel(at.number);
      };
      const abort = (reason: unknown) => {
        cancel();
        settle.reject(reason);
      };
      const giveUp = () => {
        cancel();
        settle.throw(closed(operation));
      };
      this.#calls.add(giveUp);
      if (signal) signals.add(signal, abort);

      const boot = () => void this.#boot().then(start).catch((error: unknown) => settle.notStarted(error));
      const start = (running: Running): void => {
        if (!this.#calls.has(giveUp)) return;
        // Another call's fault may have stopped it while this one waited.
        if (running.instance.stopped) return boot();
        at = { ...running, number: undefined };
        at.instance.calls.add(settle);
        at.number = at.core.start(OPERATIONS.indexOf(operation), given, settle);
      };
      if (this.#running) start(this.#running);
      else boot();
    });
  }

  /** What a call was given, for the core: parameters and options in one. Refuses what only JavaScript can get wrong. */
  #given(operation: OperationId, args: Args, options: CallOptions, own: Own): Args {
    if (this.#closed) throw closed(operation);
    onlyKnown("argument", operation, "options", options, [...(own.options ?? []), ...CALL_OPTIONS]);
    if (own.body) onlyKnown("argument", operation, ...own.body);
    const { signal, headers, ...rest } = options;
    if (signal !== undefined && typeof signal?.addEventListener !== "function") {
      throw makeError(`${operation}: signal must be an AbortSignal, got ${got(signal)}`, { kind: "argument", operation });
    }
    if (signal?.aborted) throw signal.reason;
    const from = Object.entries(own.from ?? {}).filter(([, begin]) => begin !== undefined);
    const plain = typeof headers === "object" && headers !== null && !Array.isArray(headers) ? Object.fromEntries(headerEntries(headers)) : headers;
    return { ...rest, headers: plain, ...Object.fromEntries(from), ...(own.body?.[1] as Args), ...args };
  }

  /** The core on a running instance: a fresh one after a fault. */
  async #boot(): Promise<Running> {
    const instance = await load();
    if (this.#onDrift) this.#inspect ??= (await driftCheck()).inspector(this.#onDrift, this.#listener);
    if (this.#running?.instance !== instance) {
      this.#running = { instance, core: new instance.exports.Core(this.#config, this.#listener, instance.underWay) };
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
