import { describeType } from "../check.js";
import { instantiate } from "../generated/directory.js";
import type { Exports } from "../generated/directory.js";
import { Step } from "../generated/directory-data.js";
import { ArgumentError, ConfigError, ConnectionError, type CurrentUser, DecodeError, isPipedriveError, LoadError, parseTimestamp, TimeoutError, type User } from "../index.js";
import { type DirectoryEntry, type Known, People } from "./people.js";
import type { Dated, DirectoryStore, RecordStore, shared } from "./store.js";

/** What a directory calls: a `UsersClient`, or what stands in for one in a test. */
export interface DirectoryClient {
  /** Lists everybody. */
  getUsers(): PromiseLike<User[]>;
  /** Reads one user. */
  getUser(id: number): PromiseLike<User>;
  /** Reads the owner of the token, for the company's id. */
  getCurrentUser(): PromiseLike<Pick<CurrentUser, "company_id">>;
}

/** Options of {@link UserDirectory}. */
export interface DirectoryOptions {
  /** How long everything is given from memory, in milliseconds. Default: 300 000 (5 minutes). */
  readonly maxAgeMs?: number;
  /** Until which age, in milliseconds, what is there is given while a refresh runs behind. After it, callers wait. Default: 3 600 000 (an hour). */
  readonly staleMs?: number;
  /** Shares the list with other processes: `redisStore()` and the like of `pipedrive-users/server`, or two functions, `get` and `set`. */
  readonly store?: DirectoryStore | RecordStore;
}

/** What happened to a directory. */
export type DirectoryEvent = { readonly type: "changed" } | { readonly type: "failed"; readonly error: unknown };

/** What became known of a user, such as by a webhook. */
export interface UserNews {
  /** The user. */
  readonly id: number;
  /** The company: news of another one changes nothing. */
  readonly companyId: number;
  /** When it happened, in milliseconds since 1970, by Pipedrive's clock. */
  readonly at: number;
  /** Whether the user was deleted. */
  readonly isDeleted?: boolean;
  /** The members that are known. */
  readonly members: Partial<User>;
}

const AGES = { maxAgeMs: 300_000, staleMs: 3_600_000 };

/** Refuses a value that is not what it has to be. */
function check(what: string, isGood: boolean, value: unknown, Refusal: typeof ArgumentError | typeof ConfigError = ArgumentError): void {
  if (!isGood) throw new Refusal(`${what}, got ${describeType(value)}`);
}

const checkId = (id: number) => check("id must be a positive integer", Number.isSafeInteger(id) && id > 0, id);

/** Refuses an object that lacks a method. */
function checkMethods(what: string, object: unknown, names: readonly string[]): void {
  for (const name of names) check(`${what} must have ${name}()`, typeof (object as Record<string, unknown> | null | undefined)?.[name] === "function", object, ConfigError);
}

/**
 * The people of a company: one `getUsers` (20 tokens) answers every question about names, ids and e-mails until it is too old.
 * A directory belongs to one client, and so to one company.
 */
export class UserDirectory {
  readonly #client: DirectoryClient;
  readonly #maxAgeMs: number;
  readonly #staleMs: number;
  readonly #store: DirectoryOptions["store"];
  readonly #listeners = new Set<(event: DirectoryEvent) => void>();
  #loading: Promise<Exports> | undefined;
  #wasm: Exports | undefined;
  #shared: typeof shared | undefined;
  #people: People | undefined;
  /** Resolves with whether everything was declared invalid meanwhile. */
  #refreshing: Promise<boolean> | undefined;
  #company: Promise<number> | undefined;
  #error: unknown;
  #invalidatedAt = -Infinity;
  /** When the list that is there was asked for. */
  #listedAt = -Infinity;
  #lastMoment = 0;
  /** Ids that are asked for one by one, and those that are collected to be. */
  readonly #asked = new Map<number, Promise<DirectoryEntry | undefined>>();
  #batch: Promise<boolean> | undefined;
  #batched = 0;
  /** When Pipedrive responded that an id does not exist. */
  readonly #missing = new Map<number, number>();
  /** The records that came one by one, and when each was asked for: a list that was asked for before does not replace them. */
  readonly #singles = new Map<number, { readonly user: Known; readonly askedAt: number }>();
  /** The entries that are not to be given as they are, and since when. */
  readonly #outdated = new Map<number, { readonly isGiven: boolean; readonly since: number }>();
  /** The last news of each user, and when it came. */
  readonly #news = new Map<number, UserNews & { readonly since: number }>();

