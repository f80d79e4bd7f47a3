import { makeError, type PipedriveError } from "../../errors.js";
import { type ServerCore, serverCore } from "../core.js";

/** What the token endpoint gives. */
export interface Grant {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresAt: number;
  readonly apiDomain: string;
}

/** How the app is known to Pipedrive's OAuth server. */
export interface App {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Such as `https://oauth.pipedrive.com`. */
  readonly oauthUrl: string;
  readonly fetch: typeof globalThis.fetch | undefined;
  /** Whether an `api_domain` on this machine is believed. */
  readonly loopback: boolean;
}

/** How long the endpoint may take. */
export const TIMEOUT_MS = 10_000;

/** What an access token lasts where the answer does not say. */
const LIFETIME_S = 3600;

/** The API's host where the answer names none, as in 2018. */
const API = "https://api.pipedrive.com";

/** Pipedrive's OAuth server, as far as an app talks to it. No answer of it is ever shown: each may hold a token. */
export class TokenEndpoint {
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
  }

  /** Where the user is sent. `scope` is never named: an app's scopes are fixed, and an empty one is refused. */
  authorizationUrl(redirectUri: string, state: string): string {
    return `${this.#app.oauthUrl}/oauth/authorize?${new URLSearchParams({ client_id: this.#app.clientId, redirect_uri: redirectUri, state })}`;
  }

  exchange(code: string, redirectUri: string, core: ServerCore): Promise<Grant> {
    return this.#grant({ grant_type: "authorization_code", code, redirect_uri: redirectUri }, code, core);
  }

  refresh(refreshToken: string, core: ServerCore): Promise<Grant> {
    return this.#grant({ grant_type: "refresh_token", refresh_token: refreshToken }, refreshToken, core);
  }

  /** Takes a refresh token back, and with it all that came of it. */
  async revoke(refreshToken: string): Promise<void> {
    const { status, json } = await this.#post("revoke", { token: refreshToken, token_type_hint: "refresh_token" }, refreshToken);
    if (status !== 200) throw await this.#failure("revoke", status, json, refreshToken);
  }

  async #grant(form: Record<string, string>, secret: string, core: ServerCore): Promise<Grant> {
    const asked = Date.now();
    const { status, json } = await this.#post("token", form, secret);
    if (status !== 200) throw await this.#failure("token", status, json, secret);
    const { access_token, refresh_token, expires_in, api_domain = API } = (json ?? {}) as Record<string, unknown>;
    if (!isToken(access_token) || !isToken(refresh_token)) throw undecodable("its response has no access_token and refresh_token");
    const apiDomain = String(api_domain).replace(/\/$/, "");
    if (!core.isPipedrive(apiDomain, this.#app.loopback)) {
      // A refusal of ours, and no failure that may pass: nothing is stored, and asking again is of no use.
      throw makeError("Pipedrive's OAuth server: its api_domain is none of Pipedrive's, and no token is sent there", { kind: "validation" });
    }
    const seconds = Number(expires_in) > 0 ? Number(expires_in) : LIFETIME_S;
    return { accessToken: access_token, refreshToken: refresh_token, expiresAt: asked + seconds * 1000, apiDomain };
  }

  /** No slash at the end: that is redirected, and a POST with it becomes a GET. */
  async #post(what: "token" | "revoke", form: Record<string, string>, secret: string): Promise<{ status: number; json: unknown }> {
    const { clientId, clientSecret, oauthUrl, fetch = globalThis.fetch } = this.#app;
    const headers = { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}`, accept: "application/json", "content-type": "application/x-www-form-urlencoded" };
    try {
      const response = await fetch(`${oauthUrl}/oauth/${what}`, {
        method: "POST",
        headers,
        body: new URLSearchParams(form).toString(),
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      try {
        return { status: response.status, json: JSON.parse(text) };
      } catch {
        return { status: response.status, json: undefined };
      }
    } catch (cause) {
      const isLate = (cause as { name?: unknown } | null)?.name === "TimeoutError";
      const text = isLate ? `did not respond within ${TIMEOUT_MS} ms` : "could not be reached";
      throw makeError(`Pipedrive's OAuth server ${text}`, { kind: isLate ? "timeout" : "connection", cause: await this.#clean(cause, secret) });
    }
  }

  async #failure(what: string, status: number, json: unknown, secret: string): Promise<PipedriveError> {
    const { error: code, message } = (json ?? {}) as { error?: unknown; message?: unknown };
    const found = [message, code].find((text) => typeof text === "string") ?? `status ${status}`;
    const text = (await this.#clean(found as string, secret)).slice(0, 300);
    const fields = { status, ...(typeof code === "string" && { code }) };
    if (code === "invalid_grant") return makeError(`${text}. The user must authorise the app again`, { ...fields, kind: "authentication" });
    if (status === 401 || code === "invalid_client") return makeError(`${text}. Check clientId and clientSecret`, { ...fields, kind: "config" });
    if (status >= 500 || status === 429) return makeError(`Pipedrive's OAuth server: ${text}`, { ...fields, kind: status === 429 ? "rate_limit" : "server" });
    return makeError(`Pipedrive's OAuth server refused the ${what} request: ${text}`, { ...fields, kind: status === 400 ? "validation" : "unexpected_status" });
  }

  /** A copy without the secrets. */
  async #clean<T>(thing: T, secret: string): Promise<T> {
    const { clientId, clientSecret } = this.#app;
    return (await serverCore()).redact(thing, [clientSecret, secret, btoa(`${clientId}:${clientSecret}`)]);
  }
}

const isToken = (value: unknown): value is string => typeof value === "string" && /^[\x21-\x7e]+$/.test(value);

const undecodable = (text: string) => makeError(`Pipedrive's OAuth server: ${text}`, { kind: "decode" });
