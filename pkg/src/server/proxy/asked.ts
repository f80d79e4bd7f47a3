import { write, type Written } from "../../args.js";
import { onlyKnown } from "../../check.js";
import { ENDPOINTS, type OperationId, PARAMS } from "../../generated/operations.js";
import { Refusal } from "../core.js";

/** The largest body that is read. */
const BODY_LIMIT = 64 * 1024;

const CONTROL = /[\p{Cc}\u2028\u2029]/u;

const bad = (info: string) => new Refusal(400, "Bad request", info);

/** What a page asks for, checked as its own client would have, and written anew: nothing of its request is sent on as it came. */
export async function asked(request: Request, operation: OperationId, id: string): Promise<Written> {
  const isGet = ENDPOINTS[operation].method === "GET";
  const query = new URL(request.url).searchParams;
  if (!isGet && query.size) throw bad("This operation takes no query.");
  const given = isGet ? fromQuery(query, operation) : await fromBody(request, operation);
  return write(operation, { ...given, ...(id && { id: Number(id) }) });
}

/** The parameters of a query, by their names in a call. */
function fromQuery(query: URLSearchParams, operation: OperationId): Record<string, unknown> {
  const params = new Map(Object.entries(PARAMS[operation]).map(([name, [kind]]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), { name, kind }]));
  const given: Record<string, unknown> = {};
  for (const [wire, value] of query) {
    const param = params.get(wire);
    if (!param || wire === "id") throw bad(`The operation ${operation} has no parameter of this name.`);
    if (param.name in given) throw bad(`${wire} is there twice.`);
    if (CONTROL.test(value)) throw bad(`${wire} has a control character in it.`);
    if (param.kind === "flag") given[param.name] = value === "1" ? true : value === "0" ? false : value;
    else given[param.name] = typeof param.kind !== "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  }
  return given;
}

/** The members of a JSON body. */
async function fromBody(request: Request, operation: OperationId): Promise<Record<string, unknown>> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers.get("content-type") ?? "")) throw new Refusal(415, "Unsupported media type", "The body must be application/json.");
  const text = await textOf(request);
  let body: unknown;
  try {
    body = JSON.parse(text, (_, value: unknown) => {
      if (typeof value === "string" && CONTROL.test(value)) throw bad("The body has a control character in a text.");
      return value;
    });
  } catch (error) {
    throw error instanceof Refusal ? error : bad("The body is not JSON.");
  }
  onlyKnown("argument", operation, "the body", body, Object.keys(PARAMS[operation]).filter((name) => name !== "id"));
  return body as Record<string, unknown>;
}

/** A body's text, read only as far as it may go. */
async function textOf(request: Request): Promise<string> {
  const tooLarge = new Refusal(413, "Payload too large", `The body must have at most ${BODY_LIMIT} bytes.`);
  if (Number(request.headers.get("content-length") ?? 0) > BODY_LIMIT) throw tooLarge;
  const decoder = new TextDecoder();
  const reader = (request.body as ReadableStream<Uint8Array> | null)?.getReader();
  let text = "";
  for (let size = 0; reader; ) {
    const { value, done } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > BODY_LIMIT) {
      void reader.cancel().catch(() => undefined);
      throw tooLarge;
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}
