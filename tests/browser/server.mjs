import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { after, before } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { launch } from "./browser.mjs";

/** Serves the console as the demo does, and beside it the pages of these tests and a sandbox over HTTP. */

const here = fileURLToPath(new URL(".", import.meta.url));
export const WWW = join(here, "../../www");
export const DIST = process.env.PIPEDRIVE_USERS_DIST ?? join(here, "../../pkg/dist");

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8" };
const FOLDERS = { "/pipedrive-users/": DIST, "/panel-page/": join(here, "../../pkg/src/sandbox/panel"), "/test-pages/": join(here, "pages"), "/test-support/": join(here, "../js/support"), "/": WWW };

/** A browser and this server for the tests of a file; they are there once the tests run. */
export function browserAndServer() {
  const both = {};
  before(async () => Object.assign(both, { browser: await launch(), server: await serve() }));
  after(async () => {
    await both.browser?.close();
    both.server?.close();
  });
  return both;
}

export async function serve() {
  const { createSandbox } = await import(pathToFileURL(join(DIST, "sandbox.js")).href);
  const sandbox = createSandbox();
  const server = createServer((request, response) => {
    const done = request.url.startsWith("/account/") ? relay(sandbox, request, response) : file(request, response);
    done.catch((error) => response.writeHead(404).end(String(error.code ?? error)));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, sandbox, close: () => server.close() };
}

async function file({ url }, response) {
  const path = decodeURIComponent(new URL(url, "http://page").pathname);
  const [prefix, folder] = Object.entries(FOLDERS).find(([start]) => path.startsWith(start));
  const name = join(folder, normalize("/" + path.slice(prefix.length)), path.endsWith("/") ? "index.html" : "");
  const bytes = await readFile(name);
  response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream" }).end(bytes);
}

/** A sandbox where a real account would be: for the page it is one. */
async function relay(sandbox, request, response) {
  const chunks = await request.toArray();
  const body = chunks.length ? Buffer.concat(chunks) : undefined;
  const relayed = await sandbox.fetch(request.url.slice("/account".length), { method: request.method, headers: request.headers, body });
  response.writeHead(relayed.status, Object.fromEntries(relayed.headers)).end(Buffer.from(await relayed.arrayBuffer()));
}
