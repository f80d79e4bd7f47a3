import { checkConfig } from "./config.js";
import { CoreClient, loader } from "./core-client.js";
import { EndpointMethods } from "./generated/methods.js";
import { throwFromCaller } from "./stack.js";
import type { RateLimit, Usage, UsersClientConfig } from "./types.js";

/** Loads the WebAssembly now, instead of behind the first call. Rejects with a {@link LoadError}; a later call tries again. */
export async function preload(): Promise<void> {
  await loader.load();
}

/** A client of Pipedrive's Users API, for one user of one company. */
export class UsersClient extends EndpointMethods {
  /** Makes a client. Nothing is loaded or sent before the first call. A configuration that cannot be used throws a {@link ConfigError}. */
  constructor(config: UsersClientConfig) {
    super(throwFromCaller(new.target, () => new CoreClient(checkConfig(config))));
  }

  /** What this client has spent since it was made: in all, and per operation. */
  get usage(): Usage {
    return this._core().state.usage;
  }

  /** The rate limits as the last response reported them. */
  get rateLimit(): RateLimit {
    return this._core().state.rateLimit;
  }

  /** Aborts all calls in flight, and frees what the client holds. Later calls are refused. */
  close(): void {
    this._core().close();
  }
}
