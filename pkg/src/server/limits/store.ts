/** What a limit is stored under. A token is hashed, and no key is of a caller's choice. */
export interface LimitKeys {
  /** The token whose calls are counted, or the user of a company whose tokens they are. */
  readonly token: string;
  /** The company whose daily budget is counted. */
  readonly company: string;
}

/** The kinds of stores, as Rust numbers them. */
export const StoreKind = { Memory: 0, Redis: 1, DurableObject: 2, DenoKv: 3 } as const;

/** A store of shared limits: one operation, which it carries out atomically for each company. */
export interface LimitStore {
  readonly kind: (typeof StoreKind)[keyof typeof StoreKind];
  /** Takes down what a process reports, and returns what it is granted. */
  reserve(keys: LimitKeys, request: readonly number[]): Promise<readonly number[]>;
}
