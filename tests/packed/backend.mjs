// The server half in any runtime: a user authorises the app at the sandbox, the tokens expire, and a page's client calls through the proxy.

/** Gives the configuration of the page's client. */
export async function backend({ OAuth, createUsersProxy, verifySignedToken }, facts) {
  const redirectUri = "https://app.example/callback";
  const oauth = new OAuth({ clientId: facts.clientId, clientSecret: facts.clientSecret, redirectUri, oauthUrl: facts.url, encryptionKey: "0123456789abcdef".repeat(4) });
  const begun = await oauth.handleInstall(new Request("https://app.example/install"));
  const state = new URL(begun.headers.get("location")).searchParams.get("state");
  const cookie = begun.headers.get("set-cookie").split(";")[0];
  const answer = new URLSearchParams({ redirect_uri: redirectUri, state, user: "1", answer: "allow" });
  const consent = await fetch(facts.url + "/oauth/authorize", { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: answer.toString(), redirect: "manual" });
  let me;
  const installed = (user) => ((me = user), "/installed");
  // Some runtimes let no program set a cookie: the handler looks only at these members.
  const request = { method: "GET", url: consent.headers.get("location"), headers: new Map([["cookie", cookie]]) };
  const response = await oauth.handleCallback(request, { installed });
  if (response.status !== 302) throw new Error(`the callback responded with ${response.status}`);
  await fetch(facts.url + "/sandbox/oauth/expire", { method: "POST" });
  const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  const utf8 = (text) => new TextEncoder().encode(text);
  const now = Math.floor(Date.now() / 1000);
  const signed = [{ alg: "HS256", typ: "JWT" }, { companyId: me.company_id, userId: me.id, iat: now, exp: now + 300 }].map((part) => base64url(utf8(JSON.stringify(part)))).join(".");
  const key = await crypto.subtle.importKey("raw", utf8(facts.clientSecret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const token = `${signed}.${base64url(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8(signed))))}`;
  const { companyId, userId } = await verifySignedToken(token, facts.clientSecret);
  if (companyId !== me.company_id || userId !== me.id) throw new Error("the signed token names somebody else");
  const proxy = createUsersProxy({ oauth, signedTokenSecret: facts.clientSecret, allow: ["addUser", "updateUser"] });
  const ask = async (url, init) => {
    const { method, headers, body } = init;
    return proxy(new Request(url, { method, headers, ...(body !== undefined && { body }) }));
  };
  return { baseUrl: "https://app.example/pipedrive", accessToken: () => token, fetch: ask };
}
