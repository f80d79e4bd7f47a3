import { checkKeys, describeType } from "../../check.js";
import { UsersClient } from "../../client.js";
import { makeError } from "../../errors.js";
import type { CurrentUser } from "../../generated/models.js";
import { identityKey } from "../../helpers.js";
import type { TokenFunction, UsersClientOptions } from "../../types.js";
import { configError, serverCore } from "../core.js";
import { isSame, keyBytes, randomHex, sha256 } from "../crypto.js";
import { memoryStore, type TokenStore } from "../stores/store.js";
import { EncryptedStore, type EncryptionKey, type TokenRecord, type Versioned } from "./encrypted-store.js";
import { type Identity, keyOf, Tenant } from "./tenant.js";
import { TokenEndpoint } from "./token-endpoint.js";

/** An app, as it is registered in Pipedrive's Developer Hub, and where its users' tokens are stored. */
export interface OAuthConfig {
  /** The app's client id. */
  clientId: string;
  /** The app's client secret. It never leaves the server. */
  clientSecret: string;
  /** The app's callback URL, exactly as registered. */
  redirectUri: string;
  /** Where the tokens are stored. Default: the memory of this process. */
  store?: TokenStore | undefined;
  /** 32 random bytes, or their base64 or hexadecimal: the records are then encrypted with AES-GCM. Default: none. */
  encryptionKey?: EncryptionKey | undefined;
  /** Used instead of the runtime's `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
  /** The origin of Pipedrive's OAuth server, or of a sandbox. Default: `https://oauth.pipedrive.com`. */
  oauthUrl?: string | undefined;
}

/** The settings of a user's client, besides its credential. */
export type TenantOptions = Omit<UsersClientOptions, "companyDomain" | "baseUrl" | "fetch" | "dangerouslyAllowBrowser">;

const KNOWN: readonly (keyof OAuthConfig)[] = ["clientId", "clientSecret", "redirectUri", "store", "encryptionKey", "fetch", "oauthUrl"];

/** How long a user may take to consent. */
const STATE_MS = 10 * 60_000;

/** Number of users whose tokens are kept in memory; those of others are read from the store again. */
const MAX_TENANTS = 1_000;

/** OAuth for an app of Pipedrive's marketplace: from the user's consent to a client whose tokens are refreshed automatically. */
export class OAuth {
  readonly #redirectUri: string;
  readonly #clientId: string;
  readonly #clientSecret: string;
  readonly #fetch: typeof globalThis.fetch | undefined;
  readonly #records: EncryptedStore;
  readonly #endpoint: TokenEndpoint;
  readonly #tenants = new Map<string, Tenant>();

