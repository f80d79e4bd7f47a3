import { checkKeys, describeType } from "../../check.js";
import { UsersClient } from "../../client.js";
import { makeError } from "../../errors.js";
import type { CurrentUser } from "../../generated/models.js";
import { identityKey } from "../../helpers.js";
import type { UsersClientOptions } from "../../types.js";
import { serverCore } from "../core.js";
import { memoryStore, type TokenStore } from "../stores/store.js";
import { isSame, keyBytes, randomHex, sha256 } from "../text.js";
import { type Identity, keyOf, Tenant } from "./tenant.js";
import { TokenEndpoint } from "./token-endpoint.js";
import { type EncryptionKey, type Kept, type TokenRecord, Vault } from "./vault.js";

/** An app, as Pipedrive's Developer Hub has it, and where its users' tokens are kept. */
export interface OAuthConfig {
  /** The app's client id. */
  clientId: string;
  /** The app's client secret. It never leaves the server. */
  clientSecret: string;
  /** The app's callback URL, to the letter. */
  redirectUri: string;
  /** Where the tokens are kept. Default: the memory of this process. */
  store?: TokenStore | undefined;
  /** 32 random bytes, or their base64 or hexadecimal: the records are then encrypted with AES-GCM. Default: none. */
  encryptionKey?: EncryptionKey | undefined;
  /** What sends requests. Default: the runtime's `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
  /** Pipedrive's OAuth server, or the sandbox in its place. Default: `https://oauth.pipedrive.com`. */
  oauthUrl?: string | undefined;
}

/** What a tenant's client can be given beside its credential. */
export type TenantOptions = Omit<UsersClientOptions, "companyDomain" | "baseUrl" | "fetch" | "dangerouslyAllowBrowser">;

const KNOWN: readonly (keyof OAuthConfig)[] = ["clientId", "clientSecret", "redirectUri", "store", "encryptionKey", "fetch", "oauthUrl"];

/** How long a user may take to consent. */
const STATE_MS = 10 * 60_000;

/** Tenants that are remembered; the others are read from the store when they come back. */
const MOST_TENANTS = 1_000;

/** OAuth for an app of Pipedrive's marketplace: from the user's consent to a client that never runs out of tokens. */
export class OAuth {
  readonly #redirectUri: string;
  readonly #clientId: string;
  readonly #clientSecret: string;
  readonly #fetch: typeof globalThis.fetch | undefined;
  readonly #vault: Vault;
  readonly #endpoint: TokenEndpoint;
  readonly #tenants = new Map<string, Tenant>();

