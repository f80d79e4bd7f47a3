import { CoreClient } from "../../core-client.js";
import { isPipedriveError } from "../../errors.js";
import type { TokenFunction, UsersClientOptions } from "../../types.js";
import type { ProxyRequest } from "./request.js";
import { FORWARDED_HEADERS } from "./response.js";

/** What the companies' clients are made with. */
export type PoolOptions = Pick<UsersClientOptions, "timeoutMs" | "maxConcurrency" | "dailyTokenBudget" | "logger" | "logLevel" | "onEvent" | "fetch">;

/** Companies whose limits are remembered; an idle one is forgotten first. */
const MAX_COMPANIES = 1_000;

/** A response of Pipedrive, as it is forwarded. */
export interface UpstreamResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface Company {
  readonly client: CoreClient;
  readonly apiDomain: string;
  /** Requests under way. */
  busy: number;
}

/**
 * A client for each company, which its users share: one company's limits and budget are never another's. The company is the
 * verified token's, never something that a caller could make up; each request brings its own user's credential.
 */
export class CompanyPool {
  readonly #companies = new Map<number, Company>();

  constructor(private readonly options: PoolOptions) {}

  /** Sends one request in its turn. Rejects only where there is no response to forward. */
  async send(companyId: number, apiDomain: string, request: ProxyRequest, credential: TokenFunction, signal: AbortSignal): Promise<UpstreamResponse> {
    const company = this.#company(companyId, apiDomain);
    company.busy++;
    let tokenError: unknown;
    const remember: TokenFunction = async (tokenRequest) => {
      try {
        return await credential(tokenRequest);
      } catch (error) {
        tokenError = error;
        throw error;
      }
    };
    const { operation, values, options } = request;
    try {
      // The page's own client knows when to send it again.
      const { response, body = "" } = await company.client.call({ operation, values, options: { ...options, signal, maxRetries: 0 }, credential: remember, keepsBody: true });
      return forwarded(response.status, response.headers, body);
    } catch (error) {
      if (tokenError !== undefined) throw tokenError;
      if (!isPipedriveError(error) || error.body === undefined || !(error.status! >= 400)) throw error;
      return forwarded(error.status!, error.headers, error.body);
    } finally {
      company.busy--;
    }
  }

  #company(companyId: number, apiDomain: string): Company {
    let company = this.#companies.get(companyId);
    if (company?.apiDomain !== apiDomain) company = this.#open(apiDomain);
    this.#companies.delete(companyId);
    this.#companies.set(companyId, company);
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

  #open(apiDomain: string): Company {
    // A company's host wants /api/v1.
    const config = { ...this.options, credential: undefined, isAccessToken: true, v1: `${apiDomain}/api/v1`, v2: `${apiDomain}/api/v2`, headers: [] };
    return { client: new CoreClient(config), apiDomain, busy: 0 };
  }
}

function forwarded(status: number, headers: Readonly<Record<string, string>>, text: string): UpstreamResponse {
  const kept = FORWARDED_HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]] as [string, string]]));
  return { status, headers: new Headers(kept), text };
}
