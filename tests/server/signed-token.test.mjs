// Signed app tokens, and the URL of an extension's page.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { isPipedriveError, parseExtensionQuery, verifySignedToken } from "pipedrive-users/server";
import { BOND, JWT_SECRET, sign } from "./support/app.mjs";

const now = Math.floor(Date.now() / 1000);

test("a valid token names its user, its company and when it expires", async () => {
  assert.deepEqual(await verifySignedToken(sign({ ...BOND, exp: now + 200 }), JWT_SECRET), { ...BOND, expiresAt: new Date((now + 200) * 1000) });
});

const BAD = {
  "alg: none": [sign(BOND, { header: { alg: "none" } }), /HS256/],
  "alg: none, without a signature": [sign(BOND, { header: { alg: "none" } }).replace(/[^.]*$/, ""), /HS256/],
  "RS256, signed with the secret": [sign(BOND, { header: { alg: "RS256", typ: "JWT" } }), /HS256/],
  expired: [sign({ ...BOND, exp: now - 1 }), /expired/],
  "without an expiry": [sign({ ...BOND, exp: undefined }), /expired/],
  "with an expiry in ten years": [sign({ ...BOND, exp: now + 315_360_000 }), /more than an hour/],
  "with an endless expiry": [sign({ ...BOND, exp: 1e308 }), /more than an hour/],
  "with a company beyond the safe integers": [sign({ ...BOND, companyId: 2 ** 53 }), /names no user/],
  "not yet valid": [sign({ ...BOND, nbf: now + 120 }), /not valid yet/],
  "issued in the future": [sign({ ...BOND, iat: now + 120 }), /not valid yet/],
  "of another app": [sign(BOND, { secret: "another app's secret" }), /signature/],
  "with a changed payload": [sign(BOND).split(".").map((part, index) => (index === 1 ? sign({ companyId: 7, userId: 1 }).split(".")[1] : part)).join("."), /signature/],
  "with a user and no company": [sign({ userId: 13 }), /names no user/],
  "with strings as ids": [sign({ userId: "13", companyId: "7" }), /names no user/],
  "no token": ["", /no JSON Web Token/],
  "an access token": ["v1u:0123456789", /no JSON Web Token/],
  "of a megabyte": [`${sign(BOND)}${"a".repeat(1 << 20)}`, /too long/],
};

for (const [name, [jwt, message]] of Object.entries(BAD)) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(verifySignedToken(jwt, JWT_SECRET), (error) => {
      assert.ok(isPipedriveError(error, "authentication"), String(error));
      assert.match(error.message, message);
      assert.equal(error.status, 401);
      assert.ok(jwt.length < 20 || !JSON.stringify(error).includes(jwt), "the token is not shown");
      return true;
    });
  });
}

test("a secret that is no string with content is a ConfigError, whatever signed the token", async () => {
  const secrets = [undefined, null, "", Promise.resolve(JWT_SECRET), {}, [], [JWT_SECRET], 0, NaN, true, new Uint8Array([1, 2, 3]), new String(JWT_SECRET), () => JWT_SECRET];
  for (const secret of secrets) {
    for (const key of [String(secret), JWT_SECRET]) {
      await assert.rejects(verifySignedToken(sign(BOND, { secret: key }), secret), (error) => isPipedriveError(error, "config") && /must be a string with content/.test(error.message) && !error.message.includes(JWT_SECRET));
    }
  }
});

test("none of Wycheproof's JSON Web Signatures names a user", async (t) => {
  if (!process.env.PIPEDRIVE_WYCHEPROOF) return t.skip("PIPEDRIVE_WYCHEPROOF is not set");
  const { testGroups } = JSON.parse(await readFile(process.env.PIPEDRIVE_WYCHEPROOF, "utf8"));
  let count = 0;
  for (const { private: key, public: publicKey, tests } of testGroups) {
    const secrets = [key?.k, key?.k && Buffer.from(key.k, "base64url").toString("latin1"), JSON.stringify(publicKey ?? key)].filter(Boolean);
    for (const { jws } of tests) {
      count++;
      for (const secret of secrets) await assert.rejects(verifySignedToken(jws, secret), (error) => isPipedriveError(error, "authentication"));
    }
  }
  assert.ok(count > 300, String(count));
});

test("parseExtensionQuery", () => {
  const url = "https://panel.example/?userId=13&companyId=7&token=jwt&id=runtime&resource=deal&view=details&selectedIds=5,6&selectedIds=x&theme=dark";
  assert.deepEqual(parseExtensionQuery(url), { userId: 13, companyId: 7, resource: "deal", view: "details", selectedIds: [5, 6], token: "jwt" });
  const nothing = { userId: undefined, companyId: undefined, resource: undefined, view: undefined, selectedIds: [], token: undefined };
  assert.deepEqual(parseExtensionQuery(new URL("https://panel.example/?userId=0&companyId=abc&token=")), nothing);
  // As numbers they would be other ids.
  assert.deepEqual(parseExtensionQuery("/?userId=9007199254740993&companyId=9999999999999999&selectedIds=9007199254740993"), nothing);
  for (const url of ["https://", "//", "https://[", Symbol("x"), Object.create(null)]) assert.throws(() => parseExtensionQuery(url), { kind: "argument" });
});
