// The sandbox over HTTP, as a process of its own. Its response to a read is kept and sent again, so that the server is
// not what is measured; a burst limit is kept by the sandbox itself, on a port of its own. It has the pages as well, which
// send what they measured to it.
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { createSandbox } from "pipedrive-users/sandbox";

/** The page of now. */
let page = "";
process.on("message", (message) => {
  page = message.page;
  process.send({ opened: true });
});

async function serve(options, keep) {
  const sandbox = createSandbox(options);
  const kept = new Map();
  const answer = async (url) => {
    const response = await sandbox.fetch(url, { headers: { "x-api-token": sandbox.apiToken } });
    return { status: response.status, headers: Object.fromEntries(response.headers), body: Buffer.from(await response.arrayBuffer()) };
  };
  const server = createServer(async (request, response) => {
    const { method, url } = request;
    if (method === "POST") {
      process.send({ measured: await json(request) });
      return response.end();
    }
    if (!url.startsWith("/v1")) return response.writeHead(200, { "content-type": "text/html" }).end(page);
    // The system's own clock, which all processes share.
    process.send?.({ seen: Number(process.hrtime.bigint()) / 1e6 });
    const { status, headers, body } = (keep && kept.get(url)) || (await answer(url));
    if (keep) kept.set(url, { status, headers, body });
    response.writeHead(status, { ...headers, "content-length": body.length }).end(body);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, token: sandbox.apiToken };
}

process.send({ servers: { large: await serve({ users: 10_000, burst: 1e9, daily: 4e9 }, true), limited: await serve({ users: 30, burst: 20, daily: 4e9 }, false) } });
