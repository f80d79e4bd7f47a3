import { checkKeys, isFunction } from "../../check.js";
import { UsersClient } from "../../client.js";
import { loader } from "../../core-client.js";
import { isPipedriveError, makeError, type PipedriveError } from "../../errors.js";
import { SETTINGS } from "../../generated/settings.js";
import type { SharedLimits, TokenFunction, UsersClientOptions } from "../../types.js";
import { STORE_FAILED } from "../stores/checked.js";
import type { Identity, Tenant } from "./tenant.js";

/** The settings of a user's client, besides its credential. */
export type TenantOptions = Omit<UsersClientOptions, "companyDomain" | "baseUrl" | "fetch" | "dangerouslyAllowBrowser">;

/** What is known of each user already, or cannot be chosen. */
const OWN_SETTINGS = ["apiToken", "companyDomain", "baseUrl", "fetch", "accessToken", "dangerouslyAllowBrowser"];

/** Checks the options of a user's client, and returns them with the limits of the user. */
export function checkOptions(options: TenantOptions, identity: Identity): TenantOptions {
  checkKeys("config", undefined, "the options of a user's client", options, Object.keys(SETTINGS).filter((name) => !OWN_SETTINGS.includes(name)));
  const { limits } = options;
  return { ...options, limits: isFunction(limits?.for) ? limits!.for(identity) : limits };
}

/** Stands for a token that could not be refreshed yet: the attempt asks for it again. */
const UNAVAILABLE = "unavailable";

/** No shared limits. The client runs in the server's module, which contains its own. */
const UNSHARED: SharedLimits = { attach: () => loader, for: () => UNSHARED };

/** Returns the credential function of a user's client. */
export function tokenOf(tenant: Tenant): TokenFunction {
  return async ({ refused }) => {
    if (refused !== undefined) tenant.refuse(refused);
    try {
      return await tenant.token();
    } catch (error) {
      // An error that is not of this package is of the app's store.
      if (!isPipedriveError(error) || isOutage(error)) return UNAVAILABLE;
      throw error;
    }
  };
}

/** Makes a client whose company's host is known only once there is a token. */
export function makeClient(fetch: typeof globalThis.fetch | undefined, token: TokenFunction, apiDomain: () => string, { limits = UNSHARED, ...options }: TenantOptions = {}, tenant?: Tenant): UsersClient {
  const send = (fetch ?? globalThis.fetch) as NonNullable<UsersClientOptions["fetch"]>;
  return new UsersClient({
    ...options,
    limits,
    accessToken: token,
    // A placeholder: the company's host is known only once the client has called the credential function.
    companyDomain: "tenant",
    fetch: async (url, init) => {
      const { pathname, search } = new URL(url);
      const headers = new Headers(init.headers as HeadersInit);
      const isUnavailable = headers.get("authorization") === `Bearer ${UNAVAILABLE}`;
      if (isUnavailable) {
        try {
          headers.set("authorization", `Bearer ${await tenant!.token()}`);
        } catch (error) {
          return outageResponse(error, tenant!.pauseMs);
        }
      }
      const response = await send(apiDomain() + pathname + search, isUnavailable ? { ...init, headers: Object.fromEntries(headers) } : init);
      const accessToken = headers.get("authorization")?.slice("Bearer ".length) ?? "";
      if (response.status === 401) tenant?.refuse(accessToken);
      else if (response.status < 400) tenant?.accept(accessToken);
      return response;
    },
  });
}

/** Whether Pipedrive's OAuth server is at fault, for a while. */
const isOutage = (error: unknown): error is PipedriveError =>
  isPipedriveError(error) && error.code !== STORE_FAILED && ["server", "connection", "timeout"].includes(error.kind);

/** What an attempt gets whose token could not be refreshed: the client then retries as usual. */
function outageResponse(error: unknown, pauseMs: number): Response {
  if (!isPipedriveError(error)) throw makeError("the store of the tokens failed", { kind: "connection", cause: error });
  if (!isOutage(error) || error.kind === "connection" || error.kind === "timeout") throw error;
  const body = { success: false, error: error.message, errorCode: 503 };
  return new Response(JSON.stringify(body), { status: 503, headers: { "content-type": "application/json", "retry-after": String(Math.ceil(pauseMs / 1000)) } });
}

