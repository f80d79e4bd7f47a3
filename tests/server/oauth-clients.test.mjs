// Other people's OAuth clients at the sandbox's OAuth server: authorise, refresh, revoke.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as oauth from "oauth4webapi";
import * as oidc from "openid-client";
import { AuthorizationCode } from "simple-oauth2";
import { startSandbox } from "../js/support/sandbox.mjs";

const REDIRECT = "http://127.0.0.1:9/callback";
let sandbox;
let server;
before(async () => {
  sandbox = await startSandbox("--client-id", "app-1.x_y~z", "--client-secret", "a-secret/with+signs&such%20=");
  const { url } = sandbox;
  server = { issuer: url, authorization_endpoint: `${url}/oauth/authorize`, token_endpoint: `${url}/oauth/token`, revocation_endpoint: `${url}/oauth/revoke` };
});
after(() => sandbox?.stop());

/** Consents as user 1, and returns the URL of the callback. */
async function consent(url) {
  const { searchParams } = new URL(url);
  const body = new URLSearchParams({ redirect_uri: searchParams.get("redirect_uri"), state: searchParams.get("state"), user: "1", answer: "allow" });
  const response = await fetch(`${sandbox.url}/oauth/authorize`, { method: "POST", redirect: "manual", body });
  return new URL(response.headers.get("location"));
}

/** Whether an access token is accepted. */
const isAccepted = async (token) => (await fetch(`${sandbox.url}/v1/users/me`, { headers: { authorization: `Bearer ${token}` } })).status === 200;

for (const [name, auth] of Object.entries({ "Basic credentials, form-encoded": oauth.ClientSecretBasic, "credentials in the body": oauth.ClientSecretPost })) {
  test(`oauth4webapi, ${name}`, async () => {
    const client = { client_id: sandbox.clientId };
    const options = { [oauth.allowInsecureRequests]: true };
    const authentication = auth(sandbox.clientSecret);
    const state = oauth.generateRandomState();
    const url = new URL(server.authorization_endpoint);
    url.search = new URLSearchParams({ client_id: sandbox.clientId, redirect_uri: REDIRECT, response_type: "code", state });
    const params = oauth.validateAuthResponse(server, client, await consent(url), state);
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, await oauth.authorizationCodeGrantRequest(server, client, authentication, params, REDIRECT, oauth.nopkce, options));
    assert.ok(await isAccepted(tokens.access_token));
    const renewed = await oauth.processRefreshTokenResponse(server, client, await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token, options));
    assert.ok(await isAccepted(renewed.access_token));
    await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, renewed.refresh_token, options));
    assert.ok(!(await isAccepted(renewed.access_token)));
  });
}

test("openid-client", async () => {
  const config = new oidc.Configuration(server, sandbox.clientId, {}, oidc.ClientSecretBasic(sandbox.clientSecret));
  oidc.allowInsecureRequests(config);
  const state = oidc.randomState();
  const callback = await consent(oidc.buildAuthorizationUrl(config, { redirect_uri: REDIRECT, state }));
  const tokens = await oidc.authorizationCodeGrant(config, callback, { expectedState: state });
  const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  assert.ok(await isAccepted(renewed.access_token));
  await oidc.tokenRevocation(config, renewed.refresh_token);
  assert.ok(!(await isAccepted(renewed.access_token)));
});

for (const authorizationMethod of ["header", "body"]) {
  test(`simple-oauth2, credentials in the ${authorizationMethod}`, async () => {
    const { url, clientId, clientSecret } = sandbox;
    const client = new AuthorizationCode({ client: { id: clientId, secret: clientSecret }, auth: { tokenHost: url, tokenPath: "/oauth/token", authorizePath: "/oauth/authorize", revokePath: "/oauth/revoke" }, options: { authorizationMethod } });
    const callback = await consent(client.authorizeURL({ redirect_uri: REDIRECT, state: "st&ate=1 %" }));
    assert.equal(callback.searchParams.get("state"), "st&ate=1 %");
    const tokens = await client.getToken({ code: callback.searchParams.get("code"), redirect_uri: REDIRECT });
    const renewed = await tokens.refresh();
    assert.ok(await isAccepted(renewed.token.access_token));
    await renewed.revokeAll();
    assert.ok(!(await isAccepted(renewed.token.access_token)));
  });
}
