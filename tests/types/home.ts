// What programs and their tests write around the client.
import {
  type AnyPipedriveError, ApiPromise, type CallOptions, type CursorPage, ENDPOINTS, type Follower, isPipedriveError, NotFoundError, RateLimitError, type User, UsersClient,
  type UsersEvent, type UsersOperations,
} from "pipedrive-users";
import { createSandbox, fakePage, type SandboxFailure } from "pipedrive-users/sandbox";
import type { Expect, Same } from "./assert.js";

declare const user: User;
declare const environment: Record<string, string | undefined>;

// The first snippet of the README.
export const client = new UsersClient({ apiToken: environment["PIPEDRIVE_API_TOKEN"] });

// A plain object of async functions is a client.
export const fake: Pick<UsersOperations, "getUser" | "getUserFollowers"> = {
  getUser: async (id) => ({ ...user, id }),
  getUserFollowers: () => fakePage<Follower>([]),
};
export const whole: UsersOperations = client;
export const mocked: Pick<UsersClient, "getUser"> = { getUser: () => ApiPromise.resolve(user) };
export async function followers(operations: Pick<UsersOperations, "getUserFollowers">) {
  const page: CursorPage<Follower> = await operations.getUserFollowers(7, { limit: 5 });
  return page.items.length;
}

export const errors = [new NotFoundError("no such user"), new RateLimitError("slow", { kind: "rate_limit", scope: "burst" })];

export function explain(error: unknown): string {
  if (!isPipedriveError(error)) return "unknown";
  type Union = Expect<Same<typeof error, AnyPipedriveError>>;
  switch (error.kind) {
    case "rate_limit":
      return `${error.scope} ${error.resetAt.toISOString()}`;
    case "not_found":
      return String(error.status) satisfies string as string & Partial<Union>;
    default:
      return error.operation === undefined ? error.message : ENDPOINTS[error.operation].method;
  }
}

export function span(event: UsersEvent): string {
  const { callId, method, operation, cost } = event;
  if (event.type === "response") return `${callId} ${method} ${operation} ${cost} ${event.durationMs.toFixed()}`;
  return event.type === "retry" ? event.text : "";
}

export const follow = (id: number, options: CallOptions & { limit?: number | undefined }) => client.getUserFollowers(id, options);

export function failures() {
  const sandbox = createSandbox({ users: undefined, app: { scopes: ["base"] as const } });
  const failure: SandboxFailure = { operation: "getUser", status: 503, times: undefined };
  sandbox.fail(failure);
  sandbox.fail({ operation: "token", fault: "reset", delayMs: 5 });
  // @ts-expect-error no such operation
  sandbox.fail({ operation: "getDeals", status: 500 });
  // @ts-expect-error no such fault
  sandbox.fail({ fault: "earthquake" });
}
