import { isFunction } from "../../check.js";
import { makeError } from "../../errors.js";
import type { DisconnectSignal } from "../disconnection.js";

/** A request as the proxy reads it: a `Request`, or one of Node.js's, which need not become one. */
export interface ProxyInput {
  readonly method: string;
  readonly url: URL;
  readonly signal: DisconnectSignal;
  /** Returns a header's value by its name in lower case. */
  header(name: string): string | undefined;
  /** The same request, for code that wants a `Request`. */
  toRequest(): Request;
}

/** A response of the proxy, before it becomes a `Response` or is written to a connection. */
export interface ProxyReply {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** The body; undefined if it has none. */
  readonly text?: string | undefined;
}

/** Handles a request that need not be a `Request`. */
export type DirectHandler = (input: ProxyInput) => Promise<ProxyReply>;

const directHandlers = new WeakMap<object, DirectHandler>();

/** Notes how a handler of `Request`s handles a request directly. */
export const setDirectHandler = (handler: object, direct: DirectHandler): void => void directHandlers.set(handler, direct);

/** Returns undefined for a handler that takes only `Request`s. */
export const directHandlerOf = (handler: object): DirectHandler | undefined => directHandlers.get(handler);

/** Refuses what is no `Request`, such as a request of Node.js's or Express's. */
export function checkRequest(request: Partial<Request> | null | undefined): void {
  if (!isFunction(request?.headers?.get)) throw makeError("the request must be a Request", { kind: "argument" });
}

/** Makes the input of a `Request`. */
export function inputOf(request: Request): ProxyInput {
  checkRequest(request);
  return {
    method: request.method,
    url: new URL(request.url),
    signal: request.signal,
    header: (name) => request.headers.get(name) ?? undefined,
    toRequest: () => request,
  };
}
