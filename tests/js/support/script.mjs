// A `fetch` that follows a test's script, request by request.
import { deferred } from "./wait.mjs";

/** A response as Pipedrive sends it. */
export const respond = (status, body, headers = {}) =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

/** A success with this `data`. */
export const good = (data = {}, headers = {}, more = {}) => respond(200, { success: true, data, ...more }, headers);

/**
 * A `fetch` that returns what `script(request, number)` returns. `requests` are the requests so far; `most` is how many
 * were in flight at once.
 */
export function scripted(script) {
  const requests = [];
  const state = { requests, most: 0, inFlight: 0 };
  const fetch = async (url, init) => {
    const request = { url, path: new URL(url).pathname + new URL(url).search, method: init.method, headers: Object.fromEntries(init.headers), signal: init.signal, body: init.body, at: Date.now() };
    requests.push(request);
    state.most = Math.max(state.most, ++state.inFlight);
    try {
      return await script(request, requests.length);
    } finally {
      state.inFlight--;
    }
  };
  return Object.assign(state, { fetch });
}

/** A `fetch` whose responses come when the test sends them: `requests[n].give(response)`. Aborting rejects, as the platform's does. */
export function held() {
  const requests = [];
  const fetch = (url, init) => {
    const { promise, resolve, reject } = deferred();
    init.signal.addEventListener("abort", () => reject(init.signal.reason), { once: true });
    const { pathname, search } = new URL(url);
    requests.push({ path: pathname + search, method: init.method, headers: Object.fromEntries(init.headers), signal: init.signal, give: (response = good()) => resolve(response), lose: reject });
    return promise;
  };
  return { fetch, requests };
}
