import { checkKeys } from "../../check.js";
import { type OperationId, PARAM_KINDS, PARAMS, POSITIONAL } from "../../generated/operations.js";
import type { Values } from "../../call.js";
import type { CallOptions } from "../../types.js";
import { Refusal } from "../core.js";
import type { ProxyInput } from "./message.js";

/** The largest body that is read, in bytes. */
const BODY_LIMIT = 64 * 1024;

const CONTROL = /[\p{Cc}\u2028\u2029]/u;

const bad = (info: string) => new Refusal(400, "Bad request", info);

/** The call that a page's request stands for. */
export interface ProxyRequest {
  readonly operation: OperationId;
  readonly values: Values;
  readonly options: CallOptions;
}

/** Parses a page's request: no part of it is forwarded as it is. The client checks the values. */
export async function parseProxyRequest(input: ProxyInput, operation: OperationId, id: string, timeoutMs: number): Promise<ProxyRequest> {
  const { body, options } = PARAMS[operation];
  const { url } = input;
  if (body && url.search) throw bad("This operation takes no query.");
  const params: Record<string, unknown> = url.search ? fromQuery(url.searchParams, operation) : {};
  if (id) params["id"] = Number(id);
  const values = pick(params, POSITIONAL[operation]);
  if (body) values[body.name] = await fromBody(input, operation, timeoutMs);
  return { operation, values, options: pick(params, options) };
}

function pick(params: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) if (name in params) picked[name] = params[name];
  return picked;
}

/** Returns the name of a parameter in a query. */
const wireName = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Parses a query: its parameters by their names in a call. */
function fromQuery(query: URLSearchParams, operation: OperationId): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  const names = new Map([...POSITIONAL[operation], ...PARAMS[operation].options].map((name) => [wireName(name), name]));
  for (const [wire, value] of query) {
    const name = names.get(wire);
    if (!name || name === "id") throw bad(`The operation ${operation} has no parameter of this name.`);
    if (name in params) throw bad(`${wire} occurs twice.`);
    if (CONTROL.test(value)) throw bad(`${wire} contains a control character.`);
    params[name] = parseValue(PARAM_KINDS[name], value);
  }
  return params;
}

/** Converts the text of a parameter; the client refuses what stays a text. */
function parseValue(kind: "number" | "boolean" | undefined, text: string): unknown {
  if (kind === "boolean") return text === "1" ? true : text === "0" ? false : text;
  return kind === "number" && /^\d{1,15}$/.test(text) ? Number(text) : text;
}

/** Parses a JSON body. */
async function fromBody(input: ProxyInput, operation: OperationId, timeoutMs: number): Promise<Record<string, unknown>> {
  if (!/^application\/json\s*(;|$)/i.test(input.header("content-type") ?? "")) throw new Refusal(415, "Unsupported media type", "The body must be application/json.");
  const text = await textOf(input, timeoutMs);
  let body: unknown;
  try {
    body = JSON.parse(text, (_, value: unknown) => {
      if (typeof value === "string" && CONTROL.test(value)) throw bad("The body contains a control character.");
      return value;
    });
  } catch (error) {
    throw error instanceof Refusal ? error : bad("The body is not JSON.");
  }
  checkKeys("argument", operation, "the body", body, PARAMS[operation].body!.members);
  return body as Record<string, unknown>;
}

/** Reads the text of a body, up to the limit and within the time. */
async function textOf(input: ProxyInput, timeoutMs: number): Promise<string> {
  const tooLarge = new Refusal(413, "Payload too large", `The body must have at most ${BODY_LIMIT} bytes.`);
  if (Number(input.header("content-length") ?? 0) > BODY_LIMIT) throw tooLarge;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = (input.toRequest().body as ReadableStream<Uint8Array> | null)?.getReader();
  if (!reader) return "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refusal(408, "Request timeout", `The body must arrive within ${timeoutMs} ms.`)), timeoutMs);
  });
  let text = "";
  try {
    for (let size = 0; ; ) {
      const { value, done } = await Promise.race([reader.read(), late]);
      if (done) return text + decoder.decode();
      size += value.byteLength;
      if (size > BODY_LIMIT) throw tooLarge;
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    void reader.cancel().catch(() => undefined);
    // It broke off on its way, or is not UTF-8.
    throw error instanceof Refusal ? error : bad("The body could not be read.");
  } finally {
    clearTimeout(timer);
  }
}