  /** Checks the configuration; nothing is loaded or sent yet. */
  constructor(config: OAuthConfig) {
    checkKeys("config", undefined, "the configuration of OAuth", config, KNOWN);
    const { clientId, clientSecret, redirectUri, store = memoryStore(), encryptionKey, fetch, oauthUrl = "https://oauth.pipedrive.com" } = config;
    for (const [name, value] of Object.entries({ clientId, clientSecret, redirectUri })) {
      if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) refuse(`${name} must be a string of visible ASCII without blanks, got ${describeType(value)}`);
    }
    if (clientId.includes(":")) refuse("clientId must have no colon: HTTP's Basic credentials cannot carry it");
    if (!isUrl(redirectUri)) refuse("redirectUri must be the app's callback URL: https, or http on the loopback");
    if (!isUrl(oauthUrl) || /[/?#]$/.test(oauthUrl)) refuse("oauthUrl must be an origin such as https://oauth.pipedrive.com");
    if (fetch !== undefined && typeof fetch !== "function") refuse(`fetch must be a function, got ${describeType(fetch)}`);
    if ((["get", "put", "delete", "lease"] as const).some((method) => typeof store?.[method] !== "function")) {
      refuse("store must have get, put, delete and lease, such as memoryStore(), redisStore(), denoKvStore() and durableObjectStore() make");
    }
    const key = encryptionKey === undefined ? undefined : keyBytes(encryptionKey);
    if (encryptionKey !== undefined && key?.length !== 32) refuse("encryptionKey must be 32 bytes, or their base64 or hexadecimal");
    [this.#clientId, this.#clientSecret, this.#redirectUri, this.#fetch] = [clientId, clientSecret, redirectUri, fetch];
    this.#vault = new Vault(store, key);
    // A sandbox is on this machine; Pipedrive itself never is.
    const loopback = fetch !== undefined || oauthUrl.startsWith("http:");
    this.#endpoint = new TokenEndpoint({ clientId, clientSecret, oauthUrl, fetch, loopback });
  }

  /** The app's client secret, which signs its app tokens where no JWT secret was set. @internal */
  get secret(): string {
    return this.#clientSecret;
  }

  /** What sends requests. @internal */
  get fetch(): typeof globalThis.fetch | undefined {
    return this.#fetch;
  }

  /**
   * Where to send a user who shall authorise the app. Makes a state of 128 random bits, which only this authorization can
   * come back with, within ten minutes and once.
   */
  async authorizationUrl(): Promise<string> {
    const state = randomHex(16);
    await this.#vault.write(await stateKey(state), { state }, undefined, STATE_MS);
    return this.#endpoint.authorizationUrl(this.#redirectUri, state);
  }

  /**
   * Answers the callback of Pipedrive's OAuth server, `GET <redirectUri>?code&state`: checks the state, exchanges the code,
   * asks who it is (`GET /v1/users/me`, cost 2) and stores the tokens under `"<company_id>:<user_id>"`. Gives the user.
   * Rejects with an {@link AuthenticationError} where the state is not of {@link authorizationUrl}, or is used, or the user
   * said no; {@link errorResponse} makes an answer of it.
   */
  async handleCallback(request: Request | URL | string): Promise<CurrentUser> {
    const { searchParams } = new URL(typeof request === "object" && "url" in request ? request.url : request, this.#redirectUri);
    const [code, state, error] = ["code", "state", "error"].map((name) => searchParams.get(name));
    if (!state || !/^[0-9a-f]{32}$/.test(state) || !(await this.#isOurs(state))) {
      throw unauthorized("the state of the callback is not of an authorization that began here, or was used, or is older than ten minutes. Begin again");
    }
    // Pipedrive's pages say user_denied, its client's README access_denied.
    if (error) {
      const isDenied = /^(user|access)_denied$/.test(error);
      throw unauthorized(isDenied ? "the user did not authorise the app" : "Pipedrive did not authorise the app", isDenied ? "user_denied" : error.slice(0, 40));
    }
    if (!code || !/^[\x21-\x7e]{1,2048}$/.test(code)) throw unauthorized("the callback has no code");
    const decide = await serverCore();
    const grant = await this.#endpoint.exchange(code, this.#redirectUri, decide);
    const asking = this.#clientAt(() => grant.accessToken, () => grant.apiDomain);
    const me = await asking.getCurrentUser().finally(() => asking.close());
    const at = identityKey(me);
    const record = { ...grant, companyId: me.company_id, userId: me.id, isSpent: false };
    for (let there: Kept<TokenRecord> | undefined; ; ) {
      // A record that cannot be read any more, such as of a lost key, is what the user authorises again for.
      there = await this.#vault.read<TokenRecord>(at).catch(() => undefined);
      const version = there?.version ?? (await this.#vault.store.get(at))?.version;
      if ((await this.#vault.write(at, { ...record, generation: (there?.value.generation ?? 0) + 1 }, version)) !== undefined) break;
    }
    this.#tenants.get(at)?.forget();
    return me;
  }

  /**
   * A client of one user of one company, at the company's own host, with tokens that renew themselves. Its calls reject with an
   * {@link AuthenticationError} where the user has not authorised the app or must do so again.
   */
  client(identity: Identity, options: TenantOptions = {}): UsersClient {
    const tenant = this.tenant(identity);
    return this.#clientAt(() => tenant.token(), () => tenant.apiDomain, (token) => tenant.refuse(token), options);
  }

  /** Takes the authorization of a user back: Pipedrive takes the tokens no more, and the record is deleted. */
  async revoke(identity: Identity): Promise<void> {
    const at = keyOf(this.tenant(identity).identity);
    const kept = await this.#vault.read<TokenRecord>(at);
    if (kept) await this.#endpoint.revoke(kept.value.refreshToken);
    await this.#forget(at);
  }

  /**
   * Answers Pipedrive's `DELETE <redirectUri>` when a user has uninstalled the app: checks its Basic credentials, which are the
   * app's, and deletes the user's record. Gives who it was.
   */
  async handleUninstall(request: Request): Promise<Identity> {
    const given = request.headers.get("authorization") ?? "";
    const expected = `Basic ${btoa(`${this.#clientId}:${this.#clientSecret}`)}`;
    if (request.method !== "DELETE" || !(await isSame(given, expected))) throw unauthorized("this is no uninstallation that Pipedrive tells of: its credentials are not the app's");
    const body = (await request.json().catch(() => undefined)) as { client_id?: unknown; company_id?: unknown; user_id?: unknown } | undefined;
    const [companyId, userId] = [Number(body?.company_id), Number(body?.user_id)];
    if (body?.client_id !== this.#clientId || !isIdentity({ companyId, userId })) {
      throw makeError("the uninstallation names no user of a company", { kind: "validation", status: 400 });
    }
    await this.#forget(keyOf({ companyId, userId }));
    return { companyId, userId };
  }

  /** The tokens of a user. @internal */
  tenant(identity: Identity): Tenant {
    if (!isIdentity(identity)) throw makeError("a user is named by { companyId, userId }, two positive integers", { kind: "argument" });
    const { companyId, userId } = identity;
    const at = keyOf(identity);
    const tenant = this.#tenants.get(at) ?? new Tenant({ companyId, userId }, this.#vault, this.#endpoint);
    // The last used is the last forgotten.
    this.#tenants.delete(at);
    this.#tenants.set(at, tenant);
    if (this.#tenants.size > MOST_TENANTS) this.#tenants.delete(this.#tenants.keys().next().value!);
    return tenant;
  }

  #clientAt(token: () => string | Promise<string>, apiDomain: () => string, refused?: (token: string) => void, options: TenantOptions = {}): UsersClient {
    return new UsersClient({
      ...options,
      accessToken: token,
      // Which company's host it is, is known only with the token, which is asked for before each request.
      companyDomain: "tenant",
      fetch: async (input, init) => {
        const { pathname, search } = new URL(input as string);
        const response = await (this.#fetch ?? globalThis.fetch)(apiDomain() + pathname + search, init);
        if (response.status === 401) refused?.((init!.headers as Headers).get("authorization")!.replace("Bearer ", ""));
        return response;
      },
    });
  }

  async #isOurs(state: string): Promise<boolean> {
    const at = await stateKey(state);
    const kept = await this.#vault.read<{ state: string }>(at);
    if (!kept || !(await isSame(kept.value.state, state))) return false;
    // Of two callbacks with one state, only one gets past this.
    const isFirst = (await this.#vault.write(at, { state: "used" }, kept.version, STATE_MS)) !== undefined;
    if (isFirst) await this.#vault.store.delete(at);
    return isFirst;
  }

  async #forget(at: string): Promise<void> {
    await this.#vault.store.delete(at);
    this.#tenants.get(at)?.forget();
    this.#tenants.delete(at);
  }
}

const refuse = (text: string): never => {
  throw makeError(text, { kind: "config" });
};

const unauthorized = (text: string, code?: string) => makeError(text, { kind: "authentication", code });

/** What the store knows of a state is not the state. */
const stateKey = async (state: string) => `state:${await sha256(state)}`;

const isIdentity = (identity: Identity | undefined): boolean =>
  [identity?.companyId, identity?.userId].every((id) => Number.isSafeInteger(id) && id! > 0);

function isUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url?.hostname ?? "");
  return url !== undefined && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback)) && !url.username && !url.hash;
}
