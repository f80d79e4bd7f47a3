// The limit: what anybody would write by hand, with no check at all.
export const name = "limit";

export function open({ url, token }) {
  const get = async (path) => {
    const response = await fetch(url + path, { headers: { "x-api-token": token } });
    const { data } = await response.json();
    return data;
  };
  return { getUser: (id) => get(`/v1/users/${id}`), getUsers: () => get("/v1/users") };
}
