// Stands for Pipedrive behind each subject: its OAuth server, and one answer for each path.
import { createServer } from "node:http";
import { createSandbox } from "pipedrive-users/sandbox";

const sandbox = createSandbox({ users: 200, burst: 1e9, daily: 4e9 });
const kept = new Map();

async function answer(path) {
  const response = await sandbox.fetch(`https://sandbox.example${path}`, { headers: { "x-api-token": sandbox.apiToken } });
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: { ...Object.fromEntries(response.headers), "content-length": body.length }, body };
}

const server = createServer(async ({ url }, response) => {
  const path = url.replace(/^\/api\/v1/, "/v1");
  if (!kept.has(path)) kept.set(path, await answer(path));
  const { status, headers, body } = kept.get(path);
  response.writeHead(status, headers).end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
