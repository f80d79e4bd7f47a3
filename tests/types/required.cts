// A consumer whose modules are CommonJS, in both of TypeScript's spellings.
import { isPipedriveError, type User, UsersClient } from "pipedrive-users";
import sandbox = require("pipedrive-users/sandbox");
import slim = require("pipedrive-users/slim");

export async function use(): Promise<User> {
  const { apiToken, fetch } = sandbox.createSandbox({ users: 3 });
  const client = new UsersClient({ apiToken, fetch });
  // @ts-expect-error an id is a number
  client.getUser("7").catch(() => undefined);
  await slim.init(new Uint8Array(8));
  try {
    return await client.getUser(7);
  } catch (error) {
    if (isPipedriveError(error, "rate_limit")) console.log(error.resetAt.getTime());
    throw error;
  }
}
