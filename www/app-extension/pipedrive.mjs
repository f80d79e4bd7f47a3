// Plays Pipedrive around the panel: serves the page with the deal, signs the panel's tokens, and tells the app when it is uninstalled.
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };
const FILES = ["index.html", "host.css", "host.js"];

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Serves on a port of the loopback; `app` is the sandbox's, `companyId` its company. Gives the page's origin. */
export async function playPipedrive({ sandbox, app, backend, companyId, port = 0 }) {
  const sign = (userId) => {
    const now = Math.floor(Date.now() / 1000);
    const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ userId, companyId, iat: now, exp: now + 300 })}`;
    return `${signed}.${createHmac("sha256", app.clientSecret).update(signed).digest("base64url")}`;
  };
  const uninstall = async (userId) => {
    // The tokens are over first; then the app is told.
    await fetch(`${sandbox}/sandbox/oauth/uninstall?user=${userId}`, { method: "POST" });
    const body = JSON.stringify({ client_id: app.clientId, company_id: companyId, user_id: userId, timestamp: new Date().toISOString() });
    const authorization = `Basic ${btoa(`${app.clientId}:${app.clientSecret}`)}`;
    return fetch(`${backend}/callback`, { method: "DELETE", headers: { authorization, "content-type": "application/json" }, body });
  };
  const answer = async ({ method, url }) => {
    const { pathname, searchParams } = new URL(url, "http://page");
    const userId = Number(searchParams.get("user"));
    if (pathname === "/facts") return Response.json({ backend, companyId });
    if (pathname === "/signed-token") return Response.json({ token: sign(userId) });
    if (pathname === "/expire" && method === "POST") return fetch(`${sandbox}/sandbox/oauth/expire`, { method });
    if (pathname === "/uninstall" && method === "POST") return Response.json({ status: (await uninstall(userId)).status });
    const name = FILES.find((name) => name === (pathname.slice(1) || "index.html"));
    if (!name) return new Response("not found", { status: 404 });
    return new Response(await readFile(new URL(`host/${name}`, import.meta.url)), { headers: { "content-type": TYPES[extname(name)] } });
  };
  const server = createServer(async (request, response) => {
    const { status, headers, ...rest } = await answer(request).then(async (answer) => ({ status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) }));
    response.writeHead(status, { "content-type": headers.get("content-type") ?? "text/plain", "cache-control": "no-store" }).end(rest.body);
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve).once("error", () => server.listen(0, "127.0.0.1", resolve)));
  return { origin: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}
