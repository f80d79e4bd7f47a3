import type { CheckedConfig } from "../../config.js";
import { type ClientLoader, loader } from "../../core-client.js";
import type { SharedLimits } from "../../types.js";
import { configError } from "../core.js";
import { sha256 } from "../crypto.js";
import { keyOf, type Identity } from "../oauth/tenant.js";
import { LimitDriver, type LoadedInstance } from "./driver.js";
import type { LimitKeys, LimitStore } from "./store.js";

/** The limits of one store, for all clients of this process. */
export class Limits implements SharedLimits {
  constructor(
    private readonly store: LimitStore,
    private readonly drivers = new Map<string, LimitDriver>(),
    /** Whose limits they are; otherwise those of the client's own token. */
    private readonly identity?: Identity,
  ) {}

  for(identity: Identity): Limits {
    return new Limits(this.store, this.drivers, identity);
  }

  attach(config: object): ClientLoader {
    const { dailyTokenBudget } = config as CheckedConfig;
    const naming = this.#keys(config as CheckedConfig);
    let keys: LimitKeys | undefined;
    return {
      load: async () => {
        const [instance, named] = await Promise.all([loader.load(), naming()]);
        keys = named;
        return instance;
      },
      giveUp: () => loader.giveUp(),
      core: (instance: Parameters<NonNullable<ClientLoader["core"]>>[0], settings: object) =>
        this.#driver(instance as unknown as LoadedInstance, keys!, dailyTokenBudget).core(settings) as unknown as ReturnType<NonNullable<ClientLoader["core"]>>,
    };
  }

  /** Returns a function that names the keys. */
  #keys({ credential, companyDomain, v1 }: CheckedConfig): () => Promise<LimitKeys> {
    const { identity } = this;
    if (identity) {
      const keys = { token: `user:${keyOf(identity)}`, company: `company:${identity.companyId}` };
      return async () => keys;
    }
    if (typeof credential !== "string") {
      throw configError("limits need a token that is a string, since they are counted for each token; oauth.client() and createUsersProxy() count them for each user");
    }
    return async () => {
      const token = `token:${await sha256(credential)}`;
      return { token, company: companyDomain === undefined ? token : `host:${new URL(v1).host}` };
    };
  }

  #driver(instance: LoadedInstance, keys: LimitKeys, budget: number | undefined): LimitDriver {
    const name = JSON.stringify([keys, budget]);
    const known = this.drivers.get(name);
    if (known && !known.isOver(instance)) return known;
    const driver = new LimitDriver(instance, this.store, keys, budget, () => {
      if (this.drivers.get(name) === driver) this.drivers.delete(name);
    });
    this.drivers.set(name, driver);
    return driver;
  }
}