  /** Checks the configuration, and throws a {@link ConfigError} if it cannot be used. Nothing is loaded or sent yet. */
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
      refuse("store must have get, put, delete and lease, such as those of memoryStore(), redisStore(), denoKvStore() and durableObjectStore()");
    }
    const key = encryptionKey === undefined ? undefined : keyBytes(encryptionKey);
    if (encryptionKey !== undefined && key?.length !== 32) refuse("encryptionKey must be 32 bytes, or their base64 or hexadecimal");
    [this.#clientId, this.#clientSecret, this.#redirectUri, this.#fetch] = [clientId, clientSecret, redirectUri, fetch];
    this.#records = new EncryptedStore(store, key);
    // A sandbox runs on this machine; Pipedrive itself never does.
    const loopback = fetch !== undefined || oauthUrl.startsWith("http:");
    this.#endpoint = new TokenEndpoint({ clientId, clientSecret, oauthUrl, fetch, loopback });
  }

  /** The app's client secret, which signs its app tokens if no JWT secret was set. @internal */
  get secret(): string {
    return this.#clientSecret;
  }

  /** Used instead of the runtime's `fetch`. @internal */
  get fetch(): typeof globalThis.fetch | undefined {
    return this.#fetch;
  }

  /**
   * Returns the URL to which to send a user who is to authorise the app. Its state, 128 random bits, can be used once and
   * within ten minutes.
   */
  async authorizationUrl(): Promise<string> {
    const state = randomHex(16);
    await this.#records.write(await stateKey(state), { state }, undefined, STATE_MS);
    return this.#endpoint.authorizationUrl(this.#redirectUri, state);
  }

  /**
   * Handles the callback of Pipedrive's OAuth server, `GET <redirectUri>?code&state`: checks the state, exchanges the code,
   * requests the user (`GET /v1/users/me`, cost 2) and stores the tokens under `"<company_id>:<user_id>"`. Returns the user.
   * Rejects with an {@link AuthenticationError} if the state is not one of {@link authorizationUrl} or was used before, or if
   * the user declined; {@link errorResponse} converts it to a response.
   */
  async handleCallback(request: Request | URL | string): Promise<CurrentUser> {
    const { searchParams } = new URL(typeof request === "object" && "url" in request ? request.url : request, this.#redirectUri);
    const [code, state, error] = ["code", "state", "error"].map((name) => searchParams.get(name));
    if (!state || !/^[0-9a-f]{32}$/.test(state) || !(await this.#useState(state))) {
      throw unauthorized("the state of the callback is not of an authorization that began here, or was used, or is older than ten minutes. Begin again");
    }
    // Pipedrive's documentation has user_denied, the README of its client access_denied.
    if (error) {
      const isDenied = /^(user|access)_denied$/.test(error);
      throw unauthorized(isDenied ? "the user did not authorise the app" : "Pipedrive did not authorise the app", isDenied ? "user_denied" : error.slice(0, 40));
    }
    if (!code || !/^[\x21-\x7e]{1,2048}$/.test(code)) throw unauthorized("the callback has no code");
    const grant = await this.#endpoint.exchange(code, this.#redirectUri, await serverCore());
    const client = this.#clientOf(() => grant.accessToken, () => grant.apiDomain);
    const me = await client.getCurrentUser().finally(() => client.close());
    const key = identityKey(me);
    const record = { ...grant, companyId: me.company_id, userId: me.id, isRevoked: false };
    for (let stored: Versioned<TokenRecord> | undefined; ; ) {
      // A record that can no longer be read, such as after the loss of the encryption key, is replaced.
      stored = await this.#records.readTokens(key).catch(() => undefined);
      const version = stored?.version ?? (await this.#records.store.get(key))?.version;
      if ((await this.#records.write(key, { ...record, generation: (stored?.value.generation ?? 0) + 1 }, version)) !== undefined) break;
    }
    this.#tenants.get(key)?.forget();
    return me;
  }

  /**
   * Returns a client of one user of one company, at the company's own host, whose tokens are refreshed automatically. Its calls
   * reject with an {@link AuthenticationError} if the user has not authorised the app, or must do so again.
   */
  client(identity: Identity, options: TenantOptions = {}): UsersClient {
    const tenant = this.tenant(identity);
    const token: TokenFunction = ({ refused }) => {
      if (refused !== undefined) tenant.refuse(refused);
      return tenant.token();
    };
    return this.#clientOf(token, () => tenant.apiDomain, { ...options, limits: options.limits?.for(tenant.identity) });
  }

  /** Revokes the authorization of a user: Pipedrive no longer accepts the tokens, and the record is deleted. */
  async revoke(identity: Identity): Promise<void> {
    const key = keyOf(this.tenant(identity).identity);
    const stored = await this.#records.readTokens(key);
    if (stored) await this.#endpoint.revoke(stored.value.refreshToken);
    await this.#forget(key);
  }

  /**
   * Handles Pipedrive's `DELETE <redirectUri>` when a user has uninstalled the app: checks its Basic credentials, which are the
   * app's, and deletes the user's record. Returns whose it was.
   */
  async handleUninstall(request: Request): Promise<Identity> {
    const received = request.headers.get("authorization") ?? "";
    const expected = `Basic ${btoa(`${this.#clientId}:${this.#clientSecret}`)}`;
    if (request.method !== "DELETE" || !(await isSame(received, expected))) throw unauthorized("this uninstallation is not from Pipedrive: its credentials are not the app's");
    const body = (await request.json().catch(() => undefined)) as { client_id?: unknown; company_id?: unknown; user_id?: unknown } | undefined;
    const [companyId, userId] = [Number(body?.company_id), Number(body?.user_id)];
    if (body?.client_id !== this.#clientId || !isIdentity({ companyId, userId })) {
      throw makeError("the uninstallation names no user of a company", { kind: "validation", status: 400 });
    }
    await this.#forget(keyOf({ companyId, userId }));
    return { companyId, userId };
  }

  /** Returns the tokens of a user. @internal */
  tenant(identity: Identity): Tenant {
    if (!isIdentity(identity)) throw makeError("a user is named by { companyId, userId }, two positive integers", { kind: "argument" });
    const { companyId, userId } = identity;
    const key = keyOf(identity);
    const tenant = this.#tenants.get(key) ?? new Tenant({ companyId, userId }, this.#records, this.#endpoint);
    // The map is in order of last use.
    this.#tenants.delete(key);
    this.#tenants.set(key, tenant);
    if (this.#tenants.size > MAX_TENANTS) this.#tenants.delete(this.#tenants.keys().next().value!);
    return tenant;
  }

  #clientOf(token: TokenFunction, apiDomain: () => string, options: TenantOptions = {}): UsersClient {
    return new UsersClient({
      ...options,
      accessToken: token,
      // A placeholder: the company's host is known only once the client has called the credential function.
      companyDomain: "tenant",
      fetch: (url, init) => {
        const { pathname, search } = new URL(url);
        return (this.#fetch ?? globalThis.fetch)(apiDomain() + pathname + search, init);
      },
    });
  }

  /** Returns whether a state is valid, and uses it up. */
  async #useState(state: string): Promise<boolean> {
    const key = await stateKey(state);
    const stored = await this.#records.read<{ state: string }>(key);
    if (!stored || !(await isSame(stored.value.state, state))) return false;
    // The write succeeds for only one of several callbacks with the same state.
    const isFirst = (await this.#records.write(key, { state: "used" }, stored.version, STATE_MS)) !== undefined;
    if (isFirst) await this.#records.store.delete(key);
    return isFirst;
  }

  async #forget(key: string): Promise<void> {
    await this.#records.store.delete(key);
    this.#tenants.get(key)?.forget();
    this.#tenants.delete(key);
  }
}

const refuse = (text: string): never => {
  throw configError(text);
};

const unauthorized = (text: string, code?: string) => makeError(text, { kind: "authentication", code });

/** The store's key of a state has only its hash: reading keys is not enough to forge a callback. */
const stateKey = async (state: string) => `state:${await sha256(state)}`;

const isIdentity = (identity: Identity | undefined): boolean =>
  [identity?.companyId, identity?.userId].every((id) => Number.isSafeInteger(id) && id! > 0);

function isUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url?.hostname ?? "");
  return url !== undefined && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback)) && !url.username && !url.hash;
}
