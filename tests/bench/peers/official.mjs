// Pipedrive's own client, as its README has it. It needs Node.js.
import { Configuration, UsersApi } from "pipedrive/v1";

export const name = "official";

export function open({ url, token }) {
  const users = new UsersApi(new Configuration({ apiKey: token, basePath: `${url}/v1` }));
  return { getUser: async (id) => (await users.getUser({ id })).data, getUsers: async () => (await users.getUsers()).data };
}