  constructor(client: DirectoryClient, options: DirectoryOptions = {}) {
    this.#client = client;
    try {
      checkMethods("client", client, ["getUsers", "getUser", "getCurrentUser"]);
      check("options must be an object", Object(options) === options, options, ConfigError);
      const known = [...Object.keys(AGES), "store"];
      for (const name of Object.keys(options)) if (!known.includes(name)) throw new ConfigError(`the directory has no option "${name.slice(0, 40)}"; it takes ${known.join(", ")}`);
      const { maxAgeMs = AGES.maxAgeMs, staleMs = Math.max(maxAgeMs, AGES.staleMs), store } = options;
      check("maxAgeMs must be a whole number", Number.isSafeInteger(maxAgeMs) && maxAgeMs >= 0, maxAgeMs, ConfigError);
      check("staleMs must be a whole number from maxAgeMs", Number.isSafeInteger(staleMs) && staleMs >= maxAgeMs, staleMs, ConfigError);
      if (store !== undefined) checkMethods("store", store, "put" in Object(store) ? ["get", "put", "lease"] : ["get", "set"]);
      this.#maxAgeMs = maxAgeMs;
      this.#staleMs = staleMs;
      this.#store = store;
    } catch (error) {
      // Its stack begins at the caller's line, and not in this bundle.
      (Error as { captureStackTrace?: (target: unknown, above?: unknown) => void }).captureStackTrace?.(error, new.target);
      throw error;
    }
  }

  /** Returns the user with an id, or undefined if there is none. */
  async byId(id: number): Promise<DirectoryEntry | undefined> {
    checkId(id);
    const since = Date.now();
    const waiting = this.#ready(since);
    if (waiting) await waiting;
    return this.#find(id, since);
  }

  /** Returns the users with these ids, in the same order: undefined where an id does not exist. */
  async byIds(ids: Iterable<number>): Promise<(DirectoryEntry | undefined)[]> {
    check("ids must be a list of positive integers", Symbol.iterator in Object(ids) && typeof ids !== "string", ids);
    return Promise.all(Array.from(ids, (id) => this.byId(id)));
  }

  /** Returns the name of the user with an id, or undefined if there is none. */
  async nameOf(id: number): Promise<string | undefined> {
    return (await this.byId(id))?.name;
  }

  /** Returns the user with an e-mail address, whatever its case. One who is active comes before one who left. */
  async byEmail(email: string): Promise<DirectoryEntry | undefined> {
    check("email must be a string", typeof email === "string", email);
    await this.#ready();
    return this.#people!.byEmail(email);
  }

  /**
   * Returns the users in whose names or e-mails all words of a text are found, whatever case and accents. The best come first, and those
   * who are not active last. Without a word it is everybody.
   */
  async search(text: string): Promise<DirectoryEntry[]> {
    check("text must be a string", typeof text === "string", text);
    await this.#ready();
    return this.#people!.search(text);
  }

  /** Returns everybody, those who were deactivated or deleted too: see `status`. */
  async all(): Promise<readonly DirectoryEntry[]> {
    await this.#ready();
    return this.entries();
  }

  /** Returns what is in memory, however old, and asks for nothing: the same list until something changes. */
  entries(): readonly DirectoryEntry[] {
    return this.#people?.list ?? NO_ENTRIES;
  }

  /** Returns a user who is in memory, however old that is, and asks for nothing. */
  peek(id: number): DirectoryEntry | undefined {
    return this.#people?.byId(id);
  }

  /** Why the last refresh failed; undefined once one succeeds. What was there is still there. */
  get error(): unknown {
    return this.#error;
  }

  /** Makes the next lookup wait for a refresh: of one user, or of everybody. */
  invalidate(id?: number): void {
    if (id === undefined) {
      this.#invalidatedAt = this.#moment();
      this.#missing.clear();
      this.#wasm?.invalidate();
      return;
    }
    checkId(id);
    this.#missing.delete(id);
    this.#asked.delete(id);
    // What was asked for before may still come.
    this.#outdated.set(id, { isGiven: false, since: this.#moment() });
  }

  /** Calls a listener whenever what is in memory changes, or a refresh fails. Returns a function that ends it. */
  subscribe(listener: (event: DirectoryEvent) => void): () => void {
    check("listener must be a function", typeof listener === "function", listener);
    // The same function may listen twice.
    const call = (event: DirectoryEvent) => listener(event);
    this.#listeners.add(call);
    return () => void this.#listeners.delete(call);
  }

