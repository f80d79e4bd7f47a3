// The backend on Cloudflare Workers: OAuth, the proxy, and a Durable Object for each company.
import { createUsersProxy, durableObjectStore, errorResponse, isStoreRequest, OAuth, TokenObject, verifySignedToken } from "pipedrive-users/server";
import { answer } from "./app.js";

const oauthOf = (env, store) =>
  new OAuth({ clientId: env.CLIENT_ID, clientSecret: env.CLIENT_SECRET, redirectUri: env.REDIRECT_URI, encryptionKey: env.ENCRYPTION_KEY, oauthUrl: env.OAUTH_URL, store });

const jwtSecret = (env) => env.JWT_SECRET ?? env.CLIENT_SECRET;

/** A company: the tokens of its users, the limits that they share, and the proxy that keeps them. */
export class Company extends TokenObject {
  #proxy;

  constructor(state, env) {
    super(state, env);
    this.#proxy = createUsersProxy({ oauth: oauthOf(env, this.store), signedTokenSecret: jwtSecret(env), basePath: "/pipedrive" });
  }

  fetch(request) {
    return isStoreRequest(request) ? super.fetch(request) : this.#proxy(request);
  }
}

export default {
  async fetch(request, env) {
    if (!new URL(request.url).pathname.startsWith("/pipedrive/")) {
      return (await answer(request, oauthOf(env, durableObjectStore(env.COMPANIES)))) ?? env.ASSETS.fetch(request);
    }
    try {
      // Whose company it is, the signature says, and nothing else of the request.
      const { companyId } = await verifySignedToken(request.headers.get("authorization")?.replace(/^Bearer /i, ""), jwtSecret(env));
      return env.COMPANIES.get(env.COMPANIES.idFromName(String(companyId))).fetch(request);
    } catch (error) {
      return errorResponse(error);
    }
  },
};
