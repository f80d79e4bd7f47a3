import { isPipedriveError, makeError, type PipedriveError } from "../../errors.js";
import { type ServerCore, serverCore } from "../core.js";
import { within } from "../deadline.js";

/** The tokens that the token endpoint returned. */
export interface Grant {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresAt: number;
  readonly apiDomain: string;
  /** By the clock of Pipedrive, in milliseconds since 1970. */
  readonly grantedAt: number;
}

/** The app's credentials, and where to send them. */
export interface App {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Such as `https://oauth.pipedrive.com`. */
  readonly oauthUrl: string;
  readonly fetch: typeof globalThis.fetch | undefined;
  /** Whether an `api_domain` on the loopback is accepted. */
  readonly loopback: boolean;
}

/** How long a request may take. */
export const TIMEOUT_MS = 10_000;

/** The lifetime of an access token whose response does not have one. */
const LIFETIME_S = 3600;

/** A longer lifetime is no lifetime: JSON would not even keep it. */
const MAX_LIFETIME_S = 400 * 86_400;

/** The origin of the API if the response has none, as in 2018. */
const API = "https://api.pipedrive.com";

interface EndpointResponse {
  readonly status: number;
  readonly json: unknown;
  /** In seconds. */
  readonly retryAfter: number | undefined;
  /** The server's time, in milliseconds since 1970. */
  readonly date: number;
}

/** By how much the clocks may differ without being corrected: a `date` header has whole seconds. */
const CLOCK_SKEW_MS = 2_000;

