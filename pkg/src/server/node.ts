import { isFunction } from "../check.js";
import { configError, Refusal } from "./core.js";
import { bytesOf } from "./crypto.js";
import { Disconnection, type DisconnectSignal } from "./disconnection.js";
import { logError, textOf } from "./log.js";
import { type DirectHandler, directHandlerOf, type ProxyInput, type ProxyReply } from "./proxy/message.js";
import { errorReply, knownText } from "./proxy/response.js";

/** The part of a request of Node.js's `http`, `https` and `http2` that is used. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** The whole target, if a framework such as Express removed the path of a router from `url`. */
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body, if a framework's parser has already read it. */
  readonly body?: unknown;
  /** The bytes of that body, which some parsers keep. */
  readonly rawBody?: unknown;
  readonly readableDidRead?: boolean;
  readonly readableEnded?: boolean;
  readonly httpVersionMajor?: number;
  readonly socket?: Connection | null;
}

/** The part of a connection that is used. */
interface Connection {
  once?(event: "close", listener: () => void): unknown;
}

/** The part of a response of Node.js's `http`, `https` and `http2` that is used. */
export interface NodeResponse {
  readonly headersSent: boolean;
  readonly destroyed?: boolean;
  writeHead(status: number, headers: Record<string, string | string[]>): unknown;
  write(chunk: Uint8Array): boolean;
  end(body?: Uint8Array): unknown;
  destroy(error?: Error): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  once(event: "close" | "drain", listener: () => void): unknown;
}

type Handler = (request: Request) => Response | Promise<Response>;

/** A path, and perhaps a query, in which `new URL` changes nothing but escapes: no fragment, backslash or second slash at the start. */
const TARGET = /^\/(?!\/)[!"$-[\]-~]*(?:\?[!"$-~]*)?$/;

/** The segments, literal or encoded, with which `new URL` moves up in a path. */
const DOT_SEGMENT = /^[^?]*\/(?:\.|%2e){1,2}(?:[/?]|$)/i;

/** The characters that Node.js accepts in a header: fewer than `Headers` does. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Headers that HTTP/2 forbids. */
const CONNECTION_HEADERS = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/** How much of a body that the handler no longer reads is received, so that the client reads its response. */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;
const MAX_DISCARDING_MS = 10_000;

/**
 * Converts a handler of `Request`s, such as a proxy, to a listener for Node.js's `http`, `https` and `http2`, and for Express:
 * `createServer(toNodeListener(proxy))`. Bodies are streamed. `request.signal` aborts when the client disconnects. A target that is not
 * a plain path gets a 400; an error of the handler is logged to the console and gets a 500.
 */
export function toNodeListener(handle: (request: Request) => Response | Promise<Response>): (request: NodeRequest, response: NodeResponse) => void {
  if (!isFunction(handle)) throw configError("toNodeListener takes a function that responds to a Request, such as a proxy");
  // The proxy's own requests and responses need not become a `Request` and a `Response`, which cost more than all else that it does.
  const direct = directHandlerOf(handle);
  return (incoming, outgoing) => {
    serve(handle, direct, incoming, outgoing).catch(() => breakOff(incoming, outgoing));
  };
}

async function serve(handle: Handler, direct: DirectHandler | undefined, incoming: NodeRequest, outgoing: NodeResponse): Promise<void> {
  const signal = new Disconnection();
  let isComplete = false;
  const disconnect = () => {
    if (!isComplete) signal.abort();
  };
  outgoing.once("close", disconnect);
  // Without a listener, it would end the process.
  outgoing.on("error", disconnect);
  const connection = connectionOf(incoming);
  connection?.addEventListener("abort", disconnect);
  if (outgoing.destroyed) disconnect();
  try {
    if (direct) sendReply(await direct(toInput(incoming, signal)), incoming, outgoing, signal);
    else await send(await handle(toRequest(incoming, signal)), incoming, outgoing, signal);
  } catch (error) {
    // Also what the handler throws because its request was aborted.
    if (signal.aborted) return;
    const reply = errorReply(error);
    if (outgoing.headersSent || reply.status === 500) logError(console, `the handler of toNodeListener failed: ${textOf(error)}`);
    if (outgoing.headersSent) breakOff(incoming, outgoing);
    else sendReply(reply, incoming, outgoing, signal);
  } finally {
    isComplete = true;
    connection?.removeEventListener("abort", disconnect);
    abandonedBodies.get(incoming)?.();
  }
}

