import { UsersClient } from "pipedrive-users";

export const runtime = "edge";

export async function GET() {
  const client = new UsersClient({ apiToken: process.env.PIPEDRIVE_API_TOKEN });
  return Response.json(await client.getUsers());
}