/** Pipedrive's OAuth server. No error shows one of its responses: they may contain tokens. */
export class TokenEndpoint {
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
  }

  /** Returns the URL of the consent page. It has no `scope`: an app's scopes are fixed, and an empty one is refused. */
  authorizationUrl(redirectUri: string, state: string): string {
    return `${this.#app.oauthUrl}/oauth/authorize?${new URLSearchParams({ client_id: this.#app.clientId, redirect_uri: redirectUri, state })}`;
  }

  exchange(code: string, redirectUri: string, core: ServerCore): Promise<Grant> {
    return this.#grant({ grant_type: "authorization_code", code, redirect_uri: redirectUri }, code, core);
  }

  refresh(refreshToken: string, core: ServerCore): Promise<Grant> {
    return this.#grant({ grant_type: "refresh_token", refresh_token: refreshToken }, refreshToken, core);
  }

  /** Revokes a refresh token, and with it its access tokens. */
  async revoke(refreshToken: string): Promise<void> {
    const response = await this.#post("revoke", { token: refreshToken, token_type_hint: "refresh_token" }, refreshToken);
    if (response.status !== 200) throw await this.#failure("revoke", response, refreshToken);
  }

  async #grant(form: Record<string, string>, secret: string, core: ServerCore): Promise<Grant> {
    const sentAt = Date.now();
    const response = await this.#post("token", form, secret);
    if (response.status !== 200) throw await this.#failure("token", response, secret);
    const { access_token, refresh_token, expires_in, api_domain = API } = (response.json ?? {}) as Record<string, unknown>;
    if (!isToken(access_token) || !isToken(refresh_token)) throw undecodable("its response has no access_token and refresh_token");
    const apiDomain = typeof api_domain === "string" ? api_domain.replace(/\/$/, "") : "";
    if (!core.isPipedrive(apiDomain, this.#app.loopback)) {
      // Not a temporary failure: nothing is stored, and another attempt would not help.
      throw makeError("Pipedrive's OAuth server: its api_domain is not one of Pipedrive's, so no token is sent there", { kind: "validation" });
    }
    const lifetime = typeof expires_in === "string" ? Number(expires_in) : expires_in;
    const seconds = typeof lifetime === "number" && lifetime > 0 && lifetime < MAX_LIFETIME_S ? lifetime : LIFETIME_S;
    const skew = response.date - Date.now();
    const grantedAt = Math.abs(skew) > CLOCK_SKEW_MS ? sentAt + skew : sentAt;
    return { accessToken: access_token, refreshToken: refresh_token, expiresAt: sentAt + seconds * 1000, apiDomain, grantedAt };
  }

  /** The path has no slash at its end: Pipedrive redirects that, which turns the POST into a GET. */
  async #post(endpoint: "token" | "revoke", form: Record<string, string>, secret: string): Promise<EndpointResponse> {
    const { clientId, clientSecret, oauthUrl, fetch = globalThis.fetch } = this.#app;
    const headers = { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}`, accept: "application/json", "content-type": "application/x-www-form-urlencoded" };
    const body = new URLSearchParams(form).toString();
    const send = async () => {
      const response = await fetch(`${oauthUrl}/oauth/${endpoint}`, { method: "POST", headers, body, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
      return { response, text: await textOf(response) };
    };
    try {
      // A replaced fetch may not heed the signal.
      const { response, text } = await within(TIMEOUT_MS + 100, send, () => new DOMException("", "TimeoutError"));
      const date = dateOf(response.headers.get("date"));
      const known = { status: response.status, retryAfter: secondsOf(response.headers.get("retry-after"), date), date };
      try {
        return { ...known, json: JSON.parse(text) };
      } catch {
        return { ...known, json: undefined };
      }
    } catch (cause) {
      if (isPipedriveError(cause)) throw cause;
      const isTimeout = (cause as { name?: unknown } | null)?.name === "TimeoutError";
      const text = isTimeout ? `did not respond within ${TIMEOUT_MS} ms` : "could not be reached";
      throw makeError(`Pipedrive's OAuth server ${text}`, { kind: isTimeout ? "timeout" : "connection", cause: await this.#redact(cause, secret) });
    }
  }

  async #failure(endpoint: string, { status, json, retryAfter }: EndpointResponse, secret: string): Promise<PipedriveError> {
    const { error: code, message } = (json ?? {}) as { error?: unknown; message?: unknown };
    const found = [message, code].find((text) => typeof text === "string") ?? `status ${status}`;
    // One line, without escapes for a terminal.
    const text = (await this.#redact(found as string, secret)).slice(0, 300).replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
    const fields = { status, retryAfterSeconds: retryAfter, ...(typeof code === "string" && /^[\w.-]{1,40}$/.test(code) && { code }) };
    // A 429 of its own says nothing about the API's limits.
    if (status === 408 || status === 429 || status >= 500 || code === "temporarily_unavailable" || code === "server_error") return makeError(`Pipedrive's OAuth server: ${text}`, { ...fields, kind: "server" });
    if (code === "invalid_grant") return makeError(`${text}. The user must authorise the app again`, { ...fields, kind: "authentication" });
    if (status === 401 || code === "invalid_client") return makeError(`${text}. Check clientId and clientSecret`, { ...fields, kind: "config" });
    return makeError(`Pipedrive's OAuth server refused the ${endpoint} request: ${text}`, { ...fields, kind: status === 400 && code !== undefined ? "validation" : "unexpected_status" });
  }

  /** Returns a copy without the secrets. */
  async #redact<T>(thrown: T, secret: string): Promise<T> {
    const { clientId, clientSecret } = this.#app;
    return (await serverCore()).redact(thrown, [clientSecret, secret, btoa(`${clientId}:${clientSecret}`)]);
  }
}

/** Reads a body, up to the limit. */
async function textOf(response: Response): Promise<string> {
  // A response of a replaced fetch may have no stream.
  const reader = response.body?.getReader?.();
  if (!reader) return response.text();
  const decoder = new TextDecoder();
  let text = "";
  for (let size = 0; ; ) {
    const { value, done } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    text += decoder.decode(value, { stream: true });
    if (size > MAX_BODY) {
      void reader.cancel().catch(() => undefined);
      throw undecodable(`its response has more than ${MAX_BODY} bytes`);
    }
  }
}

/** Reads a `date` header: the server's time, or this clock's where there is none. */
function dateOf(header: string | null): number {
  const date = Date.parse(header ?? "");
  return Number.isNaN(date) ? Date.now() : date;
}

/** Reads a `retry-after` header: seconds, or a date by the server's clock. Returns undefined where it names no wait. */
function secondsOf(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? "";
  const seconds = /^\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - now) / 1000);
  return seconds > 0 ? seconds : undefined;
}

const isToken = (value: unknown): value is string => typeof value === "string" && value.length <= MAX_TOKEN && /^[\x21-\x7e]+$/.test(value);

/** The longest response, in bytes. */
const MAX_BODY = 2 * 1024 * 1024;

/** The longest token. Pipedrive's have about 300 characters. */
const MAX_TOKEN = 8_192;

const undecodable = (text: string) => makeError(`Pipedrive's OAuth server: ${text}`, { kind: "decode" });
