// A proxy before the sandbox that records each token that it issues: the page must never receive one.
import { createServer } from "node:http";

/** Forwards requests to `url`. Adds the tokens to `secrets`, and the paths of API requests to `api`. */
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
      // API requests come here too.
      text = JSON.stringify({ access_token, refresh_token, ...rest, api_domain: origin });
    } else if (!incoming.url.startsWith("/oauth")) api.push(incoming.url);
    const headersToSend = [...response.headers].filter(([name]) => !/^(content-length|content-encoding|transfer-encoding|connection)$/.test(name));
    outgoing.writeHead(response.status, Object.fromEntries(headersToSend)).end(text);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, secrets, api, stop: () => (server.close(), server.closeAllConnections()) };
}
