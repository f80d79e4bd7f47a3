import { ApiPromise, type Outcome, rateLimit, Settle } from "./call.js";
import { checkConfig, onlyKnown } from "./check.js";
import { ConfigError, type PipedriveError } from "./errors.js";
import { type Core, core } from "./generated/core.js";
import type {
  CurrentUser, Follower, RoleAssignment, RoleSettings, User, UserPermissions,
} from "./generated/models.js";
import { ENDPOINTS, type NewUser, type OperationId, type UserChanges, type UsersOperations } from "./generated/operations.js";
import { type Instance, loader } from "./load.js";
import { listener } from "./observe.js";
import { CursorPage, OffsetPage, PagePromise } from "./pages.js";
import type { CallOptions, RateLimit, Spent, UsersClientConfig } from "./types.js";

const OPERATIONS = Object.keys(ENDPOINTS) as OperationId[];
const CALL_OPTIONS = ["signal", "timeoutMs", "maxRetries", "headers"];

const load = loader(core);

type Args = Record<string, unknown>;
type CoreModule = (typeof core) extends WasmSource<infer Exports> ? Exports : never;

/** What a call lets its caller give beside the call options, by the name that an error calls it. */
interface Own {
  /** Further options. */
  readonly options?: readonly string[];
  /** The members of an object that travels as the body. */
  readonly body?: readonly [name: string, given: unknown, members: readonly string[]];
}

/** A client of Pipedrive's Users API, for one user of one company. */
export class UsersClient implements UsersOperations {
  readonly #config: Record<string, unknown>;
  readonly #listener: Listener;
  /** The core, and the instance that it lives in. */
  #running: { readonly core: Core; readonly instance: Instance<CoreModule> } | undefined;
  /** How to give up the calls that are on their way. */
  readonly #calls = new Set<(reason: unknown) => void>();
  /** The calls that a signal cancels: one listener each, however many calls there are. */
  readonly #signals = new Map<AbortSignal, Set<() => void>>();
  #closed = false;

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
    return this.#call("findUsersByName", { term }, options, ["searchByEmail"]);
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
    const ask = (cursor?: unknown) =>
      this.#run<Follower[]>("getUserFollowers", { id }, cursor === undefined ? options : { ...options, cursor }, { options: ["limit", "cursor"] });
    return new PagePromise(ask(), ask, CursorPage<Follower>);
  }

  getUserPermissions(id: number, options?: CallOptions): ApiPromise<UserPermissions> {
    return this.#call("getUserPermissions", { id }, options);
  }

  getUserRoleAssignments(
    id: number,
    options?: CallOptions & { start?: number | undefined; limit?: number | undefined },
  ): PagePromise<RoleAssignment, OffsetPage<RoleAssignment>> {
    const ask = (start?: unknown) =>
      this.#run<RoleAssignment[]>("getUserRoleAssignments", { id }, start === undefined ? options : { ...options, start }, { options: ["start", "limit"] });
    return new PagePromise(ask(), ask, OffsetPage<RoleAssignment>);
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
    const numbers = this.#running?.core.usage() ?? [];
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
    return rateLimit(this.#running?.core.rateLimit() ?? []);
  }

  /** Gives up the calls that are on their way and frees what the client holds. Later calls are refused. */
  close(): void {
    this.#closed = true;
    for (const giveUp of this.#calls) giveUp(closed());
    this.#running?.core.free();
    this.#running = undefined;
  }

  #call<Data>(operation: OperationId, args: Args, options: CallOptions | undefined, own?: Own): ApiPromise<Data> {
    return new ApiPromise<Data>(this.#run(operation, args, options, own), (outcome) => outcome.data);
  }

  /** A call, from what its caller gave to its outcome. */
  #run<Data>(operation: OperationId, args: Args, options: Args & CallOptions = {}, own: Own = {}): Promise<Outcome<Data>> {
    const site = callSite(this[operation]);
    return new Promise((resolve, reject) => {
      if (this.#closed) throw closed();
      onlyKnown("argument", operation, "options", options, [...(own.options ?? []), ...CALL_OPTIONS]);
      if (own.body) onlyKnown("argument", operation, ...own.body);
      const { signal, ...rest } = options;
      if (signal !== undefined && typeof signal?.addEventListener !== "function") {
        throw makeError(`${operation}: signal must be an AbortSignal`, { kind: "argument", operation });
      }
      if (signal?.aborted) throw signal.reason;

      let cancel = (): void => {};
      const end = () => {
        this.#calls.delete(giveUp);
        unsubscribe?.();
      };
      const settle = new Settle(
        operation,
        (outcome) => (end(), resolve(outcome as Outcome<Data>)),
        (reason) => (end(), reject(reason)),
        site,
        { cursor: rest["cursor"] as string | undefined, start: rest["start"] as number | undefined },
      );
      const giveUp = (reason: unknown) => {
        cancel();
        settle.reject(reason);
      };
      this.#calls.add(giveUp);
      const unsubscribe = signal && this.#onAbort(signal, () => giveUp(signal.reason));

      const start = ({ core, instance }: NonNullable<typeof this.#running>) => {
        if (!this.#calls.has(giveUp)) return;
        const stopped = (cause: unknown) => {
          cancel = () => {};
          settle.throw(makeError(`${operation}: ${STOPPED}`, { kind: "load", operation, cause }));
        };
        instance.onStop.add(stopped);
        const number = core.start(OPERATIONS.indexOf(operation), { ...rest, ...(own.body?.[1] as Args), ...args }, settle);
        cancel = () => core.cancel(number);
        const { resolve, reject } = settle;
      };
      if (this.#running && !this.#running.instance.stopped) start(this.#running);
      else this.#boot().then(start, (error: Error) => settle.throw(error));
    });
  }

  /** The core on a running instance: a fresh one after a fault. */
  async #boot(): Promise<NonNullable<typeof this.#running>> {
    const instance = await load();
    if (this.#running?.instance !== instance) {
      this.#running = { instance, core: new instance.exports.Core(this.#config, this.#listener) };
    }
    return this.#running;
  }

  /** Adds a call to those that a signal cancels, and gives the way to take it off again. */
  #onAbort(signal: AbortSignal, abort: () => void): () => void {
    let calls = this.#signals.get(signal);
    if (!calls) {
      calls = new Set();
      this.#signals.set(signal, calls);
    }
  }
}
