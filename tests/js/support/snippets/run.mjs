// Runs blocks of a page one after the other: the network is a sandbox, and a server listens on a port that is free.
import { Server } from "node:net";
import { identityKey, UsersClient } from "pipedrive-users";
import { createSandbox } from "pipedrive-users/sandbox";
import { createUsersProxy, memoryStore, OAuth } from "pipedrive-users/server";

const sandbox = createSandbox();
const { app, apiToken, accessToken } = sandbox;
const key = "0123456789abcdef".repeat(4);
const redirectUri = "https://app.example/callback";
Object.assign(process.env, { PIPEDRIVE_API_TOKEN: apiToken, CLIENT_ID: app.clientId, CLIENT_SECRET: app.clientSecret, REDIRECT_URI: redirectUri, ENCRYPTION_KEY: key });

globalThis.fetch = async (input, init) => {
  const { href, hostname } = new URL(input instanceof Request ? input.url : input);
  if (hostname === "auth.example") return Response.json({ token: accessToken, expiresAt: Date.now() + 3_600_000 });
  if (/(^|\.)pipedrive\.com$/.test(hostname)) return sandbox.fetch(input, init);
  throw new Error(`a block asks for ${href}`);
};
const { listen } = Server.prototype;
Server.prototype.listen = function listenAnywhere(port, ...rest) {
  return listen.call(this, 0, ...rest);
};

const client = new UsersClient({ apiToken });
const me = await client.getCurrentUser();
if (!identityKey(me)) throw new Error("the sandbox has no user");
const store = memoryStore();
const oauth = new OAuth({ clientId: app.clientId, clientSecret: app.clientSecret, redirectUri, store, encryptionKey: key });
Object.assign(globalThis, {
  client, me, store, oauth, OAuth, UsersClient, createUsersProxy, sessionOf: async () => ({ userId: 1 }),
  CLIENT_ID: app.clientId, CLIENT_SECRET: app.clientSecret, JWT_SECRET: app.clientSecret, REDIRECT_URI: redirectUri, ENCRYPTION_KEY: key, OAUTH_URL: undefined,
});


for (const file of process.argv.slice(2)) {
  const name = file.replace(/-\d+\.mjs$/, "");
  try {
    await import(new URL(`run/${file}`, import.meta.url));
  } catch (error) {
    throw new Error(`${name}, ${file}: ${error.stack}`);
  }
  console.log(`\nran ${file}`);
}
process.exit(0);
