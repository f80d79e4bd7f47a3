import { checkKeys, describeType } from "../../check.js";
import { configError } from "../core.js";
import { checkedStore } from "../stores/checked.js";
import { memoryStore, type TokenStore } from "../stores/store.js";
import { type EncryptionKey, keysOf } from "./encrypted-store.js";

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

const KNOWN: readonly (keyof OAuthConfig)[] = ["clientId", "clientSecret", "redirectUri", "store", "encryptionKey", "fetch", "oauthUrl", "logger"];

/** A configuration that was checked. */
export interface CheckedApp {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly oauthUrl: string;
  readonly store: TokenStore;
  /** The keys of the records; none for plain text. */
  readonly keys: readonly Uint8Array<ArrayBuffer>[];
  readonly fetch: typeof globalThis.fetch | undefined;
  readonly logger: Pick<Console, "error">;
  /** Whether tokens may be sent to this machine: a sandbox runs on it, Pipedrive itself never does. */
  readonly loopback: boolean;
}

/** Checks a configuration, and throws a `ConfigError` if it cannot be used. */
export function checkApp(config: OAuthConfig): CheckedApp {
  checkKeys("config", undefined, "the configuration of OAuth", config, KNOWN);
  const { clientId, clientSecret, redirectUri, store = memoryStore(), encryptionKey, fetch, oauthUrl = "https://oauth.pipedrive.com", logger = console } = config;
  for (const [name, value] of Object.entries({ clientId, clientSecret, redirectUri })) {
    if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) refuse(`${name} must be a string of visible ASCII without blanks, got ${describeType(value)}${value === undefined ? ": is the environment variable set?" : ""}`);
  }
  if (clientId.includes(":")) refuse("clientId must have no colon: Basic credentials cannot carry it");
  if (!isUrl(redirectUri)) refuse("redirectUri must be the app's callback URL: https, or http on the loopback");
  if (!isUrl(oauthUrl) || !/^\w+:\/\/[^/?#]+$/.test(oauthUrl)) refuse("oauthUrl must be an origin such as https://oauth.pipedrive.com");
  if (fetch !== undefined && typeof fetch !== "function") refuse(`fetch must be a function, got ${describeType(fetch)}`);
  if (typeof logger?.error !== "function") refuse("logger must have a method error, such as console");
  if ((["get", "put", "delete", "lease"] as const).some((method) => typeof store?.[method] !== "function")) {
    refuse("store must have get, put, delete and lease, as memoryStore() has");
  }
  const keys = keysOf(encryptionKey);
  return { clientId, clientSecret, redirectUri, oauthUrl, store: checkedStore(store), keys, fetch, logger, loopback: oauthUrl.startsWith("http:") };
}

const refuse = (text: string): never => {
  throw configError(text);
};

function isUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url?.hostname ?? "");
  return url !== undefined && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback)) && !url.username && !url.hash;
}
