import type { TokenFunction, TokenRequest } from "./types.js";

/** A token, and until when it is good; a number is in milliseconds since 1970. */
export interface ExpiringToken {
  readonly token: string;
  readonly expiresAt?: Date | number | undefined;
}

/**
 * Makes a credential function for **one** identity: one request for all calls that wait, the token kept until it is refused
 * or its `expiresAt` comes. Never use it where one client serves several users.
 */
export function cachedToken(fetchToken: (request: TokenRequest) => string | ExpiringToken | Promise<string | ExpiringToken>): TokenFunction {
  let current: ExpiringToken | undefined;
  let pending: Promise<string> | undefined;

  const isGood = ({ refused }: TokenRequest) =>
    current !== undefined && current.token !== refused && (current.expiresAt === undefined || Number(current.expiresAt) > Date.now());

  const ask = (request: TokenRequest): Promise<string> => {
    const asking: Promise<string> = new Promise<string | ExpiringToken>((resolve) => resolve(fetchToken(request))).then((given) => {
      const token = typeof given === "string" ? { token: given } : given;
      if (pending === asking) current = token;
      return token.token;
    });
    // Whoever comes later asks anew, also where this one never ends.
    const forget = () => {
      if (pending === asking) pending = undefined;
    };
    asking.then(forget, forget);
    request.signal?.addEventListener("abort", forget, { once: true });
    return asking;
  };

  return (request) => (isGood(request) ? current!.token : (pending ??= ask(request)));
}
