// The sandbox under another language's client: pipedrive-python-lib, where there is a Python that has it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { startSandbox } from "./support/sandbox.mjs";

const python = process.env.PIPEDRIVE_PYTHON ?? "python3";
const run = async (program, args = []) => (await promisify(execFile)(python, ["-c", program, ...args], { timeout: 60_000 })).stdout;

const isThere = await run("import pipedrive.client").then(() => true, () => false);
const skip = isThere ? false : `no Python with pipedrive-python-lib: pip install pipedrive-python-lib==1.2.3, and set PIPEDRIVE_PYTHON to its interpreter`;
if (skip) console.error(`▸ pipedrive-python-lib is not tested: ${skip}`);

/** Calls everything that its client has for users, with one kind of credential. */
const CALLS = `
import json, sys
from pipedrive.client import Client
from pipedrive import exceptions
url, kind, token = sys.argv[1:4]
client = Client(domain=url)
getattr(client, "set_" + kind)(token)
found = {"me": client.users.get_me(), "all": client.users.get_all_users(), "one": client.users.get_user(2)}
try:
    client.users.get_user(999999)
except exceptions.BaseError as error:
    found["missing"] = type(error).__name__
print(json.dumps(found))
`;

/** Logs in as an app: exchanges a code, and refreshes the tokens. */
const LOGIN = `
import json, sys
from pipedrive.client import Client
oauth_url, client_id, secret, redirect, code = sys.argv[1:6]
client = Client(client_id, secret)
client.OAUTH_BASE_URL = oauth_url + "/oauth/"
granted = client.exchange_code(redirect, code)
print(json.dumps([granted, client.refresh_token(granted["refresh_token"])]))
`;

const sandbox = isThere ? await startSandbox("--users", 30, "--burst", 1000) : undefined;
after(() => sandbox?.stop());

for (const kind of ["api_token", "access_token"]) {
  test(`pipedrive-python-lib with ${kind}`, { skip }, async () => {
    const token = kind === "api_token" ? sandbox.apiToken : sandbox.accessToken;
    const found = JSON.parse(await run(CALLS, [sandbox.url, kind, token]));
    assert.equal(found.me.success, true);
    assert.equal(found.me.data.id, 1);
    assert.equal(found.all.data.length, 30);
    assert.equal(found.one.data.id, 2);
    assert.equal(found.missing, "NotFoundError");
  });
}

test("pipedrive-python-lib logs in, and refreshes its tokens", { skip }, async () => {
  const { clientId, clientSecret } = sandbox;
  const redirect = "http://127.0.0.1:9/callback";
  const body = new URLSearchParams({ client_id: clientId, redirect_uri: redirect, state: "s", user: "1", answer: "allow" });
  const response = await fetch(`${sandbox.url}/oauth/authorize`, { method: "POST", body, redirect: "manual" });
  const code = new URL(response.headers.get("location")).searchParams.get("code");
  const [granted, refreshed] = JSON.parse(await run(LOGIN, [sandbox.url, clientId, clientSecret, redirect, code]));
  for (const tokens of [granted, refreshed]) assert.ok(tokens.access_token && tokens.refresh_token && tokens.api_domain);
  assert.notEqual(refreshed.access_token, granted.access_token);
});
