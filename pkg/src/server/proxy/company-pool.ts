import { CoreClient } from "../../core-client.js";
import { isPipedriveError } from "../../errors.js";
import type { TokenFunction, TokenRequest, UsersClientOptions } from "../../types.js";
import { type Identity, keyOf } from "../oauth/tenant.js";
import type { ProxyRequest } from "./request.js";
import { FORWARDED_HEADERS } from "./response.js";

/** The settings of the companies' clients. */
export type PoolOptions = Pick<UsersClientOptions, "timeoutMs" | "maxConcurrency" | "dailyTokenBudget" | "limits" | "logger" | "logLevel" | "onEvent" | "fetch">;

/** Number of companies whose clients are kept; the longest idle one is closed first. */
const MAX_COMPANIES = 1_000;

/** Stands for the company's origin, which is known only once there is a token. */
const PLACEHOLDER = "https://company.invalid";

/** The part of a response of Pipedrive that is forwarded. */
export interface UpstreamResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Returns a user's access token, and where to send it. */
export type UserCredential = (request: TokenRequest) => Promise<Destination>;

interface Destination {
  readonly token: string;
  /** The origin of the company's API. */
  readonly apiDomain: string;
}

interface Company {
  readonly client: CoreClient;
  /** Of the requests in flight. */
  readonly destinations: Set<Destination>;
  /** Number of requests in flight. */
  busy: number;
}

/**
 * One client for each company, shared by its users: companies have separate limits and budgets. Where limits are shared with
 * other processes, there is one for each user instead: the limits count calls for each user, and the budget for the company.
 * The identity was verified, so that a caller cannot choose it; each request has its own user's credential.
 */
export class CompanyPool {
  readonly #companies = new Map<string, Company>();

  constructor(private readonly options: PoolOptions) {}

  /** Sends a request within the company's limits. Rejects if there is no response to forward. */
  async send(identity: Identity, { operation, values, options }: ProxyRequest, userCredential: UserCredential, signal: AbortSignal): Promise<UpstreamResponse> {
    const company = this.#company(identity);
    let destination: Destination | undefined;
    let failure: { error: unknown } | undefined;
    // The client calls it once it has checked the arguments.
    const credential: TokenFunction = async (request) => {
      try {
        if (destination) company.destinations.delete(destination);
        destination = await userCredential(request);
        company.destinations.add(destination);
        return destination.token;
      } catch (error) {
        failure = { error };
        throw error;
      }
    };
    company.busy++;
    try {
      // Retrying is up to the page's own client.
      const { response, body = "" } = await company.client.call({ operation, values, options: { ...options, signal, maxRetries: 0 }, credential, keepsBody: true });
      return forwarded(response.status, response.headers, body);
    } catch (error) {
      // The client reports it as an AuthenticationError, also if the OAuth server or the store was at fault.
      if (failure) throw failure.error;
      if (!isPipedriveError(error) || error.body === undefined || !(error.status! >= 400)) throw error;
      return forwarded(error.status!, error.headers, error.body);
    } finally {
      company.busy--;
      if (destination) company.destinations.delete(destination);
    }
  }

  #company(identity: Identity): Company {
    const key = this.options.limits ? keyOf(identity) : String(identity.companyId);
    const company = this.#companies.get(key) ?? this.#open(identity);
    this.#companies.delete(key);
    this.#companies.set(key, company);
    if (this.#companies.size > MAX_COMPANIES) {
      for (const [id, { busy, client }] of this.#companies) {
        if (busy) continue;
        client.close();
        this.#companies.delete(id);
        break;
      }
    }
    return company;
  }

  #open(identity: Identity): Company {
    const destinations = new Set<Destination>();
    const send = (url: string, init: RequestInit) => {
      const token = new Headers(init.headers).get("authorization")?.slice("Bearer ".length);
      const destination = [...destinations].find((one) => one.token === token);
      return (this.options.fetch ?? globalThis.fetch)(destination!.apiDomain + url.slice(PLACEHOLDER.length), init);
    };
    // A company's host wants /api/v1.
    const config = { ...this.options, limits: this.options.limits?.for(identity), fetch: send, credential: undefined, isAccessToken: true, v1: `${PLACEHOLDER}/api/v1`, v2: `${PLACEHOLDER}/api/v2`, headers: [] };
    return { client: new CoreClient(config), destinations, busy: 0 };
  }
}

function forwarded(status: number, headers: Readonly<Record<string, string>>, text: string): UpstreamResponse {
  const kept = FORWARDED_HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]] as [string, string]]));
  return { status, headers: new Headers(kept), text };
}