/** The disconnection that all requests of a connection of HTTP/1 have in common. */
const connections = new WeakMap<Connection, Disconnection>();

/** Returns the disconnection of a request's connection: the response to a request that is queued behind another one emits no `close`. With HTTP/2, each response does. */
function connectionOf(incoming: NodeRequest): Disconnection | undefined {
  const { socket } = incoming;
  if (!socket || isHttp2(incoming)) return undefined;
  const known = connections.get(socket);
  if (known) return known;
  const connection = new Disconnection();
  connections.set(socket, connection);
  socket.once?.("close", () => connection.abort());
  return connection;
}

/** Ends the bodies that a handler has begun to read, once it has responded. */
const abandonedBodies = new WeakMap<object, () => void>();

/** Returns the URL of a request. Throws a refusal if its target is not a path of this server. */
function urlOf({ url = "", originalUrl = url, headers, socket }: NodeRequest): string {
  const host = String(headers[":authority"] ?? headers["host"] ?? "");
  // Otherwise the handler would see another host or path than a reverse proxy in front of the server did.
  if (!TARGET.test(originalUrl) || DOT_SEGMENT.test(originalUrl) || !/^[\w.:[\]-]+$/.test(host)) {
    throw new Refusal(400, "Bad request", "The request's target must be a path of this server.");
  }
  const { encrypted } = (socket ?? {}) as { encrypted?: boolean };
  return `${encrypted ? "https" : "http"}://${host}${originalUrl}`;
}

const invalid = () => new Refusal(400, "Bad request", "The request's method, host or headers are not valid.");

/** Reads what the proxy needs of a request. */
function toInput(incoming: NodeRequest, signal: Disconnection): ProxyInput {
  const { method = "GET", headers } = incoming;
  let url: URL;
  try {
    url = new URL(urlOf(incoming));
  } catch (error) {
    throw error instanceof Refusal ? error : invalid();
  }
  let request: Request | undefined;
  return {
    method,
    url,
    signal,
    header(name) {
      const value = headers[name];
      return typeof value === "string" || value === undefined ? value : value.join(", ");
    },
    toRequest: () => (request ??= toRequest(incoming, signal)),
  };
}

function toRequest(incoming: NodeRequest, signal: Disconnection): Request {
  const { method = "GET", headers } = incoming;
  const url = urlOf(incoming);
  const body = method === "GET" || method === "HEAD" ? undefined : toBody(incoming);
  try {
    const init: RequestInit & { duplex: "half" } = { method, headers: toHeaders(headers), duplex: "half" };
    if (body !== undefined) init.body = body;
    return signal.toRequest(url, init);
  } catch {
    throw invalid();
  }
}

function toHeaders(incoming: NodeRequest["headers"]): Headers {
  const headers = new Headers();
  for (const [name, value = []] of Object.entries(incoming)) {
    // HTTP/2's pseudo-headers are no headers.
    if (!name.startsWith(":")) for (const item of [value].flat()) headers.append(name, item);
  }
  return headers;
}

/** Returns the body: what a framework's parser made of it, or the stream. */
function toBody(incoming: NodeRequest): BodyInit {
  if (!incoming.readableDidRead && !incoming.readableEnded) return toStream(incoming);
  const { body, rawBody, headers } = incoming;
  for (const read of [rawBody, body]) {
    if (typeof read === "string") return read;
    const bytes = bytesOf(read);
    if (bytes) return bytes;
  }
  // In HTTP/2, a body need not be announced.
  const hasBody = Number(headers["content-length"] ?? 0) > 0 || headers["transfer-encoding"] !== undefined || (isHttp2(incoming) && body !== undefined);
  if (!hasBody) return "";
  const type = String(headers["content-type"]).split(";")[0]!;
  if (body !== undefined && /^application\/json$/i.test(type)) return JSON.stringify(body);
  throw new TypeError(`a body parser has read the body (${type}) before: mount toNodeListener in front of it, or have it keep the bytes in req.rawBody`);
}

