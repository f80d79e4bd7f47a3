import { DELIVERIES } from "../generated/sandbox-data.js";

// Test environments that imitate a page, such as Jest's, have none of fetch's classes. What is used of them is little.

/** What the sandbox looks at of a request. */
type Asked = Pick<Request, "method" | "url" | "headers" | "text"> & { readonly signal?: AbortSignal | null | undefined };

/** A response: its status, headers and body, how late it comes, and how much of it, by Rust's number. */
type SandboxReply = readonly [status: number, headers: [string, string][], body: string, delayMs: number, delivery: number];

/** A path needs some host: the sandbox responds for every host. */
const addressed = (url: string) => (url.startsWith("/") ? `https://sandbox.invalid${url}` : url);

/** Reads what `fetch` was called with. */
export function requestOf(input: string | URL | Request, init: RequestInit = {}): Asked {
  if (typeof Request === "function") return new Request(typeof input === "string" ? addressed(input) : input, init);
  const { method = "GET", headers = [], body, signal } = init;
  const entries = Symbol.iterator in headers ? [...(headers as Iterable<[string, string]>)] : Object.entries(headers as Record<string, string>);
  return { method, url: addressed(String(input)), headers: new Map(entries) as unknown as Headers, text: async () => String(body ?? ""), signal };
}

/** What `fetch` rejects with where a connection is lost. */
const connectionLost = (message: string) => new TypeError(message, { cause: Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }) });

/** Delivers a response as a network does: late, in part, or not at all, if that was asked for. */
export async function deliver([status, headers, body, delayMs, delivery]: SandboxReply, signal: AbortSignal | null | undefined): Promise<Response> {
  const kind = DELIVERIES[delivery];
  if (delayMs || kind === "never") await pause(kind === "never" ? undefined : delayMs, signal);
  if (kind === "reset") throw connectionLost("fetch failed");
  return responseOf(status, headers, body, kind === "cutOff");
}

/** Waits for a time, or for ever, unless the signal ends it. */
function pause(milliseconds: number | undefined, signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = milliseconds === undefined ? undefined : setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", onAbort);
  });
}

/** The statuses whose responses have no body. */
const EMPTY = [204, 304];

function responseOf(status: number, headers: [string, string][], text: string, isCutOff: boolean): Response {
  if (typeof Response === "function" && (!isCutOff || typeof ReadableStream === "function")) {
    return new Response(EMPTY.includes(status) ? null : isCutOff ? cutOff(text) : text, { status, headers });
  }
  const read = async () => {
    if (isCutOff) throw connectionLost("terminated");
    return text;
  };
  return { status, ok: status >= 200 && status < 300, headers: new Map(headers), text: read, json: async () => JSON.parse(await read()) as unknown } as unknown as Response;
}

/** The first half of a text, and then an error of the connection. */
function cutOff(text: string): ReadableStream {
  const bytes = new TextEncoder().encode(text);
  return new ReadableStream({
    start: (controller) => controller.enqueue(bytes.subarray(0, bytes.length >> 1)),
    pull: (controller) => controller.error(connectionLost("terminated")),
  });
}
