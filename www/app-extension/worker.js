// The backend on Cloudflare Workers: OAuth, the proxy, and one Durable Object per company.
import { createUsersProxy, durableObjectStore, errorResponse, OAuth, TokenObject, verifySignedToken } from "pipedrive-users/server";
import { handleOAuth } from "./app.js";

/** @typedef {Env & { CLIENT_SECRET: string, ENCRYPTION_KEY: string, JWT_SECRET?: string, OAUTH_URL?: string }} AppEnv What `wrangler types` knows, and the secrets. */

/** @type {(env: AppEnv, store: import("pipedrive-users/server").TokenStore) => OAuth} */
const createOAuth = (env, store) =>
  new OAuth({ clientId: env.CLIENT_ID, clientSecret: env.CLIENT_SECRET, redirectUri: env.REDIRECT_URI, encryptionKey: env.ENCRYPTION_KEY, oauthUrl: env.OAUTH_URL, store });

/** @type {(env: AppEnv) => string} */
const jwtSecret = (env) => env.JWT_SECRET ?? env.CLIENT_SECRET;

/** Holds a company's tokens and rate limits, which all its users share, and the proxy that applies them. */
export class Company extends TokenObject {
  #proxy;

  /**
   * @param {DurableObjectState} state
   * @param {AppEnv} env
   */
  constructor(state, env) {
    super(state, env);
    this.#proxy = createUsersProxy({ oauth: createOAuth(env, this.store), signedTokenSecret: jwtSecret(env), basePath: "/pipedrive" });
  }

  /** @param {Request} request */
  fetch(request) {
    return this.#proxy(request);
  }
}

export default {
  /**
   * @param {Request} request
   * @param {AppEnv} env
   */
  async fetch(request, env) {
    if (!new URL(request.url).pathname.startsWith("/pipedrive/")) {
      return (await handleOAuth(request, createOAuth(env, durableObjectStore(env.COMPANIES)))) ?? env.ASSETS.fetch(request);
    }
    try {
      // The company id must come from the signed token: anything else in the request can be forged.
      const { companyId } = await verifySignedToken(request.headers.get("authorization")?.replace(/^Bearer /i, "") ?? "", jwtSecret(env));
      return env.COMPANIES.get(env.COMPANIES.idFromName(String(companyId))).fetch(request);
    } catch (error) {
      return errorResponse(error);
    }
  },
};
