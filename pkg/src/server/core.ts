import { loader } from "../core-client.js";
import { makeError, type PipedriveError } from "../errors.js";
import { OPERATIONS, type OperationId } from "../generated/operations.js";
import type { UserNews } from "../directory/directory.js";
import type { Exports } from "../generated/server.js";

type RefusedResult = [nothing: undefined, status: number, error: string, info: string];

/** What to do with an access token, by the time that it has left. */
export const TokenState = {
  /** Use it. */
  Valid: 0,
  /** Use it, and renew it in the background. */
  ExpiringSoon: 1,
  /** Wait for a new one. */
  Expired: 2,
} as const;

/** Why a request is refused, in Pipedrive's own words where it has any. */
export class Refusal {
  constructor(
    readonly status: number,
    readonly error: string,
    readonly info: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}
}

/** Returns the functions of the server module, which replaces the client's in the server script: at once while it runs, otherwise once it is loaded. */
export const serverCore = (): ServerCore | Promise<ServerCore> => (current?.instance.stopped === false ? current.functions : loadCore());

async function loadCore(): Promise<ServerCore> {
  const instance = await loader.load();
  if (current?.instance !== instance) current = { instance, functions: functionsOf(instance.exports as unknown as Exports) };
  return current.functions;
}

/** The running instance of the module, and its functions. */
let current: { readonly instance: { readonly stopped: boolean }; readonly functions: ServerCore } | undefined;

function functionsOf(core: Exports) {
  const checked = <T extends unknown[]>(result: T | RefusedResult): T => {
    const [first, ...refusal] = result as RefusedResult;
    if (first === undefined) throw new Refusal(...refusal);
    return result as T;
  };
  return {
    verify: (jwt: string, secret: string, now: number) => checked(core.verifySignedToken(jwt, secret, now) as [number, number, number]),
    /** The operation that a request is for, and the id in its path. */
    permit: (method: string, path: string, allowed: readonly OperationId[]): [operation: OperationId, id: string] => {
      const [index, id] = checked(core.permit(method, path, allowed as OperationId[]) as [number, string]);
      return [OPERATIONS[index]!, id];
    },
    tokenState: (millisecondsLeft: number) => core.freshness(millisecondsLeft),
    replaces: (one: Generation, other: Generation) => core.replaces(one.generation, one.isRevoked, other.generation, other.isRevoked),
    isPipedrive: (apiDomain: string, loopback: boolean) => core.isPipedrive(apiDomain, loopback),
    /** Whether a header has the credentials of a webhook, compared in constant time. */
    isBasic: (authorization: string, username: string, password: string) => core.isBasic(authorization, username, password),
    /** What a webhook reports of a user, if it is one of Pipedrive's. */
    readUserWebhook: (body: string): UserNews | undefined => {
      const read = core.readUserWebhook(body) as [number, number, number, boolean, UserNews["members"]] | undefined;
      if (!read) return undefined;
      const [id, companyId, at, isDeleted, members] = read;
      return { id, companyId, at, isDeleted, members };
    },
    /** Returns a copy of a text or of something thrown, without the secrets that it may repeat. */
    redact: <T>(thrown: T, secrets: readonly string[]): T => core.redact(thrown, [...secrets]) as T,
  };
}

/** The version of a user's tokens. */
export interface Generation {
  /** Counts the token pairs of the user, from 1. */
  readonly generation: number;
  /** Whether Pipedrive no longer accepts the refresh token. */
  readonly isRevoked: boolean;
}

export type ServerCore = ReturnType<typeof functionsOf>;

/** Makes the error of a configuration that cannot be used. */
export const configError = (text: string): PipedriveError => makeError(text, { kind: "config" });
