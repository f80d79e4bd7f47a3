import { UsersClient } from "pipedrive-users";

const client = new UsersClient({ apiToken: process.env.PIPEDRIVE_API_TOKEN });
console.log(await client.getCurrentUser());
