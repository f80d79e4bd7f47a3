// Serves the built site as a static host does: files, compressed, and nothing else.
import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

export const SITE = process.env.PIPEDRIVE_SITE ?? fileURLToPath(new URL("../../target/site", import.meta.url));

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".json": "application/json", ".txt": "text/plain; charset=utf-8" };

/** Serves folders by the beginnings of their paths, such as `{ "/": "/tmp/site" }`; the first that fits counts. */
export async function serveFolders(folders) {
  const server = createServer(async ({ url, headers }, response) => {
    const path = decodeURIComponent(new URL(url, "http://page").pathname);
    const [prefix, folder] = Object.entries(folders).find(([start]) => path.startsWith(start)) ?? [];
    try {
      const file = join(folder, normalize("/" + path.slice(prefix.length)), path.endsWith("/") ? "index.html" : "");
      const bytes = await readFile(file);
      const type = TYPES[extname(file)];
      const compressed = type !== undefined && /\bgzip\b/.test(headers["accept-encoding"] ?? "");
      response.writeHead(200, { "content-type": type ?? "application/octet-stream", "cache-control": "max-age=600", ...(compressed && { "content-encoding": "gzip" }) }).end(compressed ? gzipSync(bytes) : bytes);
    } catch {
      response.writeHead(404, { "content-type": "text/plain" }).end("not found");
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => (server.close(), server.closeAllConnections()) };
}

/** The server of the site for the tests of a file; its origin is there once the tests run. */
export function siteServer(folders = { "/": SITE }) {
  const here = {};
  before(async () => Object.assign(here, await serveFolders(folders)));
  after(() => here.close?.());
  return here;
}

/** The paths of the site's own pages: those of rustdoc and of the console are tested elsewhere. */
export async function pagesOfSite(folder = "") {
  const entries = await readdir(join(SITE, folder), { withFileTypes: true });
  const found = await Promise.all(entries.map((entry) => {
    const { name } = entry;
    if (entry.isDirectory()) return /^(rustdoc|console|assets)$/.test(name) ? [] : pagesOfSite(`${folder}${name}/`);
    return name.endsWith(".html") ? [`${folder}${name}`] : [];
  }));
  return found.flat().sort();
}
