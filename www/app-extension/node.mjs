// The same backend on Node.js: one process, or many with Redis.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { createUsersProxy, memoryStore, OAuth, redisStore, toNodeListener } from "pipedrive-users/server";
import { answer } from "./app.js";

const { CLIENT_ID, CLIENT_SECRET, JWT_SECRET = CLIENT_SECRET, REDIRECT_URI, ENCRYPTION_KEY, OAUTH_URL, REDIS_URL, PORT = "8787" } = process.env;

const store = REDIS_URL ? redisStore(await (await import("redis")).createClient({ url: REDIS_URL }).connect()) : memoryStore();
const oauth = new OAuth({ clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri: REDIRECT_URI, encryptionKey: ENCRYPTION_KEY, oauthUrl: OAUTH_URL, store });
const proxy = createUsersProxy({ oauth, signedTokenSecret: JWT_SECRET, basePath: "/pipedrive" });

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };
const FILES = ["index.html", "installed.html", "panel.css", "panel.js"];
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src data:; connect-src 'self'; frame-ancestors https://*.pipedrive.com http://127.0.0.1:*";

async function file(request) {
  const name = FILES.find((name) => name === (new URL(request.url).pathname.slice(1) || "index.html"));
  if (!name) return new Response("not found", { status: 404 });
  return new Response(await readFile(new URL(`public/${name}`, import.meta.url)), { headers: { "content-type": TYPES[extname(name)], "content-security-policy": POLICY } });
}

const handle = async (request) =>
  new URL(request.url).pathname.startsWith("/pipedrive/") ? proxy(request) : ((await answer(request, oauth)) ?? file(request));

const server = createServer(toNodeListener(handle)).listen(Number(PORT), "127.0.0.1", () => console.log(`the app's backend: http://127.0.0.1:${server.address().port}/`));
