/** How far a request came that got no whole answer; the places are the core's. */
export const UNKNOWN = 0;
const UNSENT = 1;
const NO_RESPONSE = 2;
const CUT_OFF = 3;

/** The status and the headers of an answer. */
export interface Head {
  readonly status: number;
  readonly headers: Headers;
}

/** A whole answer. */
export interface Answer {
  readonly head: Head;
  readonly text: string;
}

/** A request that got no whole answer. */
export class Lost {
  constructor(
    readonly how: number,
    readonly cause: unknown,
    readonly head?: Head,
  ) {}
}

/** What the systems' own codes say that are only given where no connection was made. */
const NOT_CONNECTED = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused)$/;

const isFunction = (value: unknown): boolean => typeof value === "function";

/** A member of whatever was thrown. */
const member = (thrown: unknown, name: "code" | "cause" | "message"): unknown => (thrown as Record<string, unknown> | null | undefined)?.[name];

/** What a thrown thing says of itself, and of what is beneath it. */
export function causeText(thrown: unknown): string {
  const [own, beneath] = [thrown, member(thrown, "cause")].map((one) => (typeof one === "string" ? one : member(one, "message")));
  return (typeof own === "string" ? own : "something that is no Error") + (typeof beneath === "string" ? ` (${beneath})` : "");
}

/** Sends a request and reads the whole answer. */
export async function send(fetch: typeof globalThis.fetch | undefined, url: string, init: RequestInit): Promise<Answer | Lost> {
  let head: Head | undefined;
  try {
    // The runtime's is looked up at each call, so that one that is put in its place counts.
    const response = await (fetch ? fetch(url, init) : globalThis.fetch(url, init));
    const lack = lacks(response);
    if (lack) return new Lost(NO_RESPONSE, lack);
    head = response;
    const text: unknown = await response.text();
    return { head, text: typeof text === "string" ? text : "" };
  } catch (cause) {
    if (head) return new Lost(CUT_OFF, cause, head);
    const code = member(cause, "code") ?? member(member(cause, "cause"), "code");
    return new Lost(NOT_CONNECTED.test(String(code)) ? UNSENT : UNKNOWN, cause);
  }
}

/** What an answer lacks of a Response: a stand-in for fetch may give anything. */
function lacks(answer: Partial<Response> | null | undefined): string | undefined {
  if (!isFunction(answer?.text)) return "it has no text()";
  if (typeof answer!.status !== "number") return "it has no status";
  const { headers } = answer!;
  return isFunction(headers?.get) && isFunction(headers?.entries) ? undefined : "it has no headers with get() and entries()";
}
