import { describeType } from "../../check.js";
import { makeError } from "../../errors.js";
import type { CurrentUser } from "../../generated/models.js";
import { identityKey } from "../../helpers.js";
import { configError, serverCore } from "../core.js";
import { sha256 } from "../crypto.js";
import { within } from "../deadline.js";
import { checkRequest } from "../proxy/message.js";
import { errorReply } from "../proxy/response.js";
import type { EncryptedStore, TokenRecord } from "./encrypted-store.js";
import { type Authorization, AUTHORIZATION_MS, beginAuthorization, findAuthorization, type InstallCookie } from "./install-cookie.js";
import { page, PAGES, redirect } from "./pages.js";
import { isIdentity } from "./tenant.js";
import { type Grant, TIMEOUT_MS, type TokenEndpoint } from "./token-endpoint.js";

/** A response, or the URL or path of a page to redirect to. */
export type CallbackResult = Response | URL | string;

/** What a user gets to see at the end of an authorization. */
export interface CallbackOptions {
  /** For a user who has installed the app: where to go, or a function that returns it or a response within ten seconds. Default: a plain page. */
  installed?: URL | string | ((user: CurrentUser, request: Request) => CallbackResult | Promise<CallbackResult>) | undefined;
  /** The same for a user who did not allow the app to access Pipedrive. */
  denied?: URL | string | ((request: Request) => CallbackResult | Promise<CallbackResult>) | undefined;
}

/** What an installation needs of the app. */
export interface InstallingApp {
  readonly redirectUri: string;
  readonly cookie: InstallCookie;
  readonly endpoint: TokenEndpoint;
  readonly records: EncryptedStore;
  /** Asks Pipedrive whose tokens they are. */
  userOf(grant: Grant): Promise<CurrentUser>;
  /** Called when the record of a user was written. */
  onInstalled(key: string): void;
  /** Writes to the app's log. */
  log(what: string, error: unknown): void;
}

/** From the beginning of an authorization to the stored tokens. */
export class Installation {
  constructor(private readonly app: InstallingApp) {}

  /** Redirects to the consent page. */
  async begin(request: Request): Promise<Response> {
    return this.#begin(await this.app.cookie.read(request), false);
  }

  /** Handles what Pipedrive sends the user back with. */
  async complete(request: Request, options: CallbackOptions): Promise<Response> {
    try {
      return await this.#handle(request, options);
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #handle(request: Request, { installed, denied }: CallbackOptions): Promise<Response> {
    checkRequest(request);
    const { searchParams } = new URL(request.url);
    const names = ["code", "state", "error"] as const;
    // OAuth 2.0 forbids it, and which of them counts is a matter of taste.
    if (names.some((name) => searchParams.getAll(name).length > 1)) return page(PAGES.incomplete);
    const [code, state, error] = names.map((name) => searchParams.get(name) || undefined);
    const pending = await this.app.cookie.read(request);
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
      const isFirst = await this.app.records.store.lease(`state:${await sha256(state)}`, AUTHORIZATION_MS);
      if (!isFirst) return page(PAGES.usedTwice);
      const user = await this.#install(code);
      return await toResponse(() => (typeof installed === "function" ? installed(user, request) : installed), PAGES.installed);
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #denied(error: string, request: Request, denied: CallbackOptions["denied"]): Promise<Response> {
    // Pipedrive's documentation has user_denied, the README of its client access_denied.
    if (!/^(user|access)_denied$/.test(error)) {
      const code = error.replace(/[^\w.-]/g, "").slice(0, 40);
      throw makeError(`Pipedrive did not authorise the app: ${code}`, { kind: "authentication", code });
    }
    return toResponse(() => (typeof denied === "function" ? denied(request) : denied), PAGES.denied);
  }

  /** Exchanges a code and stores the tokens. */
  async #install(code: string): Promise<CurrentUser> {
    const grant = await this.app.endpoint.exchange(code, this.app.redirectUri, await serverCore());
    const user = await this.app.userOf(grant);
    const identity = { companyId: user?.company_id, userId: user?.id };
    if (!isIdentity(identity)) throw makeError("Pipedrive's response to GET /users/me has no company_id or no id: nothing was stored", { kind: "decode" });
    const key = identityKey(user);
    const record: TokenRecord = { ...grant, ...identity, grantId: crypto.randomUUID(), isRevoked: false, generation: 1 };
    await this.app.records.retry(key, async () => {
      // A record that can no longer be read is replaced.
      const stored = await this.app.records.readIfReadable(key);
      if (stored && isLater(stored.value, record)) return true;
      const version = stored?.version ?? (await this.app.records.store.get(key))?.version;
      return (await this.app.records.write(key, record, version)) !== undefined;
    });
    this.app.onInstalled(key);
    return user;
  }

  /** Redirects to the consent page. */
  async #begin(pending: readonly Authorization[], isRestart: boolean): Promise<Response> {
    const begun = beginAuthorization(isRestart);
    return this.#withCookie(redirect(this.app.endpoint.authorizationUrl(this.app.redirectUri, begun.state)), [...pending, begun]);
  }

  /** A page that leads to the consent page. */
  async #retryPage(name: "expired" | "usedTwice" | "loop", pending: readonly Authorization[]): Promise<Response> {
    const begun = beginAuthorization(true);
    return this.#withCookie(page(PAGES[name], this.app.endpoint.authorizationUrl(this.app.redirectUri, begun.state)), [...pending, begun]);
  }

  async #withCookie(response: Response, authorizations: readonly Authorization[]): Promise<Response> {
    // The headers of some responses cannot be changed.
    const { status, statusText, headers } = response;
    const changed = new Response(response.body, { status, statusText, headers });
    changed.headers.append("set-cookie", await this.app.cookie.write(authorizations));
    return changed;
  }

  #failed(error: unknown): Response {
    this.app.log("installation", error);
    return page({ ...PAGES.failed, status: errorReply(error).status });
  }
}

async function toResponse(result: () => CallbackResult | undefined | Promise<CallbackResult>, content: (typeof PAGES)[keyof typeof PAGES]): Promise<Response> {
  const found = await within(TIMEOUT_MS, result, () => makeError(`installed and denied of handleCallback must return within ${TIMEOUT_MS} ms`, { kind: "timeout" }));
  if (found === undefined || found === null) return page(content);
  // Not by instanceof: a framework may have classes of its own.
  if (typeof found === "string" || typeof (found as Partial<URL>).href === "string") return redirect(String(found).replace(/[^\x00-\x7f]+/g, encodeURIComponent));
  const { status = 0, headers, body, bodyUsed } = found as Partial<Response>;
  // Response.error() has status 0.
  if (status >= 200 && !bodyUsed && !body?.locked && typeof headers?.get === "function") return found as Response;
  throw configError(`installed and denied of handleCallback must return a response, a URL or a path, got ${describeType(found)}`);
}

/** Of two installations that were completed at about the same time, Pipedrive keeps the later one. */
const isLater = (stored: TokenRecord, record: TokenRecord) => !stored.isRevoked && stored.grantedAt > record.grantedAt && stored.grantedAt - record.grantedAt < AUTHORIZATION_MS;
