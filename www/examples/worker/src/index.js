import { isPipedriveError, UsersClient } from "pipedrive-users";
import { createSandbox } from "pipedrive-users/sandbox";
import { errorResponse } from "pipedrive-users/server";

export default {
  async fetch(request, env) {
    // A client for each request. Without a token, a company in memory stands in for Pipedrive.
    const { apiToken, fetch } = env.PIPEDRIVE_API_TOKEN ? { apiToken: env.PIPEDRIVE_API_TOKEN, fetch: undefined } : createSandbox();
    const client = new UsersClient({ apiToken, fetch });
    try {
      const users = await client.getUsers();
      return Response.json(users.map(({ id, name, email }) => ({ id, name, email })));
    } catch (error) {
      if (isPipedriveError(error)) return errorResponse(error);
      throw error;
    }
  },
};
