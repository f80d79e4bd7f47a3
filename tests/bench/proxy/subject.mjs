// A server in front of Pipedrive, as a process of its own that says how much processor time it has used.
import { createServer } from "node:http";
import { startProfile } from "../profile.mjs";

const [, , name, upstream] = process.argv;

const subjects = {
  /** What one writes by hand: no check of who asks, a timeout, the body copied. */
  async handwritten() {
    return async ({ method, url }, response) => {
      try {
        const answer = await fetch(`${upstream}/api${url.slice("/pipedrive".length)}`, { method, headers: { authorization: "Bearer the-token", accept: "application/json" }, signal: AbortSignal.timeout(30_000) });
        const body = Buffer.from(await answer.arrayBuffer());
        response.writeHead(answer.status, { "content-type": answer.headers.get("content-type"), "content-length": body.length }).end(body);
      } catch {
        response.writeHead(502).end();
      }
    };
  },
  async "http-proxy"() {
    const { Agent } = await import("node:http");
    const { default: httpProxy } = await import("http-proxy");
    const proxy = httpProxy.createProxyServer({ target: `${upstream}/api`, agent: new Agent({ keepAlive: true }) });
    return (request, response) => {
      request.url = request.url.slice("/pipedrive".length);
      proxy.web(request, response, {}, () => response.writeHead(502).end());
    };
  },
  async ours() {
    const { createUsersProxy, memoryStore, OAuth, toNodeListener } = await import("pipedrive-users/server");
    const store = memoryStore();
    const expiresAt = Date.now() + 86_400_000;
    for (let userId = 1; userId <= 64; userId++) {
      const record = { companyId: 7, userId, grantId: `grant-${userId}`, grantedAt: 1, generation: 1, isRevoked: false, accessToken: `v1u:access-token-of-user-${userId}`, refreshToken: `7:${userId}:refresh`, expiresAt, apiDomain: upstream };
      await store.put(`7:${userId}`, JSON.stringify(record), undefined);
    }
    const oauth = new OAuth({ clientId: "app", clientSecret: "client-secret", redirectUri: "https://app.example/callback", encryptionKey: "none", oauthUrl: upstream, store });
    return toNodeListener(createUsersProxy({ oauth, signedTokenSecret: "secret", basePath: "/pipedrive" }));
  },
};

const server = createServer(await subjects[name]());
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
let stopProfile;
process.on("message", async ({ profile }) => {
  if (profile === "start") stopProfile = await startProfile();
  process.send({ cpu: process.cpuUsage(), scripts: profile === "stop" ? await stopProfile() : undefined });
});
