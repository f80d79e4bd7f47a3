import { checkKeys, describeType } from "../../check.js";
import { UsersClient } from "../../client.js";
import { isPipedriveError, makeError, type PipedriveError } from "../../errors.js";
import type { CurrentUser } from "../../generated/models.js";
import { identityKey, parseTimestamp } from "../../helpers.js";
import type { TokenFunction, UsersClientOptions } from "../../types.js";
import { configError, serverCore } from "../core.js";
import { isSame, sha256 } from "../crypto.js";
import { errorResponse } from "../proxy/response.js";
import { memoryStore, type TokenStore } from "../stores/store.js";
import { EncryptedStore, type EncryptionKey, keysOf, type TokenRecord, type Versioned } from "./encrypted-store.js";
import { type Authorization, AUTHORIZATION_MS, beginAuthorization, findAuthorization, InstallCookie } from "./install-cookie.js";
import { setInternals } from "./internals.js";
import { empty, page, PAGES, redirect } from "./pages.js";
import { type Identity, isIdentity, keyOf, Tenant } from "./tenant.js";
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
  /**
   * Encrypts the stored tokens with AES-GCM: 32 random bytes, or their base64 or hexadecimal. Of a list, the first encrypts and all
   * decrypt, so that a key can be replaced. `"none"` stores tokens in plain text.
   */
  encryptionKey: EncryptionKey | readonly EncryptionKey[] | "none";
  /** Used instead of the runtime's `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
  /** The origin of Pipedrive's OAuth server, or of a sandbox. Default: `https://oauth.pipedrive.com`. */
  oauthUrl?: string | undefined;
  /** Receives why an installation failed, which its page does not say. Default: `console`. */
  logger?: Pick<Console, "error"> | undefined;
}

/** The settings of a user's client, besides its credential. */
export type TenantOptions = Omit<UsersClientOptions, "companyDomain" | "baseUrl" | "fetch" | "dangerouslyAllowBrowser">;

/** A response, or the URL or path of a page to redirect to. */
export type CallbackResult = Response | URL | string;

/** What a user gets to see at the end of an authorization. */
export interface CallbackOptions {
  /** For a user who has installed the app: where to go, or a function that returns it or a response. Default: a plain page. */
  installed?: URL | string | ((user: CurrentUser, request: Request) => CallbackResult | Promise<CallbackResult>) | undefined;
  /** The same for a user who did not allow the app to access Pipedrive. */
  denied?: URL | string | ((request: Request) => CallbackResult | Promise<CallbackResult>) | undefined;
}

const KNOWN: readonly (keyof OAuthConfig)[] = ["clientId", "clientSecret", "redirectUri", "store", "encryptionKey", "fetch", "oauthUrl", "logger"];

/** Number of users whose tokens are kept in memory; those of others are read from the store again. */
const MAX_TENANTS = 1_000;

/** Stands for a token that could not be refreshed yet: the attempt asks for it again. */
const UNAVAILABLE = "unavailable";

/** OAuth for an app of Pipedrive's marketplace: from the user's consent to a client whose tokens are refreshed automatically. */
export class OAuth {
  readonly #redirectUri: string;
  readonly #clientId: string;
  readonly #clientSecret: string;
  readonly #fetch: typeof globalThis.fetch | undefined;
  readonly #logger: Pick<Console, "error">;
  readonly #cookie: InstallCookie;
  readonly #records: EncryptedStore;
  readonly #endpoint: TokenEndpoint;
  readonly #tenants = new Map<string, Tenant>();

