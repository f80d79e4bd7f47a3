// An app of the sandbox's marketplace, in this process: its users authorise it, and their tokens can be made to expire.
import { createSandbox } from "pipedrive-users/sandbox";
import { OAuth } from "pipedrive-users/server";
import { sign as signToken } from "../../../www/app-extension/sign.mjs";

export const REDIRECT = "https://app.example/callback";
export const JWT_SECRET = "the app's JWT secret";

/** Signs an app token, by default with this app's secret. */
export const sign = (claims, { secret = JWT_SECRET, header } = {}) => signToken(claims, secret, header);

/** Does what a user's browser does on the consent page, and returns the URL that it is redirected to. */
export async function consent(url, fetch, { user = 1, answer = "allow" } = {}) {
  const consentUrl = new URL(url);
  const page = await fetch(consentUrl.href);
  if (page.status !== 200) throw new Error(`the consent page responded with ${page.status}`);
  const [redirect_uri, state] = ["redirect_uri", "state"].map((name) => consentUrl.searchParams.get(name));
  const body = new URLSearchParams({ redirect_uri, state, user: String(user), answer });
  const response = await fetch(new URL("/oauth/authorize", consentUrl).href, { method: "POST", body, redirect: "manual" });
  return response.headers.get("location");
}

/** The `cookie` header that a browser sends after a response. */
export const cookieOf = (response) => response.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; ");

/** Does what a browser does from /install to the callback. Returns its response, and the user where the app was installed. */
export async function installWith(oauth, fetch, answers = {}, options = {}) {
  const begun = await oauth.handleInstall(new Request("https://app.example/install"));
  const back = await consent(begun.headers.get("location"), fetch, answers);
  let user;
  const installed = (found) => {
    user = found;
    return new Response("installed");
  };
  const response = await oauth.handleCallback(new Request(back, { headers: { cookie: cookieOf(begun) } }), { installed, ...options });
  return { response, user, back };
}

/** The same where the consent page is not needed: the code is any. */
export const skipConsent = async (oauth, options) => installWith(oauth, async (_, init) => (init?.body ? new Response(null, { status: 302, headers: { location: `${REDIRECT}?code=a-code&state=${init.body.get("state")}` } }) : new Response("")), {}, options);

/** What an app logs, line by line. */
export function makeLogger() {
  const lines = [];
  return { lines, error: (line) => lines.push(line) };
}

/** Makes an app with its sandbox. `requests` is what was sent; `before` may return a response instead of the sandbox. */
export function makeApp({ sandbox: options, before, ...oauthOptions } = {}) {
  const sandbox = createSandbox(options);
  const requests = [];
  const fetch = async (input, init) => {
    const request = new Request(input, init);
    const body = init?.body === undefined ? "" : String(init.body);
    requests.push({ method: request.method, url: request.url, headers: Object.fromEntries(request.headers), body });
    return (await before?.(request, body, requests.length)) ?? sandbox.fetch(input, init);
  };
  const logger = makeLogger();
  const config = { ...sandbox.app, redirectUri: REDIRECT, encryptionKey: "none", fetch, logger, ...oauthOptions };
  const oauth = new OAuth(config);
  return {
    sandbox,
    requests,
    fetch,
    config,
    oauth,
    logged: logger.lines,
    /** Has a user authorise the app, and returns the user's ids. */
    async install(user = 1) {
      const { user: me } = await installWith(oauth, sandbox.fetch, { user });
      return { companyId: me.company_id, userId: me.id };
    },
    expire: () => sandbox.fetch("https://sandbox.example/sandbox/oauth/expire", { method: "POST" }),
    counters: async () => (await sandbox.fetch("https://sandbox.example/sandbox/oauth")).json(),
    sentTo: (path) => requests.filter(({ url }) => new URL(url).pathname === path),
  };
}

/** Makes a token endpoint: `lifetimes` in seconds, one for each access token; `respond` may return a response of its own. */
export function makeEndpoint({ lifetimes = [3600], rotate = false, apiDomain = "https://casinoroyale.pipedrive.com", respond } = {}) {
  const given = { refreshes: [], used: [], apiUrls: [] };
  let number = 0;
  const tokens = (refresh) => {
    const lifetime = lifetimes[Math.min(number, lifetimes.length - 1)];
    number++;
    return Response.json({ access_token: `v1u:access-${number}`, token_type: "Bearer", refresh_token: rotate ? `1:1:refresh-${number}` : (refresh ?? "1:1:refresh-1"), expires_in: lifetime, api_domain: apiDomain });
  };
  const fetch = async (url, init) => {
    const { pathname } = new URL(url);
    const form = new URLSearchParams(String(init?.body ?? ""));
    if (pathname === "/oauth/token") {
      const refresh = form.get("refresh_token");
      if (refresh) given.refreshes.push(refresh);
      return (await respond?.(given, form)) ?? tokens(refresh);
    }
    const token = new Headers(init.headers).get("authorization").slice(7);
    given.used.push(token);
    given.apiUrls.push(url);
    if (given.refused?.includes(token)) return Response.json({ success: false, error: "unauthorized access", errorCode: 401 }, { status: 401 });
    return Response.json({ success: true, data: { id: 13, company_id: 7, name: "Vesper Lynd", language: { language_code: "en", country_code: "GB" } } });
  };
  return { fetch, given };
}

/** Makes an OAuth with that endpoint, authorised by user 13 of company 7. */
export async function authorised(endpoint, more = {}) {
  const oauth = new OAuth({ clientId: "app", clientSecret: "the app's client secret".replaceAll(" ", "-"), redirectUri: REDIRECT, encryptionKey: "none", fetch: endpoint.fetch, ...more });
  const { user } = await skipConsent(oauth);
  if (!user) throw new Error("the app was not installed");
  endpoint.given.used.length = 0;
  return oauth;
}

export const BOND = { companyId: 7, userId: 13 };
