// Stands before the sandbox and writes down each token that it gives: what must never be seen on the other side of the app.
import { createServer } from "node:http";

/** Serves what `url` serves. `secrets` fills with the tokens, `api` with the paths of the API that were asked for. */
export async function record(url) {
  const secrets = new Set();
  const api = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { host, connection, "content-length": _, ...headers } = incoming.headers;
    const body = chunks.length ? Buffer.concat(chunks) : undefined;
    const response = await fetch(url + incoming.url, { method: incoming.method, headers, body, redirect: "manual" });
    let text = await response.text();
    if (incoming.url === "/oauth/token" && response.ok) {
      const { access_token, refresh_token, ...rest } = JSON.parse(text);
      secrets.add(access_token).add(refresh_token);
      // The API too is asked here.
      text = JSON.stringify({ access_token, refresh_token, ...rest, api_domain: origin });
    } else if (!incoming.url.startsWith("/oauth")) api.push(incoming.url);
    const kept = [...response.headers].filter(([name]) => !/^(content-length|content-encoding|transfer-encoding|connection)$/.test(name));
    outgoing.writeHead(response.status, Object.fromEntries(kept)).end(text);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, secrets, api, stop: () => (server.close(), server.closeAllConnections()) };
}
