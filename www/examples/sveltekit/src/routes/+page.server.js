import { error } from "@sveltejs/kit";
import { isPipedriveError, UsersClient } from "pipedrive-users";
import { company } from "$lib/server/company.js";

const client = new UsersClient(company);

export async function load() {
  try {
    return { users: await client.getUsers() };
  } catch (failure) {
    if (isPipedriveError(failure)) error(failure.status ?? 502, failure.message);
    throw failure;
  }
}
