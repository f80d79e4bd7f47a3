import { identityKey } from "../../helpers.js";
import { isPipedriveError, makeError } from "../../errors.js";
import { EXPIRED, EXPIRING_SOON, type ServerCore, serverCore } from "../core.js";
import { TIMEOUT_MS, type TokenEndpoint } from "./token-endpoint.js";
import type { Kept, TokenRecord, Vault } from "./vault.js";

/** A user of a company: neither alone is enough. */
export interface Identity {
  /** `company_id` of the user's record. */
  readonly companyId: number;
  /** `id` of the user's record: the same person has another one in another company. */
  readonly userId: number;
}

/** The only key that Pipedrive guarantees to be unique. */
export const keyOf = ({ companyId, userId }: Identity): string => identityKey({ company_id: companyId, id: userId });

/** A lease outlasts the request that it is for. */
const LEASE_MS = TIMEOUT_MS + 5_000;
/** How often those look who wait for another's lease, and how long at most. */
const LOOK_MS = 100;
const PATIENCE_MS = 2 * LEASE_MS;
/** After a renewal behind the calls has failed. */
const PAUSE_MS = 5_000;

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** The tokens of one user: read, renewed once for all who wait, here and in other processes, and never lost. */
export class Tenant {
  readonly #key: string;
  /** As last read or written. */
  #held: Kept<TokenRecord> | undefined;
  #apiDomain = "";
  /** The renewal under way. */
  #renewing: Promise<Kept<TokenRecord>> | undefined;
  /** The access token that Pipedrive refused. */
  #refused: string | undefined;
  #pausedUntil = 0;

  constructor(
    readonly identity: Identity,
    private readonly vault: Vault,
    private readonly endpoint: TokenEndpoint,
  ) {
    this.#key = keyOf(identity);
  }

  /** Where the company's API is, once a token was asked for. */
  get apiDomain(): string {
    return this.#apiDomain;
  }

  /** A token that is good for a while. */
  async token(): Promise<string> {
    const core = await serverCore();
    let { value } = this.#held ?? this.#hold(await this.#read());
    const isRefused = value.accessToken === this.#refused;
    const state = isRefused || value.isSpent ? EXPIRED : core.tokenState(value.expiresAt - Date.now());
    if (state === EXPIRED) {
      ({ value } = await this.#renewed(core).catch((error: unknown) => {
        // Late, but perhaps not too late: while it lasts, the old one is better than none.
        if (!isRefused && value.expiresAt > Date.now() && !isFinal(error)) return { value };
        throw error;
      }));
    } else if (state === EXPIRING_SOON && Date.now() >= this.#pausedUntil) {
      void this.#renewed(core).catch(() => {
        this.#pausedUntil = Date.now() + PAUSE_MS;
      });
    }
    return value.accessToken;
  }

  /** Pipedrive refused a token: if it is still the current one, the next call renews it. */
  refuse(accessToken: string): void {
    this.#refused = accessToken;
  }

  /** What is kept is forgotten: the next call reads the store. */
  forget(): void {
    this.#held = undefined;
  }

  #hold(kept: Kept<TokenRecord>): Kept<TokenRecord> {
    // Known even while a record is read anew: a call with the token of before may be on its way.
    this.#apiDomain = kept.value.apiDomain;
    return (this.#held = kept);
  }

  async #read(): Promise<Kept<TokenRecord>> {
    const kept = await this.vault.read<TokenRecord>(this.#key);
    if (kept) return kept;
    throw makeError(`user ${this.#key} has not authorised the app, or has taken it back: send the user to authorizationUrl()`, { kind: "authentication" });
  }

  /** One renewal for all who wait here. */
  #renewed(core: ServerCore): Promise<Kept<TokenRecord>> {
    if (!this.#renewing) {
      const done = () => {
        this.#renewing = undefined;
      };
      this.#renewing = this.#renew(core);
      this.#renewing.then(done, done);
    }
    return this.#renewing;
  }

  /** One renewal for all processes: whoever has the lease asks Pipedrive, and the others find what it stored. */
  async #renew(core: ServerCore): Promise<Kept<TokenRecord>> {
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await pause(LOOK_MS)) {
      const found = await this.#look(core);
      if (found.isGood) return found.kept;
      const release = await this.vault.store.lease(this.#key, LEASE_MS);
      if (!release) continue;
      try {
        // Between the look and the lease another may have renewed it.
        const { kept, isGood } = await this.#look(core);
        return isGood ? kept : await this.#exchange(kept, core);
      } finally {
        await release().catch(() => undefined);
      }
    }
    throw makeError(`the token of user ${this.#key} has been renewed elsewhere for ${PATIENCE_MS} ms, without an end`, { kind: "timeout" });
  }

  /** The stored record, and whether its token will do. */
  async #look(core: ServerCore): Promise<{ kept: Kept<TokenRecord>; isGood: boolean }> {
    const kept = await this.#read().catch((error: unknown) => {
      this.#held = undefined;
      throw error;
    });
    this.#hold(kept);
    const { isSpent, accessToken, expiresAt } = kept.value;
    if (isSpent) throw spent(this.#key);
    return { kept, isGood: accessToken !== this.#refused && core.tokenState(expiresAt - Date.now()) === 0 };
  }

  /** Asks Pipedrive, and stores what comes back before anybody uses it. */
  async #exchange(base: Kept<TokenRecord>, core: ServerCore): Promise<Kept<TokenRecord>> {
    const { value } = base;
    let next: TokenRecord;
    try {
      const grant = await this.endpoint.refresh(value.refreshToken, core);
      next = { ...value, ...grant, generation: value.generation + 1 };
    } catch (error) {
      if (!isFinal(error)) throw error;
      next = { ...value, isSpent: true };
    }
    const kept = await this.#store(next, base, core);
    this.#hold(kept);
    if (kept.value.isSpent) throw spent(this.#key);
    return kept;
  }

  /** Writes a record in the place of one that it may replace; where another has the place by now, that one counts. */
  async #store(next: TokenRecord, base: Kept<TokenRecord>, core: ServerCore): Promise<Kept<TokenRecord>> {
    for (let there = base; ; ) {
      const version = await this.vault.write(this.#key, next, there.version);
      if (version !== undefined) return { value: next, version };
      there = await this.#read();
      if (!core.replaces(next, there.value)) return there;
    }
  }
}

/** Pipedrive takes the refresh token no more: asking again is of no use. */
const isFinal = (error: unknown) => isPipedriveError(error, "authentication");

const spent = (key: string) =>
  makeError(`Pipedrive takes the refresh token of user ${key} no more: it is older than 60 days, was taken back, or another got lost. The user must authorise the app again`, { kind: "authentication", code: "invalid_grant" });
