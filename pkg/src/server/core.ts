import { load } from "../core-client.js";
import { makeError, type PipedriveError } from "../errors.js";
import { OPERATIONS, type OperationId } from "../generated/operations.js";
import type { Exports } from "../generated/server.js";

type Refused = [nothing: undefined, status: number, error: string, info: string];

/** A token may be used as it is, is renewed behind the calls that use it, or is waited for. */
export const EXPIRING_SOON = 1;
export const EXPIRED = 2;

/** Why a request is refused, in Pipedrive's own words where it has any. */
export class Refusal {
  constructor(
    readonly status: number,
    readonly error: string,
    readonly info: string,
  ) {}
}

/** What the server's module decides: in the server's script it stands in the place of the client's. */
export async function serverCore() {
  const core = (await load()).exports as unknown as Exports;
  const checked = <T extends unknown[]>(result: T | Refused): T => {
    const [first, ...refusal] = result as Refused;
    if (first === undefined) throw new Refusal(...refusal);
    return result as T;
  };
  return {
    verify: (jwt: string, secret: string, now: number) => checked(core.verifySignedToken(jwt, secret, now) as [number, number, number]),
    /** The operation that a request is for, and the id in its path. */
    permit: (method: string, path: string, allowed: readonly OperationId[]): [operation: OperationId, id: string] => {
      const [index, id] = checked(core.permit(method, path, [...allowed]) as [number, string]);
      return [OPERATIONS[index]!, id];
    },
    tokenState: (millisecondsLeft: number) => core.freshness(millisecondsLeft),
    replaces: (one: Generation, other: Generation) => core.replaces(one.generation, one.isSpent, other.generation, other.isSpent),
    isPipedrive: (apiDomain: string, loopback: boolean) => core.isPipedrive(apiDomain, loopback),
    /** A copy of something that was thrown, or of a text, without the secrets that it may repeat. */
    redact: <T>(thrown: T, secrets: readonly string[]): T => core.redact(thrown, [...secrets]) as T,
  };
}

/** The version of a user's tokens, and whether Pipedrive no longer accepts the refresh token. */
export interface Generation {
  readonly generation: number;
  readonly isSpent: boolean;
}

export type ServerCore = Awaited<ReturnType<typeof serverCore>>;

/** The error of a configuration that cannot be used. */
export const configError = (text: string): PipedriveError => makeError(text, { kind: "config" });
