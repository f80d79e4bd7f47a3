import { addAbortListener, removeAbortListener } from "./abort.js";
import { isPipedriveError } from "./errors.js";
import type { TokenFunction, TokenRequest } from "./types.js";

/** A token, and until when it is good. */
export interface ExpiringToken {
  /** The token. */
  readonly token: string;
  /** A number is in milliseconds since 1970. Without it the token is kept until it is refused. */
  readonly expiresAt?: Date | number | undefined;
}

/** A request for a token, and how many calls wait for it. */
type Pending = { readonly token: Promise<string>; readonly controller: AbortController; waiting: number };

/**
 * Makes a credential function for **one** identity: one request for all calls that wait, the token kept until it is refused
 * or its `expiresAt` comes. Never use it where one client serves several users. The `signal` that `fetchToken` gets aborts
 * when no call waits for the token any more.
 */
export function cachedToken(fetchToken: (request: TokenRequest) => string | ExpiringToken | Promise<string | ExpiringToken>): TokenFunction {
  let current: ExpiringToken | undefined;
  let pending: Pending | undefined;

  const forget = (request: Pending) => void (pending === request && (pending = undefined));

  const ask = (refused: string | undefined): Pending => {
    const controller = new AbortController();
    const fetched = async () => {
      const given = await fetchToken({ refused, signal: controller.signal });
      const latest = typeof given === "string" ? { token: given } : given;
      if (pending === request) current = latest;
      return latest.token;
    };
    const request: Pending = { token: fetched(), controller, waiting: 0 };
    return request;
  };

  return async ({ refused, signal }) => {
    if (current && current.token !== refused && Number(current.expiresAt ?? Infinity) > Date.now()) return current.token;
    const request = (pending ??= ask(refused));
    let isOver!: (reason: unknown) => void;
    const over = new Promise<never>((_, reject) => (isOver = reject));
    request.waiting++;
    addAbortListener(signal, isOver);
    try {
      return await Promise.race([request.token, over]);
    } catch (reason) {
      // One that takes too long is no reason for those who come later to wait for it too.
      if (isPipedriveError(reason, "timeout")) forget(request);
      throw reason;
    } finally {
      removeAbortListener(signal, isOver);
      if (--request.waiting === 0) {
        forget(request);
        request.controller.abort();
      }
    }
  };
}
