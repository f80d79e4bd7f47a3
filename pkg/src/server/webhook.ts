import type { UserNews } from "../directory/directory.js";
import { checkKeys, checkSetting, isFunction } from "../check.js";
import { callHook } from "../events.js";
import { configError, serverCore } from "./core.js";
import { checkRequest } from "./proxy/message.js";

/** What a webhook needs of a `UserDirectory`. */
interface Directory {
  merge(news: UserNews): Promise<boolean>;
}

/** The configuration of {@link createUserWebhook}. */
export interface UserWebhookConfig {
  /** The directory that is updated by the webhooks, or a function that returns the one of a company, or undefined. */
  readonly directory: Directory | ((companyId: number) => Directory | undefined | Promise<Directory | undefined>);
  /** The `http_auth_user` of the webhook. */
  readonly username: string;
  /** Its `http_auth_password`: the only thing by which a webhook is known to be Pipedrive's. Make it long and random. */
  readonly password: string;
  /** Called when what a webhook reported could not be taken, such as where the company could not be asked for. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Keeps a Worker alive for work after its response, as Cloudflare's and Vercel's contexts do. */
export interface WebhookContext {
  /** Called with the work that continues after the response. */
  waitUntil(work: Promise<unknown>): void;
}

/** Far more than any webhook has, and far longer than one takes to arrive. */
const MAX_BYTES = 1024 * 1024;
const MAX_MS = 5_000;

const NAMES = ["directory", "username", "password", "onError"];

/**
 * Makes a handler of Pipedrive's webhooks for users, versions 1 and 2: subscribe it to `*.user`. It responds before any work, since
 * Pipedrive bans a webhook that is slow; what comes late, twice or malformed changes nothing. `toNodeListener()` serves it in Node.js;
 * a Worker passes its context, so that it lives until the work is done.
 */
export function createUserWebhook(config: UserWebhookConfig): (request: Request, context?: WebhookContext) => Promise<Response> {
  checkKeys("config", undefined, "the webhook's configuration", config, NAMES);
  const { directory, username, password, onError } = config;
  for (const [name, value] of Object.entries({ username, password })) {
    if (typeof value !== "string" || value === "") throw configError(`${name} must be a string that is not empty: it is how the webhook knows Pipedrive`);
  }
  if (username.includes(":")) throw configError("username must have no colon, which ends it in Basic authentication");
  if (!isFunction(directory) && !isFunction((directory as Partial<Directory> | null | undefined)?.merge)) throw configError("directory must be a UserDirectory, or a function that returns that of a company");
  checkSetting("onError", onError, [isFunction, "a function"]);
  const directoryOf = async (companyId: number) => (typeof directory === "function" ? directory(companyId) : directory);

  const take = async (body: string): Promise<void> => {
    const news = (await serverCore()).readUserWebhook(body);
    if (news) await (await directoryOf(news.companyId))?.merge(news);
  };

  return async (request, context) => {
    checkRequest(request);
    if (request.method !== "POST") return new Response(null, { status: 405, headers: { allow: "POST" } });
    const { isBasic } = await serverCore();
    if (!isBasic(request.headers.get("authorization") ?? "", username, password)) {
      return new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="webhooks", charset="UTF-8"' } });
    }
    const body = await readBody(request);
    if (typeof body === "number") return new Response(null, { status: body });
    // In a turn of its own: the response goes first.
    const work = new Promise<void>((resolve) => setTimeout(resolve)).then(() => take(body)).catch((error: unknown) => callHook(() => onError?.(error)));
    context?.waitUntil(work);
    return new Response(null, { status: 204 });
  };
}

/** Returns the text of a body, or the status of the response where there is none. */
async function readBody(request: Request): Promise<string | number> {
  // A body that was read before has no reader.
  if (request.bodyUsed || request.body?.locked) return 400;
  const reader = request.body?.getReader();
  if (!reader) return "";
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void reader.cancel().catch(() => undefined);
  }, MAX_MS);
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (isLate) return 408;
      if (done) return text + decoder.decode();
      length += value.length;
      if (length > MAX_BYTES) {
        void reader.cancel().catch(() => undefined);
        return 413;
      }
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    return 400;
  } finally {
    clearTimeout(timer);
  }
}
