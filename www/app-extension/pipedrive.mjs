// Plays Pipedrive around the panel: serves the page with the deal, signs the panel's tokens, and tells the app when it is uninstalled.
import { createServer } from "node:http";
import { toNodeListener } from "pipedrive-users/server";
import { fileServer } from "./files.mjs";
import { sign } from "./sign.mjs";

/** Serves on a port of the loopback; `app` is the sandbox's, `companyId` its company. Gives the page's origin. */
export async function playPipedrive({ sandbox, app, backend, companyId, port = 0 }) {
  const file = await fileServer(new URL("host/", import.meta.url));
  const uninstall = async (userId) => {
    // The tokens are over first; then the app is told.
    await fetch(`${sandbox}/sandbox/oauth/uninstall?user=${userId}`, { method: "POST" });
    const body = JSON.stringify({ client_id: app.clientId, company_id: companyId, user_id: userId, timestamp: new Date().toISOString() });
    const authorization = `Basic ${btoa(`${app.clientId}:${app.clientSecret}`)}`;
    return fetch(`${backend}/callback`, { method: "DELETE", headers: { authorization, "content-type": "application/json" }, body });
  };
  const answer = async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const userId = Number(searchParams.get("user"));
    if (pathname === "/facts") return Response.json({ backend, companyId });
    if (pathname === "/signed-token") return Response.json({ token: sign({ userId, companyId }, app.clientSecret) });
    if (pathname === "/expire" && request.method === "POST") return Response.json({ status: (await fetch(`${sandbox}/sandbox/oauth/expire`, { method: "POST" })).status });
    if (pathname === "/uninstall" && request.method === "POST") return Response.json({ status: (await uninstall(userId)).status });
    return file(request);
  };
  const handle = async (request) => {
    const response = await answer(request);
    response.headers.set("cache-control", "no-store");
    return response;
  };
  const server = createServer(toNodeListener(handle));
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve).once("error", () => server.listen(0, "127.0.0.1", resolve)));
  return { origin: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}
