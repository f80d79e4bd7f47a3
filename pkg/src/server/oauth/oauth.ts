import { makeError } from "../../errors.js";
import type { UsersClient } from "../../client.js";
import { throwFromCaller } from "../../stack.js";
import { serverCore } from "../core.js";
import { logError, textOf } from "../log.js";
import { checkRequest } from "../proxy/message.js";
import { errorResponse } from "../proxy/response.js";
import { checkApp, type CheckedApp, type OAuthConfig } from "./config.js";
import { EncryptedStore } from "./encrypted-store.js";
import { InstallCookie } from "./install-cookie.js";
import { type CallbackOptions, Installation } from "./installation.js";
import { internalsOf, setInternals } from "./internals.js";
import { empty } from "./pages.js";
import { type Identity, isIdentity, keyOf, Tenant } from "./tenant.js";
import { checkOptions, makeClient, type TenantOptions, tokenOf } from "./tenant-client.js";
import { TokenEndpoint } from "./token-endpoint.js";
import { uninstall } from "./uninstallation.js";

/** Number of users whose tokens are kept in memory; those of others are read from the store again. */
const MAX_TENANTS = 1_000;

/** OAuth for an app of Pipedrive's marketplace: from the user's consent to a client whose tokens are refreshed automatically. */
export class OAuth {
  readonly #app: CheckedApp;
  readonly #records: EncryptedStore;
  readonly #endpoint: TokenEndpoint;
  readonly #installation: Installation;
  readonly #tenants = new Map<string, Tenant>();

  /** Checks the configuration, and throws a {@link ConfigError} if it cannot be used. Nothing is loaded or sent yet. */
  constructor(config: OAuthConfig) {
    const app = (this.#app = throwFromCaller(new.target, () => checkApp(config)));
    const { clientId, clientSecret, redirectUri, fetch } = app;
    this.#records = new EncryptedStore(app.store, app.keys, async (apiDomain) => (await serverCore()).isPipedrive(apiDomain, app.loopback));
    this.#endpoint = new TokenEndpoint(app);
    this.#installation = new Installation({
      redirectUri,
      cookie: new InstallCookie(clientId, clientSecret, redirectUri),
      endpoint: this.#endpoint,
      records: this.#records,
      userOf: async ({ accessToken, apiDomain }) => {
        const client = makeClient(fetch, () => accessToken, () => apiDomain);
        return client.getCurrentUser().finally(() => client.close());
      },
      onInstalled: (key) => this.#tenants.get(key)?.forget(),
      log: (what, error) => this.#log(what, error),
    });
    setInternals(this, { tenant: (identity) => this.#tenant(identity), origin: new URL(redirectUri).origin, fetch });
  }

  /** @internal An OAuth of another copy of the package is an instance too; not of a class that a program derives. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return Function.prototype[Symbol.hasInstance].call(this, value) || (this === OAuth && internalsOf(value) !== undefined);
  }

  /**
   * Handles `GET /install`, or any other path that begins an installation: redirects to Pipedrive's consent page. A cookie, which is
   * encrypted and valid for ten minutes, binds the authorization to this browser; the server stores nothing.
   */
  async handleInstall(request: Request): Promise<Response> {
    checkRequest(request);
    if (request.method === "HEAD") return empty(200);
    if (request.method !== "GET") return empty(405, { allow: "GET, HEAD" });
    return this.#installation.begin(request);
  }

  /**
   * Handles all requests to the callback URL, and always resolves to a response:
   *
   * - `GET ?code&state`, from Pipedrive's consent page: takes the state only from the browser that began the authorization, and once;
   *   exchanges the code, requests the user (`GET /v1/users/me`, cost 2) and stores the tokens under `"<company_id>:<user_id>"`.
   * - `GET ?code`, from the Marketplace: the code is not used. Redirects to a new authorization, once.
   * - `DELETE`: see {@link OAuth.handleUninstall}.
   * - `POST`, an undocumented notice of shared apps: answered with 204 and otherwise ignored.
   */
  async handleCallback(request: Request, options: CallbackOptions = {}): Promise<Response> {
    const { method = "GET" } = Object(request) as Partial<Request>;
    if (method === "DELETE") return this.handleUninstall(request);
    if (method === "POST") return empty(204);
    // A link scanner must not use anything up.
    if (method === "HEAD") return empty(200);
    if (method !== "GET") return empty(405, { allow: "GET, HEAD, POST, DELETE" });
    return this.#installation.complete(request, options);
  }

  /**
   * Handles Pipedrive's `DELETE <redirectUri>` when a user has uninstalled the app: checks its Basic credentials, which are the
   * app's, and deletes the user's record, unless the user has installed the app again since.
   */
  async handleUninstall(request: Request): Promise<Response> {
    try {
      const { clientId, clientSecret } = this.#app;
      this.#forget(await uninstall(request, { clientId, clientSecret, records: this.#records }));
      return empty(204);
    } catch (error) {
      this.#log("uninstallation", error);
      return errorResponse(error);
    }
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
    return makeClient(this.#app.fetch, tokenOf(tenant), () => tenant.apiDomain, checkOptions(options, identity), tenant);
  }

  /** Revokes the authorization of a user: Pipedrive no longer accepts the tokens, and the record is deleted. */
  async revoke(identity: Identity): Promise<void> {
    const key = keyOf(this.#checked(identity));
    const stored = await this.#records.read(key);
    if (!stored) return;
    await this.#endpoint.revoke(stored.value.refreshToken);
    await this.#records.retry(key, async () => {
      const found = await this.#records.read(key);
      if (found?.value.grantId !== stored.value.grantId) return true;
      await this.#records.delete(key, found.version);
      return undefined;
    });
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

  #log(what: string, error: unknown): void {
    logError(this.#app.logger, `${what}: ${textOf(error)}`);
  }

  #forget(key: string): void {
    this.#tenants.get(key)?.forget();
    this.#tenants.delete(key);
  }
}
