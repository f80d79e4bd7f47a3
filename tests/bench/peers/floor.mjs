// The floor: the least that does what the package promises of one call. Beside a timeout, a way to give up and the text for
// an error, it leaves nothing in a cache, follows no redirect with a credential, reads the limits, and remembers where the call was made.
export const name = "the floor";

const LIMIT_HEADERS = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-daily-ratelimit-token-limit", "x-daily-ratelimit-token-remaining", "sunset", "deprecation"];

export function open({ url, token }) {
  const get = async (path) => {
    const site = {};
    Error.captureStackTrace?.(site, get);
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), 30_000);
    try {
      const headers = new Headers({ "x-api-token": token, accept: "application/json" });
      const response = await fetch(url + path, { headers, cache: "no-store", redirect: "manual", signal: controller.signal });
      const limits = LIMIT_HEADERS.map((name) => response.headers.get(name));
      const { data } = JSON.parse(await response.text());
      return limits.length && data;
    } finally {
      clearTimeout(timer);
    }
  };
  return { getUser: (id) => get(`/v1/users/${id}`), getUsers: () => get("/v1/users") };
}
