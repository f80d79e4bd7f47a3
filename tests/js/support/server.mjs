// A small HTTP server on the loopback, which records its requests and responds as a test decides.
import { createServer } from "node:http";

/**
 * Serves until `close()`. `requests` holds each request as it arrived: method, raw path, headers, body as text.
 * The handler is called with the recorded request and the response of `node:http`.
 */
export async function serve(handler) {
  const requests = [];
  const server = createServer(async (incoming, response) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { method, url: path, headers, rawHeaders } = incoming;
    const request = { method, path, headers, rawHeaders, body: Buffer.concat(chunks).toString() };
    requests.push(request);
    await handler(request, response, requests.length);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${server.address().port}`, requests, close };
}

/** A handler that always sends the same response. */
export const always =
  (status, body, headers = {}) =>
  (_, response) => {
    const text = typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers }).end(text);
  };

/** A handler that sends a success with this `data`. */
export const success = (data, more = {}) => always(200, { success: true, data, ...more });

/** A `fetch` that records its calls and returns a success with this `data`. */
export function fakeFetch(data = []) {
  const calls = [];
  const fetch = async (url, init) => {
    calls.push({ url, init });
    return Response.json({ success: true, data });
  };
  return { fetch, calls };
}
