import { UsersClient, type User } from "pipedrive-users";
import { type DirectoryEntry, type DirectoryEvent, type DirectoryStore, UserDirectory } from "pipedrive-users/directory";
import { createUserWebhook, denoKvStore, memoryStore, redisStore } from "pipedrive-users/server";
import type { Expect, Same } from "./assert.js";

const client = new UsersClient({ apiToken: "secret" });
const directory = new UserDirectory(client, { maxAgeMs: 1, staleMs: 2, store: memoryStore() });
new UserDirectory(client, { store: redisStore(async () => null) });
new UserDirectory({ getUsers: async () => [], getUser: async (id) => ({ id }) as User, getCurrentUser: client.getCurrentUser }, {});
const own: DirectoryStore = { get: () => null, set: () => undefined };
new UserDirectory(client, { store: own });
void denoKvStore;

// @ts-expect-error no such option
new UserDirectory(client, { maxAge: 1 });
// @ts-expect-error no client
new UserDirectory({});
// @ts-expect-error an id is a number
void directory.byId("1");

export async function use(): Promise<void> {
  const entry = await directory.byId(1);
  type _Entry = Expect<Same<typeof entry, DirectoryEntry | undefined>>;
  // @ts-expect-error it may be nobody
  entry.name;
  // @ts-expect-error what depends on the caller is not kept
  entry?.is_you;
  // @ts-expect-error entries are shared
  if (entry) entry.name = "x";
  const names: (string | undefined)[] = (await directory.byIds(new Set([1]))).map((user) => user?.name);
  const status: "active" | "deactivated" | "deleted" = (await directory.search("a"))[0]!.status;
  const role: number | undefined = (await directory.byEmail("a"))?.role_id;
  const list: readonly DirectoryEntry[] = await directory.all();
  const stop: () => void = directory.subscribe((event: DirectoryEvent) => event.type === "failed" && event.error);
  void [names, status, role, list, stop, directory.entries(), directory.peek(1)?.email];
}

const webhook = createUserWebhook({ directory, username: "a", password: "b", onError: console.error });
export const handle = async (request: Request, context: { waitUntil(work: Promise<unknown>): void }): Promise<Response> => webhook(request, context);
createUserWebhook({ directory: (companyId: number) => (companyId === 1 ? directory : undefined), username: "a", password: "b" });
// @ts-expect-error a password is needed
createUserWebhook({ directory, username: "a" });
