import { ApiPromise } from "./api-promise.js";
import { checkConfig } from "./config.js";
import { CoreClient, load } from "./core-client.js";
import { EndpointMethods } from "./generated/methods.js";
import type { OperationId } from "./generated/operations.js";
import { type Page, PagePromise, type PageClass } from "./pages.js";
import type { CallOptions, RateLimit, Usage, UsersClientConfig } from "./types.js";

/** Loads the WebAssembly now, instead of behind the first call. Rejects with a {@link LoadError}; a later call tries again. */
export async function preload(): Promise<void> {
  await load();
}

/** A client of Pipedrive's Users API, for one user of one company. */
export class UsersClient extends EndpointMethods {
  readonly #core: CoreClient;

  /**
   * Makes a client. Nothing is loaded or sent before the first call. A configuration that cannot be used throws a
   * {@link ConfigError}.
   */
  constructor(config: UsersClientConfig) {
    super();
    this.#core = new CoreClient(checkConfig(config));
  }

  /** What this client has spent since it was made: in all, and per operation. */
  get usage(): Usage {
    return this.#core.usage;
  }

  /** The rate limits as the last response told them. */
  get rateLimit(): RateLimit {
    return this.#core.rateLimit;
  }

  /** Aborts all calls in flight, and frees what the client holds. Later calls are refused. */
  close(): void {
    this.#core.close();
  }

  /** @internal */
  protected override call<Data>(operation: OperationId, values: readonly unknown[], options: CallOptions | undefined): ApiPromise<Data> {
    return new ApiPromise<Data>(this.#core.call<Data>({ operation, values, options, above: this[operation] }), (outcome) => outcome.data);
  }

  /** @internal */
  protected override pages<Item, P extends Page<Item>>(
    operation: OperationId,
    values: readonly unknown[],
    options: CallOptions | undefined,
    begin: "cursor" | "start",
    Kind: PageClass<Item, P>,
  ): PagePromise<Item, P> {
    const request = (from?: string | number) =>
      this.#core.call<Item[]>(from === undefined ? { operation, values, options, above: this[operation] } : { operation, values, options, page: { [begin]: from } });
    return new PagePromise<Item, P>(operation, request(), request, Kind);
  }
}
