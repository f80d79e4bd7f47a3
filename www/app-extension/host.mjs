// Simulates Pipedrive around the panel: serves the sandbox's page, signs the panel's tokens, and notifies the app when it is uninstalled.
import { createServer } from "node:http";
import { toNodeListener } from "pipedrive-users/server";
import { respondToPage } from "../../pkg/src/sandbox/panel/routes.js";
import { fileServer } from "./files.mjs";
import { sign } from "./sign.mjs";

/**
 * Serves the page on the loopback, on any free port if `port` is taken, and returns its origin and `stop`. `sandbox` is the sandbox's URL,
 * `app` has the client id and secret registered there, `companyId` is the sandbox's company.
 */
export async function startHost({ sandbox, app, backend, companyId, port = 0 }) {
  const serveFile = await fileServer(new URL("../../pkg/src/sandbox/panel/", import.meta.url));
  const uninstall = async (userId) => {
    // Pipedrive revokes the tokens before it notifies the app.
    await fetch(`${sandbox}/sandbox/oauth/uninstall?user=${userId}`, { method: "POST" });
    const body = JSON.stringify({ client_id: app.clientId, company_id: companyId, user_id: userId, timestamp: new Date().toISOString() });
    const authorization = `Basic ${btoa(`${app.clientId}:${app.clientSecret}`)}`;
    return fetch(`${backend}/callback`, { method: "DELETE", headers: { authorization, "content-type": "application/json" }, body });
  };
  const host = {
    panelUrl: `${backend}/`,
    companyId,
    // The app has no installation URL, so its users arrive at the callback without a state.
    marketplace: `${sandbox}/sandbox/marketplace?redirect_uri=${encodeURIComponent(`${backend}/callback`)}`,
    signedToken: (userId) => sign({ userId, companyId }, app.clientSecret),
    expire: () => fetch(`${sandbox}/sandbox/oauth/expire`, { method: "POST" }),
    uninstall,
  };
  const route = async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    return (await respondToPage(host, request.method, pathname.slice(1), searchParams)) ?? serveFile(request);
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