  /** Checks the configuration, and throws a {@link ConfigError} if it cannot be used. Nothing is loaded or sent yet. */
  constructor(config: OAuthConfig) {
    checkKeys("config", undefined, "the configuration of OAuth", config, KNOWN);
    const { clientId, clientSecret, redirectUri, store = memoryStore(), encryptionKey, fetch, oauthUrl = "https://oauth.pipedrive.com", logger = console } = config;
    for (const [name, value] of Object.entries({ clientId, clientSecret, redirectUri })) {
      if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) refuse(`${name} must be a string of visible ASCII without blanks, got ${describeType(value)}`);
    }
    if (clientId.includes(":")) refuse("clientId must have no colon: HTTP's Basic credentials cannot carry it");
    if (!isUrl(redirectUri)) refuse("redirectUri must be the app's callback URL: https, or http on the loopback");
    if (!isUrl(oauthUrl) || /[/?#]$/.test(oauthUrl)) refuse("oauthUrl must be an origin such as https://oauth.pipedrive.com");
    if (fetch !== undefined && typeof fetch !== "function") refuse(`fetch must be a function, got ${describeType(fetch)}`);
    if (typeof logger?.error !== "function") refuse("logger must have a method error, such as console");
    if ((["get", "put", "delete", "lease"] as const).some((method) => typeof store?.[method] !== "function")) {
      refuse("store must have get, put, delete and lease, such as those of memoryStore(), redisStore(), denoKvStore() and durableObjectStore()");
    }
    const keys = keysOf(encryptionKey);
    [this.#clientId, this.#clientSecret, this.#redirectUri, this.#fetch, this.#logger] = [clientId, clientSecret, redirectUri, fetch, logger];
    // A sandbox runs on this machine; Pipedrive itself never does.
    const loopback = oauthUrl.startsWith("http:");
    this.#cookie = new InstallCookie(clientId, clientSecret, redirectUri);
    this.#records = new EncryptedStore(store, keys, async (apiDomain) => (await serverCore()).isPipedrive(apiDomain, loopback));
    this.#endpoint = new TokenEndpoint({ clientId, clientSecret, oauthUrl, fetch, loopback });
    setInternals(this, { tenant: (identity) => this.#tenant(identity), origin: new URL(redirectUri).origin, fetch });
  }

  /**
   * Handles `GET /install`, or any other path that begins an installation: redirects to Pipedrive's consent page. A cookie, which is
   * encrypted and valid for ten minutes, binds the authorization to this browser; the server stores nothing.
   */
  async handleInstall(request: Request): Promise<Response> {
    if (request.method === "HEAD") return empty(200);
    if (request.method !== "GET") return empty(405, { allow: "GET, HEAD" });
    return this.#begin(await this.#cookie.read(request), false);
  }

  /**
   * Handles all requests to the callback URL, and always resolves to a response:
   *
   * - `GET ?code&state`, from Pipedrive's consent page: takes the state only from the browser that began the authorization, and once;
   *   exchanges the code, requests the user (`GET /v1/users/me`, cost 2) and stores the tokens under `"<company_id>:<user_id>"`.
   * - `GET ?code`, from the Marketplace: the code is not used. Redirects to a new authorization, once.
   * - `DELETE`: see {@link handleUninstall}.
   * - `POST`, an undocumented notice of shared apps: answered with 204 and otherwise ignored.
   */
  async handleCallback(request: Request, { installed, denied }: CallbackOptions = {}): Promise<Response> {
    if (request.method === "DELETE") return this.handleUninstall(request);
    if (request.method === "POST") return empty(204);
    // A link scanner must not use anything up.
    if (request.method === "HEAD") return empty(200);
    if (request.method !== "GET") return empty(405, { allow: "GET, HEAD, POST, DELETE" });
    try {
      return await this.#handleCallback(request, installed, denied);
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #handleCallback(request: Request, installed: CallbackOptions["installed"], denied: CallbackOptions["denied"]): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const [code, state, error] = (["code", "state", "error"] as const).map((name) => searchParams.get(name) || undefined);
    const pending = await this.#cookie.read(request);
    if (state === undefined) {
      // Nothing is done for it, so it does not matter who sent it.
      if (error !== undefined) return this.#denied(error, request, denied);
      if (code === undefined) return page(PAGES.incomplete);
      if (pending.some(({ isRestart, isUsed }) => isRestart && !isUsed)) return this.#retryPage("loop", pending);
      return this.#begin(pending, true);
    }
    const begun = await findAuthorization(pending, state);
    if (!begun) return this.#retryPage("expired", pending);
    if (begun.isUsed) return this.#retryPage("usedTwice", pending);
    const used = pending.map((one) => (one === begun ? { ...one, isUsed: true } : one));
    return this.#withCookie(await this.#finish(request, state, code, error, installed, denied), used);
  }

  /** Finishes an authorization that this browser has begun. */
  async #finish(request: Request, state: string, code: string | undefined, error: string | undefined, installed: CallbackOptions["installed"], denied: CallbackOptions["denied"]): Promise<Response> {
    try {
      if (error !== undefined) return await this.#denied(error, request, denied);
      if (code === undefined || !/^[\x21-\x7e]{1,2048}$/.test(code)) return page(PAGES.incomplete);
      // Of several callbacks at the same time, in any process, one continues.
      const isFirst = await this.#records.store.lease(`state:${await sha256(state)}`, AUTHORIZATION_MS);
      if (!isFirst) return page(PAGES.usedTwice);
      const user = await this.#install(code);
      return await toResponse(typeof installed === "function" ? installed(user, request) : installed, PAGES.installed);
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #denied(error: string, request: Request, denied: CallbackOptions["denied"]): Promise<Response> {
    // Pipedrive's documentation has user_denied, the README of its client access_denied.
    if (!/^(user|access)_denied$/.test(error)) {
      throw makeError("Pipedrive did not authorise the app", { kind: "authentication", code: error.replace(/[^\w.-]/g, "").slice(0, 40) });
    }
    return toResponse(typeof denied === "function" ? denied(request) : denied, PAGES.denied);
  }

  /** Exchanges a code and stores the tokens. */
  async #install(code: string): Promise<CurrentUser> {
    const grant = await this.#endpoint.exchange(code, this.#redirectUri, await serverCore());
    const client = this.#clientOf(() => grant.accessToken, () => grant.apiDomain);
    const user = await client.getCurrentUser().finally(() => client.close());
    const identity = { companyId: user?.company_id, userId: user?.id };
    if (!isIdentity(identity)) throw makeError("Pipedrive's response to GET /users/me has no company_id or no id: nothing was stored", { kind: "decode" });
    const key = identityKey(user);
    const record: TokenRecord = { ...grant, ...identity, grantId: crypto.randomUUID(), isRevoked: false, generation: 1 };
    for (;;) {
      // A record that can no longer be read, such as after the loss of the encryption key, is replaced.
      const stored = await this.#records.read(key).catch(() => undefined);
      if (stored && isLater(stored.value, record)) break;
      const version = stored?.version ?? (await this.#records.store.get(key))?.version;
      if ((await this.#records.write(key, record, version)) !== undefined) break;
    }
    this.#tenants.get(key)?.forget();
    return user;
  }

  /**
   * Handles Pipedrive's `DELETE <redirectUri>` when a user has uninstalled the app: checks its Basic credentials, which are the
   * app's, and deletes the user's record, unless the user has installed the app again since.
   */
  async handleUninstall(request: Request): Promise<Response> {
    try {
      await this.#uninstall(request);
      return empty(204);
    } catch (error) {
      this.#log("uninstallation", error);
      return errorResponse(error);
    }
  }

  async #uninstall(request: Request): Promise<void> {
    const [, credentials = ""] = /^basic +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    const isPipedrive = await isSame(credentials, btoa(`${this.#clientId}:${this.#clientSecret}`));
    if (request.method !== "DELETE" || !isPipedrive) throw makeError("this uninstallation is not from Pipedrive: its credentials are not the app's", { kind: "authentication" });
    const { client_id, company_id, user_id, timestamp } = ((await request.json().catch(() => undefined)) ?? {}) as Record<string, unknown>;
    const identity = { companyId: idOf(company_id), userId: idOf(user_id) };
    if (client_id !== this.#clientId || !isIdentity(identity)) throw makeError("the uninstallation names no user of a company", { kind: "validation", status: 400 });
    const key = keyOf(identity);
    for (;;) {
      const found = await this.#records.store.get(key);
      if (!found) break;
      // A record that can no longer be read is deleted.
      const stored = await this.#records.read(key).catch(() => undefined);
      const uninstalledAt = timeOf(timestamp);
      if (stored && uninstalledAt !== undefined && uninstalledAt < stored.value.grantedAt) return;
      await this.#records.delete(key, stored?.version ?? found.version);
    }
    this.#forget(key);
  }

  /** Returns whether a user has authorised the app, as far as is known: Pipedrive is not asked. */
  async isAuthorized(identity: Identity): Promise<boolean> {
    const stored = await this.#records.read(keyOf(this.#checked(identity)));
    return stored !== undefined && !stored.value.isRevoked;
  }

  /**
   * Returns a client of one user of one company, at the company's own host, whose tokens are refreshed automatically. Its calls
   * reject with an {@link AuthenticationError} if the user has not authorised the app, or must do so again.
   */
  client(identity: Identity, options: TenantOptions = {}): UsersClient {
    const tenant = this.#tenant(identity);
    const token: TokenFunction = async ({ refused }) => {
      if (refused !== undefined) tenant.refuse(refused);
      return tenant.token().catch((error: unknown) => {
        if (isOutage(error)) return UNAVAILABLE;
        throw error;
      });
    };
    return this.#clientOf(token, () => tenant.apiDomain, { ...options, limits: options.limits?.for(identity) }, tenant);
  }

  /** Revokes the authorization of a user: Pipedrive no longer accepts the tokens, and the record is deleted. */
  async revoke(identity: Identity): Promise<void> {
    const key = keyOf(this.#checked(identity));
    const stored = await this.#records.read(key);
    if (!stored) return;
    await this.#endpoint.revoke(stored.value.refreshToken);
    for (let found: Versioned<TokenRecord> | undefined = stored; found?.value.grantId === stored.value.grantId; found = await this.#records.read(key)) {
      await this.#records.delete(key, found.version);
    }
    this.#forget(key);
  }

  #checked(identity: Identity): Identity {
    if (!isIdentity(identity)) throw makeError("a user is named by { companyId, userId }, two positive integers", { kind: "argument" });
    return identity;
  }

  #tenant(identity: Identity): Tenant {
    const { companyId, userId } = this.#checked(identity);
    const key = keyOf(identity);
    const tenant = this.#tenants.get(key) ?? new Tenant({ companyId, userId }, this.#records, this.#endpoint);
    // The map is in order of last use.
    this.#tenants.delete(key);
    this.#tenants.set(key, tenant);
    if (this.#tenants.size > MAX_TENANTS) this.#tenants.delete(this.#tenants.keys().next().value!);
    return tenant;
  }

  #clientOf(token: TokenFunction, apiDomain: () => string, options: TenantOptions = {}, tenant?: Tenant): UsersClient {
    const send = (this.#fetch ?? globalThis.fetch) as NonNullable<UsersClientOptions["fetch"]>;
    return new UsersClient({
      ...options,
      accessToken: token,
      // A placeholder: the company's host is known only once the client has called the credential function.
      companyDomain: "tenant",
      fetch: async (url, init) => {
        const { pathname, search } = new URL(url);
        const headers = new Headers(init.headers as HeadersInit);
        const isUnavailable = headers.get("authorization") === `Bearer ${UNAVAILABLE}`;
        if (isUnavailable) {
          try {
            headers.set("authorization", `Bearer ${await tenant!.token()}`);
          } catch (error) {
            return outageResponse(error, tenant!.pauseMs);
          }
        }
        const response = await send(apiDomain() + pathname + search, isUnavailable ? { ...init, headers: Object.fromEntries(headers) } : init);
        const accessToken = headers.get("authorization")?.slice("Bearer ".length) ?? "";
        if (response.status === 401) tenant?.refuse(accessToken);
        else if (response.status < 400) tenant?.accept(accessToken);
        return response;
      },
    });
  }

  /** Redirects to the consent page. */
  async #begin(pending: readonly Authorization[], isRestart: boolean): Promise<Response> {
    const begun = beginAuthorization(isRestart);
    return this.#withCookie(redirect(this.#endpoint.authorizationUrl(this.#redirectUri, begun.state)), [...pending, begun]);
  }

  /** A page that leads to the consent page. */
  async #retryPage(name: "expired" | "usedTwice" | "loop", pending: readonly Authorization[]): Promise<Response> {
    const begun = beginAuthorization(true);
    return this.#withCookie(page(PAGES[name], this.#endpoint.authorizationUrl(this.#redirectUri, begun.state)), [...pending, begun]);
  }

  async #withCookie(response: Response, authorizations: readonly Authorization[]): Promise<Response> {
    // The headers of some responses cannot be changed.
    const { status, statusText, headers } = response;
    const changed = new Response(response.body, { status, statusText, headers });
    changed.headers.append("set-cookie", await this.#cookie.write(authorizations));
    return changed;
  }

  #failed(error: unknown): Response {
    this.#log("installation", error);
    const { status } = errorResponse(error);
    return page({ ...PAGES.failed, status });
  }

  #log(what: string, error: unknown): void {
    this.#logger.error(`[pipedrive-users] ${what}: ${String(error)}`);
  }

  #forget(key: string): void {
    this.#tenants.get(key)?.forget();
    this.#tenants.delete(key);
  }
}

const refuse = (text: string): never => {
  throw configError(text);
};

async function toResponse(result: CallbackResult | undefined | Promise<CallbackResult>, content: (typeof PAGES)[keyof typeof PAGES]): Promise<Response> {
  const found = await result;
  if (found === undefined) return page(content);
  if (typeof found === "string" || found instanceof URL) return redirect(String(found));
  // Not by instanceof: a framework may have a Response of its own.
  if (typeof found.status === "number" && typeof found.headers?.get === "function") return found;
  throw configError(`installed and denied of handleCallback must return a response, a URL or a path, got ${describeType(found)}`);
}

/** Whether Pipedrive's OAuth server is at fault, for a while. */
const isOutage = (error: unknown): error is PipedriveError =>
  isPipedriveError(error) && ["server", "connection", "timeout", "rate_limit"].includes(error.kind);

/** What an attempt gets whose token could not be refreshed: the client then retries as usual. */
function outageResponse(error: unknown, pauseMs: number): Response {
  if (!isOutage(error) || error.kind === "connection" || error.kind === "timeout") throw error;
  const status = error.kind === "rate_limit" ? 429 : 503;
  const body = { success: false, error: error.message, errorCode: status };
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", "retry-after": String(Math.ceil(pauseMs / 1000)) } });
}

/** Of two installations that were completed at about the same time, Pipedrive keeps the later one. */
const isLater = (stored: TokenRecord, record: TokenRecord) => stored.grantedAt > record.grantedAt && stored.grantedAt - record.grantedAt < AUTHORIZATION_MS;

/** Reads an id, which Pipedrive may send as a number or as a string. */
const idOf = (value: unknown): number => (typeof value === "number" || (typeof value === "string" && /^\d{1,16}$/.test(value)) ? Number(value) : NaN);

/** Reads a time of unknown format: seconds or milliseconds since 1970, ISO 8601, or `YYYY-MM-DD HH:MM:SS` in UTC. */
function timeOf(value: unknown): number | undefined {
  const number = typeof value === "number" ? value : typeof value === "string" && /^\d{9,}(\.\d+)?$/.test(value) ? Number(value) : undefined;
  const isSeconds = number !== undefined && number < 1e11;
  const time = number === undefined ? (parseTimestamp(String(value))?.getTime() ?? Date.parse(String(value))) : isSeconds ? number * 1000 : number;
  if (!Number.isFinite(time)) return undefined;
  // A time in whole seconds is any time within that second.
  return time % 1000 ? time : time + 999;
}

function isUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url?.hostname ?? "");
  return url !== undefined && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback)) && !url.username && !url.hash;
}
