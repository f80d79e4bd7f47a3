import { load } from "../client.js";
import { OPERATIONS } from "../conduct.js";
import type { CoreExports } from "../generated/core.js";
import type { OperationId } from "../generated/operations.js";

/** What the server half's module decides beside the client's: in its script it stands in the client's place. */
interface ServerExports extends CoreExports {
  verifySignedToken(jwt: string, secret: string, now: number): [companyId: number, userId: number, expiresAt: number] | Refused;
  permit(method: string, path: string, allowed: string[]): [place: number, id: string] | Refused;
  freshness(left: number): 0 | 1 | 2;
  replaces(number: number, isSpent: boolean, other: number, isOtherSpent: boolean): boolean;
  isPipedrive(apiDomain: string, loopback: boolean): boolean;
}

type Refused = [nothing: undefined, status: number, error: string, info: string];

/** A token may be used as it is, is to be renewed behind the calls that use it, or is to be waited for. */
export const AGING = 1;
export const STALE = 2;

/** Why a request is not let through, in Pipedrive's own words where it has any. */
export class Refusal {
  constructor(
    readonly status: number,
    readonly error: string,
    readonly info: string,
  ) {}
}

/** The core's decisions. */
export async function decisions() {
  const { exports } = await load();
  const core = exports as ServerExports;
  const checked = <T extends unknown[]>(answer: T | Refused): T => {
    const [first, ...refusal] = answer as Refused;
    if (first === undefined) throw new Refusal(...refusal);
    return answer as T;
  };
  return {
    core,
    verify: (jwt: string, secret: string, now: number) => checked(core.verifySignedToken(jwt, secret, now) as [number, number, number]),
    /** The operation that a request is for, and the id in its path. */
    permit: (method: string, path: string, allowed: readonly OperationId[]): [operation: OperationId, id: string] => {
      const [place, id] = checked(core.permit(method, path, [...allowed]) as [number, string]);
      return [OPERATIONS[place]!, id];
    },
    freshness: (left: number) => core.freshness(left),
    replaces: (one: Generation, other: Generation) => core.replaces(one.generation, one.isSpent, other.generation, other.isSpent),
    isPipedrive: (apiDomain: string, loopback: boolean) => core.isPipedrive(apiDomain, loopback),
  };
}

/** Which of a user's tokens it is, and whether Pipedrive takes its refresh token no more. */
export interface Generation {
  readonly generation: number;
  readonly isSpent: boolean;
}

export type Decisions = Awaited<ReturnType<typeof decisions>>;
