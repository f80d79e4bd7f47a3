// Simulates Pipedrive around the panel: serves a page with a deal, signs the panel's tokens, and notifies the app when it is uninstalled.
import { createServer } from "node:http";
import { toNodeListener } from "pipedrive-users/server";
import { fileServer } from "./files.mjs";
import { sign } from "./sign.mjs";

/**
 * Serves the page on the loopback, on any free port if `port` is taken, and returns its origin and `stop`. `sandbox` is the sandbox's URL,
 * `app` has the client id and secret registered there, `companyId` is the sandbox's company.
 */
export async function startHost({ sandbox, app, backend, companyId, port = 0 }) {
  const serveFile = await fileServer(new URL("host/", import.meta.url));
  const uninstall = async (userId) => {
    // Pipedrive revokes the tokens before it notifies the app.
    await fetch(`${sandbox}/sandbox/oauth/uninstall?user=${userId}`, { method: "POST" });
    const body = JSON.stringify({ client_id: app.clientId, company_id: companyId, user_id: userId, timestamp: new Date().toISOString() });
    const authorization = `Basic ${btoa(`${app.clientId}:${app.clientSecret}`)}`;
    return fetch(`${backend}/callback`, { method: "DELETE", headers: { authorization, "content-type": "application/json" }, body });
  };
  const route = async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const userId = Number(searchParams.get("user"));
    // The app has no installation URL, so its users arrive at the callback without a state.
    const marketplace = `${sandbox}/sandbox/marketplace?redirect_uri=${encodeURIComponent(`${backend}/callback`)}`;
    if (pathname === "/config") return Response.json({ backend, companyId, marketplace });
    if (pathname === "/signed-token") return Response.json({ token: sign({ userId, companyId }, app.clientSecret) });
    if (pathname === "/expire" && request.method === "POST") return Response.json({ status: (await fetch(`${sandbox}/sandbox/oauth/expire`, { method: "POST" })).status });
    if (pathname === "/uninstall" && request.method === "POST") return Response.json({ status: (await uninstall(userId)).status });
    return serveFile(request);
  };
  const handle = async (request) => {
    const response = await route(request);
    response.headers.set("cache-control", "no-store");
    return response;
  };
  const server = createServer(toNodeListener(handle));
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve).once("error", () => server.listen(0, "127.0.0.1", resolve)));
  return { origin: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}
