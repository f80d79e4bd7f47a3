import { decrypt, encrypt, isSame, randomHex, utf8 } from "../crypto.js";

/** How long a user may take to consent. */
export const AUTHORIZATION_MS = 10 * 60_000;

/** Number of authorizations of a browser that can be pending at a time, such as in several tabs. */
const MAX_PENDING = 4;

/** Number of cookies of the same name that are tried: another server of the domain may have set one too. */
const MAX_COOKIES = 16;

/** By how much the clocks of two processes of the app may differ. */
const CLOCK_SKEW_MS = 60_000;

/** An authorization that this browser has begun. */
export interface Authorization {
  /** 128 random bits that come back in the callback. */
  readonly state: string;
  /** In milliseconds since 1970. */
  readonly beganAt: number;
  /** Whether a callback without a state began it. */
  readonly isRestart: boolean;
  /** Whether its callback has been handled. */
  readonly isUsed: boolean;
}

/** Begins an authorization. */
export const beginAuthorization = (isRestart: boolean): Authorization => ({ state: randomHex(16), beganAt: Date.now(), isRestart, isUsed: false });

/**
 * The cookie that binds authorizations to the browser that began them, so that the server stores nothing. It is encrypted and
 * authenticated with a key that is derived from the client secret, which all processes of the app have.
 */
export class InstallCookie {
  readonly #name: string;
  readonly #attributes: string;
  readonly #clientSecret: string;
  readonly #context: string;
  #key: Promise<CryptoKey> | undefined;

  constructor(clientId: string, clientSecret: string, redirectUri: string) {
    const isSecure = redirectUri.startsWith("https:");
    // Browsers accept this prefix only from the host itself, over https.
    this.#name = `${isSecure ? "__Host-" : ""}pipedrive-install`;
    this.#attributes = `Path=/; Max-Age=${AUTHORIZATION_MS / 1000}; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
    this.#clientSecret = clientSecret;
    this.#context = `install cookie ${clientId} ${redirectUri}`;
  }

  /** Returns the authorizations that a request's browser has begun and that have not expired. */
  async read(request: Request): Promise<readonly Authorization[]> {
    const pairs = (request.headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
    const values = pairs.filter((pair) => pair.startsWith(`${this.#name}=`)).map((pair) => pair.slice(this.#name.length + 1));
    const lists = await Promise.all(values.slice(0, MAX_COOKIES).map((value) => this.#decode(value)));
    const now = Date.now();
    return lists.flat().filter(({ beganAt }) => beganAt <= now + CLOCK_SKEW_MS && beganAt > now - AUTHORIZATION_MS);
  }

  /** Returns the value of a `set-cookie` header. */
  async write(authorizations: readonly Authorization[]): Promise<string> {
    const key = await (this.#key ??= deriveKey(this.#clientSecret));
    const value = await encrypt(key, JSON.stringify(authorizations.slice(-MAX_PENDING)), this.#context);
    return `${this.#name}=${value.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}; ${this.#attributes}`;
  }

  async #decode(value: string): Promise<Authorization[]> {
    try {
      const key = await (this.#key ??= deriveKey(this.#clientSecret));
      return JSON.parse(await decrypt(key, value, this.#context)) as Authorization[];
    } catch {
      // Not a cookie of this app.
      return [];
    }
  }
}

/** Finds the authorization of a state, in constant time. */
export async function findAuthorization(authorizations: readonly Authorization[], state: string): Promise<Authorization | undefined> {
  const matches = await Promise.all(authorizations.map((one) => isSame(one.state, state)));
  return authorizations[matches.indexOf(true)];
}

async function deriveKey(clientSecret: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", utf8(clientSecret), "HKDF", false, ["deriveKey"]);
  const params = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8("pipedrive-users install cookie") };
  return crypto.subtle.deriveKey(params, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}
