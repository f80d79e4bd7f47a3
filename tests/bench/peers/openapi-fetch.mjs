// openapi-fetch, as its documentation has it: types at compile time, nothing at run time.
import createClient from "openapi-fetch";

export const name = "openapi-fetch";

export function open({ url, token }) {
  const client = createClient({ baseUrl: url, headers: { "x-api-token": token } });
  return {
    getUser: async (id) => (await client.GET("/v1/users/{id}", { params: { path: { id } } })).data.data,
    getUsers: async () => (await client.GET("/v1/users")).data.data,
  };
}
