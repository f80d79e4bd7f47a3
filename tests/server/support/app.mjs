// An app of the sandbox's marketplace, in process: its users authorise it, and their tokens can be made to expire.
import { createSandbox } from "pipedrive-users/sandbox";
import { OAuth } from "pipedrive-users/server";
import { sign as signToken } from "../../../www/app-extension/sign.mjs";

export const REDIRECT = "https://app.example/callback";
export const JWT_SECRET = "the app's JWT secret";

/** A signed app token, of this app where nothing else is said. */
export const sign = (claims, { secret = JWT_SECRET, header } = {}) => signToken(claims, secret, header);

/** What a user's browser does on Pipedrive's page: gives the address that it is sent back to. */
export async function consent(url, fetch, { user = 1, answer = "allow" } = {}) {
  const asked = new URL(url);
  const page = await fetch(asked.href);
  if (page.status !== 200) throw new Error(`the consent page answered ${page.status}`);
  const [redirect_uri, state] = ["redirect_uri", "state"].map((name) => asked.searchParams.get(name));
  const body = new URLSearchParams({ redirect_uri, state, user: String(user), answer });
  const answered = await fetch(new URL("/oauth/authorize", asked).href, { method: "POST", body, redirect: "manual" });
  return answered.headers.get("location");
}

/** An app with its sandbox. `requests` is what was sent, `before` may answer in the sandbox's place. */
export function makeApp({ sandbox: options, before, ...oauthOptions } = {}) {
  const sandbox = createSandbox(options);
  const requests = [];
  const fetch = async (input, init) => {
    const request = new Request(input, init);
    const body = init?.body === undefined ? "" : String(init.body);
    requests.push({ method: request.method, url: request.url, headers: Object.fromEntries(request.headers), body });
    return (await before?.(request, body, requests.length)) ?? sandbox.fetch(input, init);
  };
  const config = { ...sandbox.app, redirectUri: REDIRECT, fetch, ...oauthOptions };
  const oauth = new OAuth(config);
  return {
    sandbox,
    requests,
    fetch,
    config,
    oauth,
    /** A user authorises the app: gives who it is. */
    async install(user = 1) {
      const me = await oauth.handleCallback(new Request(await consent(await oauth.authorizationUrl(), sandbox.fetch, { user })));
      return { companyId: me.company_id, userId: me.id };
    },
    expire: () => sandbox.fetch("https://sandbox.example/sandbox/oauth/expire", { method: "POST" }),
    asked: async () => (await sandbox.fetch("https://sandbox.example/sandbox/oauth")).json(),
    sentTo: (path) => requests.filter(({ url }) => new URL(url).pathname === path),
  };
}

/** A token endpoint of a test's own: `lifetimes` in seconds, one for each access token that it gives. */
export function makeEndpoint({ lifetimes = [3600], rotate = false, apiDomain = "https://casinoroyale.pipedrive.com", answer } = {}) {
  const given = { refreshes: [], used: [], apiUrls: [] };
  let number = 0;
  const tokens = (refresh) => {
    const lasts = lifetimes[Math.min(number, lifetimes.length - 1)];
    number++;
    return Response.json({ access_token: `v1u:access-${number}`, token_type: "Bearer", refresh_token: rotate ? `1:1:refresh-${number}` : (refresh ?? "1:1:refresh-1"), expires_in: lasts, api_domain: apiDomain });
  };
  const fetch = async (url, init) => {
    const { pathname } = new URL(url);
    const form = new URLSearchParams(String(init?.body ?? ""));
    if (pathname === "/oauth/token") {
      const refresh = form.get("refresh_token");
      if (refresh) given.refreshes.push(refresh);
      return (await answer?.(given, form)) ?? tokens(refresh);
    }
    const token = new Headers(init.headers).get("authorization").slice(7);
    given.used.push(token);
    given.apiUrls.push(url);
    if (given.refused?.includes(token)) return Response.json({ success: false, error: "unauthorized access", errorCode: 401 }, { status: 401 });
    return Response.json({ success: true, data: { id: 13, company_id: 7, name: "Vesper Lynd", language: { language_code: "en", country_code: "GB" } } });
  };
  return { fetch, given };
}

/** An OAuth on that endpoint, authorised by user 13 of company 7. */
export async function authorised(endpoint, more = {}) {
  const oauth = new OAuth({ clientId: "app", clientSecret: "the app's client secret".replaceAll(" ", "-"), redirectUri: REDIRECT, fetch: endpoint.fetch, ...more });
  const state = new URL(await oauth.authorizationUrl()).searchParams.get("state");
  await oauth.handleCallback(`${REDIRECT}?code=a-code&state=${state}`);
  endpoint.given.used.length = 0;
  return oauth;
}

export const BOND = { companyId: 7, userId: 13 };