/** Streams a request's body, and reads no more of it than the handler does. What it has left when it has responded is received, or the connection's next request would wait for it. */
function toStream(incoming: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const chunks = incoming[Symbol.asyncIterator]();
  const end = () => {
    abandonedBodies.delete(incoming);
    void discard(chunks).catch(() => undefined);
  };
  return new ReadableStream(
    {
      async pull(controller) {
        abandonedBodies.set(incoming, () => {
          controller.error(new TypeError("the response was sent before the body was read"));
          end();
        });
        const { value, done } = await chunks.next();
        if (!done) return controller.enqueue(value);
        abandonedBodies.delete(incoming);
        controller.close();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}

/** Receives the rest of a body. Closing the connection instead would lose the response: clients first send their whole body. */
async function discard(chunks: AsyncIterator<Uint8Array>): Promise<void> {
  const until = Date.now() + MAX_DISCARDING_MS;
  for (let bytes = 0; bytes < MAX_DISCARDED_BYTES && Date.now() < until; ) {
    const { value, done } = await chunks.next();
    if (done) return;
    bytes += value.byteLength;
  }
  await chunks.return?.();
}

/** Sends head and body at once, in one packet. */
function sendReply({ status, headers, text }: SentReply, { method }: NodeRequest, outgoing: NodeResponse, { aborted }: DisconnectSignal): void {
  if (aborted) return;
  if (text === undefined) {
    outgoing.writeHead(status, headers);
    outgoing.end();
    return;
  }
  const bytes = encoder.encode(text);
  headers["content-length"] = String(bytes.byteLength);
  outgoing.writeHead(status, headers);
  outgoing.end(method === "HEAD" ? undefined : bytes);
}

type SentReply = Omit<ProxyReply, "headers"> & { readonly headers: Record<string, string | string[]> };

const encoder = /* @__PURE__ */ new TextEncoder();

/** Sends a response. Throws if it cannot be sent, or not completely. */
async function send(response: Response, incoming: NodeRequest, outgoing: NodeResponse, signal: DisconnectSignal): Promise<void> {
  const { status, body, bodyUsed, headers } = response;
  // Response.error() has status 0.
  if (bodyUsed || !(status >= 200)) throw new TypeError("it returned a response that cannot be sent");
  const text = knownText(response);
  if (text !== undefined) return sendReply({ status, headers: fromHeaders(headers, isHttp2(incoming)), text }, incoming, outgoing, signal);
  const reader = body?.getReader();
  let resume = () => {};
  const cancel = () => {
    reader?.cancel().catch(() => undefined);
    resume();
  };
  if (signal.aborted) return cancel();
  signal.addEventListener("abort", cancel);
  try {
    outgoing.writeHead(status, fromHeaders(headers, isHttp2(incoming)));
    if (reader && incoming.method === "HEAD") cancel();
    else if (reader) {
      // Sends the head now, as Latin-1: flushHeaders() would send it as UTF-8.
      outgoing.write(new Uint8Array());
      for (let chunk = await reader.read(); !chunk.done && !signal.aborted; chunk = await reader.read()) {
        if (outgoing.write(chunk.value)) continue;
        await new Promise<void>((resolve) => {
          resume = resolve;
          outgoing.once("drain", resolve);
        });
      }
    }
    outgoing.end();
  } catch (error) {
    cancel();
    throw error;
  }
}

/** Closes the connection, or the stream of HTTP/2: only with an error, the client learns there that the response is incomplete. */
const breakOff = (incoming: NodeRequest, outgoing: NodeResponse) => void outgoing.destroy(isHttp2(incoming) ? new Error("incomplete") : undefined);

const isHttp2 = ({ httpVersionMajor }: NodeRequest) => httpVersionMajor === 2;

function fromHeaders(headers: Headers, noConnectionHeaders: boolean): Record<string, string | string[]> {
  const entries = [...headers].filter(([name]) => !noConnectionHeaders || !CONNECTION_HEADERS.includes(name));
  const invalid = entries.find(([, value]) => !HEADER_VALUE.test(value));
  if (invalid) throw new TypeError(`it returned a response whose header ${invalid[0]} has a character that a header cannot carry`);
  const cookies = headers.getSetCookie();
  return { ...Object.fromEntries(entries), ...(cookies.length && { "set-cookie": cookies }) };
}
