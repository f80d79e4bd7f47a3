import { UsersClient } from "pipedrive-users";

const client = new UsersClient({ apiToken: Deno.env.get("PIPEDRIVE_API_TOKEN")! });
console.log(await client.getCurrentUser());
