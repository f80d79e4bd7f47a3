import { isPipedriveError, makeError, type PipedriveError } from "../../errors.js";
import { identityKey } from "../../helpers.js";
import { type ServerCore, serverCore, TokenState } from "../core.js";
import { STORE_TIMEOUT_MS } from "../stores/checked.js";
import type { EncryptedStore, TokenRecord, Versioned } from "./encrypted-store.js";
import { TIMEOUT_MS, type TokenEndpoint } from "./token-endpoint.js";

/** A user of a company: neither id alone is enough. */
export interface Identity {
  /** `company_id` of the user's record. */
  readonly companyId: number;
  /** `id` of the user's record: the same person has another one in another company. */
  readonly userId: number;
}

/** Whether a value names a user of a company. */
export const isIdentity = (identity: { readonly companyId?: unknown; readonly userId?: unknown } | undefined | null): identity is Identity =>
  [identity?.companyId, identity?.userId].every((id) => Number.isSafeInteger(id) && (id as number) > 0);

/** Returns the only key that Pipedrive guarantees to be unique. */
export const keyOf = ({ companyId, userId }: Identity): string => identityKey({ company_id: companyId, id: userId });

/** A lease outlasts the request that it is for, and the writing of its result. */
const LEASE_MS = TIMEOUT_MS + STORE_TIMEOUT_MS;
/** How often a process that waits for another's lease reads the store. */
const POLL_MS = 100;
/** How long it waits at most. */
const MAX_WAIT_MS = 2 * LEASE_MS;
/** The first pause after a refresh that failed or was in vain. It doubles each time, up to the longest, and is shorter than the pauses between attempts. */
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 60_000;

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** The tokens of one user: refreshed once for all calls that wait, in this process and others, and never lost. */
export class Tenant {
  readonly #key: string;
  /** As last read or written. */
  #current: Versioned<TokenRecord> | undefined;
  #apiDomain = "";
  /** The refresh in flight, and until when calls join it: in a Worker, one whose client has gone never ends. */
  #refreshing: Promise<Versioned<TokenRecord>> | undefined;
  #joinUntil = 0;
  /** The access token that Pipedrive refused. */
  #refused: string | undefined;
  /** The access token that Pipedrive last accepted. */
  #accepted: string | undefined;
  /** The access token of the last refresh in this process. */
  #refreshed: string | undefined;
  /** Number of refreshes in a row that failed or were in vain. */
  #failures = 0;
  /** No refresh is sent before. */
  #pausedUntil = 0;
  /** Why the last refresh failed. */
  #failure: PipedriveError | undefined;
  /** The result of a refresh that the store has not taken yet. Pipedrive may no longer accept the refresh token that it replaces. */
  #unsaved: TokenRecord | undefined;

  constructor(
    readonly identity: Identity,
    private readonly records: EncryptedStore,
    private readonly endpoint: TokenEndpoint,
  ) {
    this.#key = keyOf(identity);
  }

  /** The origin of the company's API; empty before the first token. */
  get apiDomain(): string {
    return this.#apiDomain;
  }

  /** Returns an access token: at once if a valid one is in memory, refreshed first if it has expired. */
  token(): string | Promise<string> {
    const [core, value] = [serverCore(), this.#current?.value];
    const isAtHand = value && !("then" in core) && this.#stateOf(value, core) === TokenState.Valid;
    return isAtHand ? value.accessToken : this.#readToken();
  }

  #stateOf({ accessToken, isRevoked, expiresAt }: TokenRecord, core: ServerCore): number {
    return accessToken === this.#refused || isRevoked ? TokenState.Expired : core.tokenState(expiresAt - Date.now());
  }

