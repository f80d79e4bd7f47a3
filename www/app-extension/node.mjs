// The same backend on Node.js: a single process, or several with Redis.
import { createServer } from "node:http";
import { createUsersProxy, memoryStore, OAuth, redisStore, toNodeListener } from "pipedrive-users/server";
import { handleOAuth } from "./app.js";
import { fileServer } from "./files.mjs";

const { CLIENT_ID, CLIENT_SECRET, JWT_SECRET = CLIENT_SECRET, REDIRECT_URI, ENCRYPTION_KEY, OAUTH_URL, REDIS_URL, PORT = "8787" } = /** @type {Record<string, string>} */ (process.env);

const store = REDIS_URL ? redisStore(await (await import("redis")).createClient({ url: REDIS_URL }).connect()) : memoryStore();
const oauth = new OAuth({ clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri: REDIRECT_URI, encryptionKey: ENCRYPTION_KEY, oauthUrl: OAUTH_URL, store });
const proxy = createUsersProxy({ oauth, signedTokenSecret: JWT_SECRET, basePath: "/pipedrive" });

// Serves the panel's files with the same headers as on Workers, Content-Security-Policy included.
const serveFile = await fileServer(new URL("public/", import.meta.url));

/** @param {Request} request */
const handle = async (request) =>
  new URL(request.url).pathname.startsWith("/pipedrive/") ? proxy(request) : ((await handleOAuth(request, oauth)) ?? serveFile(request));

const server = createServer(toNodeListener(handle)).listen(Number(PORT), "127.0.0.1", () => console.log(`the app's backend: http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}/`));
