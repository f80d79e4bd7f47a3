import { UsersClient } from "pipedrive-users";

export default {
  async fetch(request, env) {
    const client = new UsersClient({ apiToken: env.PIPEDRIVE_API_TOKEN });
    return Response.json(await client.getUsers());
  },
};