  async #readToken(): Promise<string> {
    const core = await serverCore();
    let { value } = this.#current ?? this.#remember(await this.#read());
    const isRefused = value.accessToken === this.#refused;
    const state = this.#stateOf(value, core);
    if (state === TokenState.Expired) {
      // Pipedrive refuses even new tokens: until the pause ends, calls get its own response.
      if (isRefused && !value.isRevoked && !this.#failure && this.#isPaused()) return value.accessToken;
      ({ value } = await this.#refresh(core).catch((error: unknown) => {
        // A token with a few seconds left may still work.
        if (!isRefused && value.expiresAt > Date.now() && !isPermanent(error)) return { value };
        throw error;
      }));
    } else if (state === TokenState.ExpiringSoon && !this.#isPaused()) {
      void this.#refresh(core).catch(() => undefined);
    }
    return value.accessToken;
  }

  /** Marks a token that Pipedrive refused: if it is still the current one, the next call refreshes it. */
  refuse(accessToken: string): void {
    const current = this.#current?.value.accessToken ?? accessToken;
    // A call may learn late that a token of before was refused, and several calls learn it of the same token.
    if (current !== accessToken || this.#refused === accessToken) return;
    this.#refused = accessToken;
    if (accessToken === this.#refreshed && accessToken !== this.#accepted) this.#pause(undefined);
  }

  /** Marks a token that Pipedrive accepted. */
  accept(accessToken: string): void {
    if (this.#accepted === accessToken) return;
    this.#accepted = accessToken;
    [this.#failures, this.#pausedUntil] = [0, 0];
  }

  /** How long no refresh is sent, in milliseconds. */
  get pauseMs(): number {
    return Math.max(0, this.#pausedUntil - performance.now());
  }

  #isPaused(): boolean {
    return this.pauseMs > 0;
  }

  #pause(failure: PipedriveError | undefined): void {
    const { retryAfterSeconds } = failure ?? {};
    const growing = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS);
    const milliseconds = retryAfterSeconds === undefined ? growing : Math.min(retryAfterSeconds * 1000, LONGEST_PAUSE_MS);
    [this.#failure, this.#pausedUntil] = [failure, performance.now() + milliseconds];
  }

  /** Has the next call read the store. */
  forget(): void {
    this.#current = undefined;
  }

  #remember(stored: Versioned<TokenRecord>): Versioned<TokenRecord> {
    // Known even after forget(): a call with an earlier token may be in flight.
    this.#apiDomain = stored.value.apiDomain;
    return (this.#current = stored);
  }

  async #read(): Promise<Versioned<TokenRecord>> {
    const stored = await this.records.read(this.#key);
    if (stored) return stored;
    throw makeError(`user ${this.#key} has not authorised the app, or has revoked it: send the user to handleInstall()`, { kind: "authentication" });
  }

  /** One refresh for all calls that wait in this process. */
  #refresh(core: ServerCore): Promise<Versioned<TokenRecord>> {
    if (this.#refreshing && performance.now() < this.#joinUntil) return this.#refreshing;
    const refreshing = this.#refreshOnce(core);
    const done = () => {
      if (this.#refreshing === refreshing) this.#refreshing = undefined;
    };
    refreshing.then(done, done);
    this.#joinUntil = performance.now() + LEASE_MS;
    return (this.#refreshing = refreshing);
  }

  /** One refresh for all processes: the one with the lease sends the request, and the others read what it stores. */
  async #refreshOnce(core: ServerCore): Promise<Versioned<TokenRecord>> {
    for (const until = Date.now() + MAX_WAIT_MS; Date.now() < until; await sleep(POLL_MS)) {
      const { stored, isValid } = await this.#readCurrent(core);
      if (isValid) return stored;
      if (this.#failure && this.#isPaused()) throw this.#failure;
      const release = await this.records.store.lease(this.#key, LEASE_MS);
      if (!release) continue;
      try {
        // Another process may have refreshed it before this one got the lease.
        const { stored, isValid } = await this.#readCurrent(core);
        return isValid ? stored : await this.#exchange(stored, core);
      } finally {
        await release().catch(() => undefined);
      }
    }
    throw makeError(`another lease holder has been refreshing the token of user ${this.#key} for ${MAX_WAIT_MS} ms`, { kind: "timeout" });
  }

  /** Reads the stored record, and whether its access token can be used. */
  async #readCurrent(core: ServerCore): Promise<{ stored: Versioned<TokenRecord>; isValid: boolean }> {
    const stored = await this.#read().catch((error: unknown) => {
      this.#current = undefined;
      throw error;
    });
    this.#remember(stored);
    const { isRevoked, accessToken, expiresAt } = stored.value;
    if (isRevoked) throw revoked(this.#key);
    return { stored, isValid: accessToken !== this.#refused && core.tokenState(expiresAt - Date.now()) === TokenState.Valid };
  }

  /** Refreshes the tokens, and stores the new ones before any call uses them. */
  async #exchange(base: Versioned<TokenRecord>, core: ServerCore): Promise<Versioned<TokenRecord>> {
    const { value } = base;
    const unsaved = this.#unsaved;
    const next = unsaved?.grantId === value.grantId && core.replaces(unsaved, value) ? unsaved : await this.#next(value, core);
    this.#unsaved = next;
    this.#refreshed = next.accessToken;
    const stored = await this.#replace(base, next, core);
    this.#unsaved = undefined;
    this.#remember(stored);
    if (stored.value.isRevoked) throw revoked(this.#key);
    return stored;
  }

  /** Asks Pipedrive for the next tokens. */
  async #next(value: TokenRecord, core: ServerCore): Promise<TokenRecord> {
    try {
      const { accessToken, refreshToken, expiresAt, apiDomain } = await this.endpoint.refresh(value.refreshToken, core);
      return { ...value, accessToken, refreshToken, expiresAt, apiDomain, generation: value.generation + 1 };
    } catch (error) {
      if (isPermanent(error)) return { ...value, isRevoked: true };
      if (isPipedriveError(error)) this.#pause(error);
      throw error;
    }
  }

  /** Replaces a record, unless another process has stored a better one or one of a newer installation: then returns that one. */
  #replace(base: Versioned<TokenRecord>, next: TokenRecord, core: ServerCore): Promise<Versioned<TokenRecord>> {
    let found = base;
    return this.records.retry(this.#key, async () => {
      const version = await this.records.write(this.#key, next, found.version);
      if (version !== undefined) return { value: next, version };
      found = await this.#read();
      return found.value.grantId !== next.grantId || !core.replaces(next, found.value) ? found : undefined;
    });
  }
}

/** Whether a refresh failed for good: Pipedrive no longer accepts the refresh token. */
const isPermanent = (error: unknown) => isPipedriveError(error, "authentication");

const revoked = (key: string) =>
  makeError(`Pipedrive no longer accepts the refresh token of user ${key}: it is older than 60 days, was revoked, or a newer one was lost. The user must authorise the app again`, { kind: "authentication", code: "invalid_grant" });