  /**
   * Takes what became known of a user: the members that are there at once, and the rest is asked for when it is needed. Resolves
   * with whether it changed anything: news of another company, and what is older than what is known, does not.
   */
  async merge(news: UserNews): Promise<boolean> {
    const { id, companyId, at } = news;
    if (companyId !== (await this.#companyId())) return false;
    const wasm = await this.#load();
    const current = this.peek(id);
    if (!wasm.news(at, this.#news.get(id)?.at ?? -Infinity, modifiedAt(current))) return false;
    const since = this.#moment();
    this.#news.set(id, { ...news, since });
    this.#missing.delete(id);
    this.#outdated.set(id, { isGiven: this.#outdated.get(id)?.isGiven ?? true, since });
    if (current) {
      this.#people!.set(withNews(current, news));
      this.#emit({ type: "changed" });
    } else if (this.#people && !(await this.#askFor(id)) && !this.#missing.has(id)) await this.#askFor(id); // The first was asked before.
    return true;
  }

  /** Waits, if what is there is too old. Begins a refresh, if it is time for one. */
  #ready(now = Date.now()): Promise<void> | undefined {
    if (!this.#wasm) return this.#load().then(() => this.#ready());
    const step = this.#wasm.look(now) as Step;
    if (step === Step.GiveAndRefresh || step === Step.RefreshAndWait) this.#refresh();
    // What was declared invalid meanwhile is asked for again; anything else is given, however soon it is too old.
    return step >= Step.RefreshAndWait ? this.#refreshing!.then((isInvalid) => (isInvalid ? this.#ready() : undefined)) : undefined;
  }

  /** Returns the time, which is later than each time before, so that the order of requests and events is known within a millisecond too. */
  #moment(): number {
    const now = Date.now();
    // A clock that was set back does not stand still.
    const isAfter = now > this.#lastMoment || now < this.#lastMoment - 1_000;
    return (this.#lastMoment = isAfter ? now : this.#lastMoment + 0.001);
  }

  #find(id: number, since: number): DirectoryEntry | undefined | Promise<DirectoryEntry | undefined> {
    const entry = this.#people!.byId(id);
    const outdated = this.#outdated.size ? this.#outdated.get(id) : undefined;
    if (entry && !outdated) return entry;
    const missingAt = this.#missing.get(id) ?? -Infinity;
    const isMissing = outdated ? missingAt > outdated.since && Date.now() - missingAt < this.#maxAgeMs : this.#wasm!.missing(since, missingAt, Date.now());
    const asked = isMissing ? undefined : this.#askFor(id);
    if (!entry || !outdated!.isGiven) return asked;
    asked?.catch(() => undefined);
    return entry;
  }

  /** Asks for a user, once for all who wait: those who are asked for at the same time may come with the list. */
  #askFor(id: number): Promise<DirectoryEntry | undefined> {
    let asked = this.#asked.get(id);
    if (!asked) {
      this.#batched++;
      const batch = (this.#batch ??= Promise.resolve().then(() => {
        const isEach = this.#wasm!.each(this.#batched);
        this.#batch = undefined;
        this.#batched = 0;
        if (!isEach && this.#wasm!.begin()) this.#refresh();
        return isEach;
      }));
      asked = batch.then((isEach) => (isEach ? this.#askEach(id) : this.#askAll(id))).finally(() => {
        if (this.#asked.get(id) === asked) this.#asked.delete(id);
      });
      this.#asked.set(id, asked);
    }
    return asked;
  }

  async #askAll(id: number): Promise<DirectoryEntry | undefined> {
    const since = Date.now();
    await this.#refreshing;
    // It may have begun before the user was declared invalid, and so may a list of the store.
    const isOutdated = () => this.#outdated.get(id)?.isGiven === false;
    if (isOutdated()) {
      if (this.#wasm!.begin()) this.#refresh();
      await this.#refreshing;
      if (isOutdated()) return this.#askEach(id);
    }
    const entry = this.peek(id);
    if (!entry) this.#missing.set(id, since);
    return entry;
  }

  async #askEach(id: number): Promise<DirectoryEntry | undefined> {
    const askedAt = this.#moment();
    try {
      const user = await this.#client.getUser(id);
      if (user?.id !== id) throw new DecodeError("getUser: the record of another user came");
      const isLatest = askedAt > (this.#singles.get(id)?.askedAt ?? (this.peek(id) ? this.#listedAt : -Infinity));
      if (isLatest) {
        this.#singles.set(id, { user, askedAt });
        this.#people!.set(this.#latest(user, askedAt));
        this.#emit({ type: "changed" });
      }
      return this.peek(id);
    } catch (error) {
      if (!isPipedriveError(error, "not_found")) throw error;
      if (askedAt > (this.#outdated.get(id)?.since ?? -Infinity)) this.#missing.set(id, askedAt);
      this.#wasm!.missed();
      return undefined;
    }
  }

  /** What was asked for then is no longer outdated, unless that was declared since. */
  #settle(id: number, askedAt: number): void {
    if (askedAt > (this.#outdated.get(id)?.since ?? Infinity)) this.#outdated.delete(id);
  }

  /** Returns a record, with the news that came after it was asked for. */
  #latest(user: Known, askedAt: number): Known {
    const { id } = user;
    this.#settle(id, askedAt);
    const news = this.#news.get(id);
    return news && news.since > askedAt && this.#wasm!.news(news.at, -Infinity, modifiedAt(user)) ? withNews(user, news) : user;
  }

  #refresh(): void {
    const invalidatedAt = this.#invalidatedAt;
    this.#refreshing = (async () => {
      try {
        const [askedAt, list] = await this.#fill();
        const people = new People(this.#wasm!);
        // Nobody can be asked for by an id that did not come.
        let isList = list?.length === 0;
        for (const user of Array.isArray(list) ? list : []) {
          if (Number.isSafeInteger(user?.id)) {
            isList = true;
            people.set(this.#latest(user, askedAt));
          }
        }
        if (!isList) throw new DecodeError("getUsers: no list of users");
        for (const [id, single] of this.#singles) {
          if (single.askedAt > askedAt) people.set(this.#latest(single.user, single.askedAt));
          else this.#singles.delete(id);
        }
        for (const id of this.#outdated.keys()) this.#settle(id, askedAt);
        // Those who wait for a name need not wait for this.
        setTimeout(() => this.#people === people && people.index());
        this.#people = people;
        this.#listedAt = askedAt;
        this.#error = undefined;
        this.#missing.clear();
        this.#wasm!.filled(askedAt);
        this.#emit({ type: "changed" });
        return invalidatedAt !== this.#invalidatedAt;
      } catch (error) {
        this.#error = error;
        this.#wasm!.failed(Date.now());
        this.#emit({ type: "failed", error });
        throw error;
      }
    })();
    // It is in `error`, where no call waits.
    this.#refreshing.catch(() => undefined);
  }

  async #fill(): Promise<Dated<Known>> {
    const ask = async (): Promise<Dated<Known>> => [this.#moment(), await this.#client.getUsers()];
    if (!this.#shared) return ask();
    const isRecent = (askedAt: number) => askedAt > this.#invalidatedAt && Math.abs(Date.now() - askedAt) < this.#maxAgeMs;
    const askAnew = async (): Promise<Dated<Known>> => {
      const [askedAt, users] = await ask();
      return [askedAt, users.map(({ is_you: _, ...user }) => user)];
    };
    return this.#shared(this.#store!, `directory:${await this.#companyId()}`, this.#staleMs, isRecent, askAnew, { ConnectionError, TimeoutError, isPipedriveError });
  }

  /** The company of the client: nothing that it says itself, and no option, is as certain. */
  #companyId(): Promise<number> {
    return (this.#company ??= (async () => (await this.#client.getCurrentUser()).company_id)().catch((error: unknown) => {
      this.#company = undefined;
      throw error;
    }));
  }

  #load(): Promise<Exports> {
    // Only those load the sharing who share.
    return (this.#loading ??= Promise.all([instantiate(), this.#store && import("./store.js")]).then(
      ([wasm, store]) => {
        wasm.open(this.#maxAgeMs, this.#staleMs);
        this.#shared = store?.shared;
        return (this.#wasm = wasm);
      },
      (cause: unknown) => {
        this.#loading = undefined;
        throw new LoadError(`the directory could not be loaded: ${String(cause)}`, { cause });
      },
    ));
  }

  #emit(event: DirectoryEvent): void {
    // One that throws keeps no other from being called.
    for (const listener of this.#listeners) void (async () => listener(event))().catch(() => undefined);
  }
}

const NO_ENTRIES: readonly DirectoryEntry[] = [];

const modifiedAt = (user: Partial<User> | undefined) => Number(parseTimestamp(user?.modified) ?? -Infinity);

const withNews = (user: Known, { members, isDeleted }: UserNews): Known => ({ ...user, ...members, ...(isDeleted && { active_flag: false, is_deleted: true }) });
