// The limit with what no client can do without: a timeout, a way to give up, and the text for an error to keep.
export const name = "limit with a timeout";

export function open({ url, token }) {
  const get = async (path) => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), 30_000);
    try {
      const response = await fetch(url + path, { headers: new Headers({ "x-api-token": token, accept: "application/json" }), signal: controller.signal });
      const { data } = JSON.parse(await response.text());
      return data;
    } finally {
      clearTimeout(timer);
    }
  };
  return { getUser: (id) => get(`/v1/users/${id}`), getUsers: () => get("/v1/users") };
}
