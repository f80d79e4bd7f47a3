// What each call takes and returns.
import type { Access, CallOptions, CurrentUser, Follower, ResponseInfo, RoleAssignment, RoleSettings, User, UserPermissions } from "pipedrive-users";
import { type ApiPromise, type CursorPage, ENDPOINTS, type OffsetPage, type OperationId, type PagePromise, type UsersClient, type UsersOperations } from "pipedrive-users";
import type { Expect, IsAny, Not, Same } from "./assert.js";

declare const client: UsersClient;
declare const signal: AbortSignal;

type Result<K extends OperationId> = ReturnType<UsersClient[K]>;
export type Returns = [
  Expect<Same<Result<"getUsers">, ApiPromise<User[]>>>,
  Expect<Same<Result<"findUsersByName">, ApiPromise<User[]>>>,
  Expect<Same<Result<"getCurrentUser">, ApiPromise<CurrentUser>>>,
  Expect<Same<Result<"getUser">, ApiPromise<User>>>,
  Expect<Same<Result<"getUserFollowers">, PagePromise<Follower, CursorPage<Follower>>>>,
  Expect<Same<Result<"getUserPermissions">, ApiPromise<UserPermissions>>>,
  Expect<Same<Result<"getUserRoleAssignments">, PagePromise<RoleAssignment, OffsetPage<RoleAssignment>>>>,
  Expect<Same<Result<"getUserRoleSettings">, ApiPromise<RoleSettings>>>,
  Expect<Same<Result<"addUser">, ApiPromise<User>>>,
  Expect<Same<Result<"updateUser">, ApiPromise<User>>>,
  Expect<Same<Awaited<Result<"getUsers">>, User[]>>,
  Expect<Same<Awaited<Result<"getCurrentUser">>, CurrentUser>>,
  Expect<Same<Awaited<Result<"getUserFollowers">>, CursorPage<Follower>>>,
  Expect<Same<Awaited<Result<"getUserRoleAssignments">>, OffsetPage<RoleAssignment>>>,
  Expect<Not<IsAny<Awaited<Result<"getUserPermissions">>>>>,
  Expect<Same<OperationId, keyof UsersOperations>>,
  Expect<Same<keyof typeof ENDPOINTS, OperationId>>,
  Expect<Same<(typeof ENDPOINTS)["findUsersByName"]["cost"], 40>>,
  Expect<Same<(typeof ENDPOINTS)["addUser"]["method"], "POST">>,
  Expect<Same<(typeof ENDPOINTS)["getCurrentUser"]["scope"], "base">>,
];

export async function calls() {
  const users: User[] = await client.getUsers();
  // noUncheckedIndexedAccess
  // @ts-expect-error the list may be empty
  users[0].id;
  const { data, response } = await client.getUser(7, { signal, timeoutMs: 5, maxRetries: 0, headers: { a: "b" } }).withResponse();
  type Inside = [Expect<Same<typeof data, User>>, Expect<Same<typeof response, ResponseInfo>>];
  const status: number = response.status;
  const requestId: string | undefined = response.requestId;
  const resetAt: Date | undefined = response.rateLimit.resetAt;
  const then: Promise<number> = client.getUser(7).then((user) => user.id);
  const caught: Promise<User | null> = client.getUser(7).catch(() => null);
  const usual: Promise<User> = client.getUser(7);
  await client.findUsersByName("bond");
  await client.findUsersByName("bond", { searchByEmail: true, signal });
  await client.addUser({ email: "q@mi6.example" });
  await client.addUser({ email: "q@mi6.example", access: [{ app: "sales", admin: true, permission_set_id: "x" }, { app: "app_of_2030" }] as const, active_flag: true }, { signal });
  await client.updateUser(7, { active_flag: false });
  // What may be left out may be given as undefined.
  const maybe: { limit: number | undefined; signal: AbortSignal | undefined } = { limit: undefined, signal: undefined };
  await client.getUserFollowers(7, maybe);
  const options: CallOptions = { timeoutMs: undefined };
  await client.getUsers(options);
  return [status, requestId, resetAt, then, caught, usual] satisfies unknown[] as unknown as Inside;
}

export async function pages() {
  const followers = client.getUserFollowers(7, { limit: 500, cursor: "c" });
  const page = await followers;
  const cursor: string | undefined = page.nextCursor;
  const start: number | undefined = (await client.getUserRoleAssignments(7, { start: 0, limit: 1 })).nextStart;
  const more: boolean = page.hasNextPage;
  const second: CursorPage<Follower> = await page.getNextPage();
  for await (const follower of followers) {
    type Item = Expect<Same<typeof follower, Follower>>;
  }
  for await (const one of followers.pages()) {
    type Item = Expect<Same<typeof one, CursorPage<Follower>>>;
  }
  const all: Follower[] = await followers.toArray({ limit: 10_000 });
  const whole = await followers.withResponse();
  type Whole = Expect<Same<typeof whole.data, CursorPage<Follower>>>;
  // @ts-expect-error a cursor page has no start
  page.nextStart;
  // @ts-expect-error toArray needs a limit
  followers.toArray();
  // @ts-expect-error toArray needs a limit
  followers.toArray({});
  // @ts-expect-error items cannot be replaced
  page.items = [];
  return [cursor, start, more, second, all] as unknown as Whole;
}

export function wrong() {
  // @ts-expect-error an id is a number
  client.getUser("7");
  // @ts-expect-error an id is needed
  client.getUser();
  // @ts-expect-error null is no id
  client.getUserPermissions(null);
  // @ts-expect-error a bigint is no id
  client.getUserRoleSettings(7n);
  // @ts-expect-error a term is needed
  client.findUsersByName();
  // @ts-expect-error a term is text
  client.findUsersByName(7);
  // @ts-expect-error the option's name
  client.findUsersByName("a", { search_by_email: true });
  // @ts-expect-error a boolean
  client.findUsersByName("a", { searchByEmail: 1 });
  // @ts-expect-error never paged
  client.getUsers({ limit: 5 });
  // @ts-expect-error paged by cursor
  client.getUserFollowers(7, { start: 5 });
  // @ts-expect-error paged by start
  client.getUserRoleAssignments(7, { cursor: "c" });
  // @ts-expect-error an e-mail is needed
  client.addUser({ active_flag: true });
  // @ts-expect-error a name cannot be given
  client.addUser({ email: "q@mi6.example", name: "Q" });
  // @ts-expect-error Pipedrive's own name of the member
  client.addUser({ email: "q@mi6.example", activeFlag: true });
  // @ts-expect-error an app is needed
  client.addUser({ email: "q@mi6.example", access: [{ admin: true }] });
  // @ts-expect-error active_flag is needed
  client.updateUser(7, {});
  // @ts-expect-error active_flag is needed
  client.updateUser(7);
  // @ts-expect-error a boolean, no number
  client.updateUser(7, { active_flag: 1 });
  // @ts-expect-error nothing else can be changed
  client.updateUser(7, { active_flag: true, name: "Q" });
  // @ts-expect-error an unknown option
  client.getUsers({ timeout: 5 });
  // @ts-expect-error a signal
  client.getUsers({ signal: {} });
  // @ts-expect-error there is no such operation
  client.deleteUser(7);
  // @ts-expect-error constants do not change
  ENDPOINTS.getUser.cost = 1;
}

export const access: Access = { app: "app_of_2030", admin: true, permission_set_id: "x" };
