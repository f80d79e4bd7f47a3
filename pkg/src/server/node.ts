import { Refusal } from "./core.js";
import { errorResponse } from "./proxy/response.js";

/** What is used of a request of Node.js's `http`. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What is used of a response of Node.js's `http`. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string | string[]>): unknown;
  end(body?: Uint8Array): unknown;
  once(event: "close", listener: () => void): unknown;
}

/**
 * Makes a listener for Node.js's `http.createServer` of what answers requests as every other runtime has them, such as a proxy:
 * `createServer(toNodeListener(proxy))`. What is no path of this server, such as a whole URL, gets a 400.
 */
export function toNodeListener(handle: (request: Request) => Response | Promise<Response>): (request: NodeRequest, response: NodeResponse) => void {
  return (incoming, outgoing) => {
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    void answer(handle, incoming, gone.signal)
      .catch(errorResponse)
      .then(async (response) => {
        outgoing.writeHead(response.status, headersOf(response));
        outgoing.end(new Uint8Array(await response.arrayBuffer()));
      });
  };
}

async function answer(handle: (request: Request) => Response | Promise<Response>, incoming: NodeRequest, signal: AbortSignal): Promise<Response> {
  const { method = "GET", url = "" } = incoming;
  const host = String(incoming.headers["host"] ?? "");
  const bad = new Refusal(400, "Bad request", "The request's target must be a path of this server.");
  // A whole URL, or a path that begins as one without its scheme, would name another host than the one that was asked.
  if (!/^\/(?![/\\])/.test(url) || !/^[\w.:[\]-]+$/.test(host) || /(^|\/)(\.|%2e){1,2}(\/|\?|$)/i.test(url)) throw bad;
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of Array.isArray(value) ? value : value === undefined ? [] : [value]) headers.append(name, one);
  }
  const init: RequestInit & { duplex?: "half" } = { method, headers, signal };
  if (method !== "GET" && method !== "HEAD") Object.assign(init, { body: streamOf(incoming), duplex: "half" });
  let request: Request;
  try {
    request = new Request(`http://${host}${url}`, init);
  } catch {
    throw bad;
  }
  return handle(request);
}

/** The body as a stream, read no faster than it is asked for. */
function streamOf(incoming: NodeRequest): ReadableStream<Uint8Array> {
  const chunks = incoming[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return?.();
    },
  });
}

function headersOf(response: Response): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.fromEntries(response.headers);
  const cookies = response.headers.getSetCookie();
  if (cookies.length) headers["set-cookie"] = cookies;
  return headers;
}
