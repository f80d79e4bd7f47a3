import { isAdmin } from "pipedrive-users";

/** What is tested: the names of a company's administrators, and a line for each call that failed for good. */
export async function administrators(client, log = console.warn) {
  try {
    return (await client.getUsers()).filter((user) => isAdmin(user, "global")).map((user) => user.name);
  } catch (error) {
    log(`${error.kind} after ${error.attempts} attempts`);
    return [];
  }
}
