// Serves the files of a folder as Workers' static assets do, with the headers that the `_headers` file sets for all paths.
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";

/** @type {Record<string, string>} */
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };

/**
 * Returns a handler for requests for the folder's files.
 *
 * @param {URL} folder
 * @returns {Promise<(request: Request) => Promise<Response>>}
 */
export async function fileServer(folder) {
  const names = await readdir(folder);
  const headersFile = names.includes("_headers") ? await readFile(new URL("_headers", folder), "utf8") : "";
  const headers = Object.fromEntries([...headersFile.matchAll(/^ +([\w-]+): (.+)$/gm)].map(([, name, value]) => [name, value]));
  return async (request) => {
    const name = new URL(request.url).pathname.slice(1) || "index.html";
    const type = TYPES[extname(name)];
    if (!type || !names.includes(name)) return new Response("not found", { status: 404 });
    return new Response(await readFile(new URL(name, folder)), { headers: { ...headers, "content-type": type } });
  };
}
