// The result of a call for each way in which a network, a proxy or Pipedrive can fail. The tests compare the client with this
// table in Node and in a browser; `node tests/js/faults.table.mjs > FAULTS.md` writes it for readers.

/** How many requests a call makes with `maxRetries: 1`. */
const NONE = { GET: 0, PUT: 0, POST: 0 };
const ONE = { GET: 1, PUT: 1, POST: 1 };
/** The first may have been processed: repeating a GET or PUT does no harm, a repeated POST would invite somebody twice. */
const POST_ONCE = { GET: 2, PUT: 2, POST: 1 };
/** The first was certainly not processed. */
const TWO = { GET: 2, PUT: 2, POST: 2 };

/** The least wait before the second request, in milliseconds: 0.5 s times 0.75 to 1, or what the server asks for. */
const BACKOFF = 375;
const TOLD = 1000;

const TIMEOUT_MS = 500;

/**
 * `requests` reach the server, `attempts` are sent (by default the same), `wait` is the time between them. `answered` is false
 * where no status is known. `page` is what differs in a page on another origin. `shown` is what readers see in the place of
 * the counts, and `shownWait` in the place of the wait.
 */
export const FAULTS = [
  {
    fault: "refused",
    what: "the connection is refused",
    outcome: "ConnectionError",
    answered: false,
    requests: NONE,
    attempts: TWO,
    wait: BACKOFF,
    why: "it certainly never left, so a POST is sent again too",
    page: { attempts: POST_ONCE, why: "a page cannot see why there is no response, so a POST is sent once" },
  },
  {
    fault: "reset-before-headers",
    what: "the connection is reset before the response",
    outcome: "ConnectionError",
    answered: false,
    requests: POST_ONCE,
    wait: BACKOFF,
    why: "it may have been processed",
  },
  {
    fault: "reset-mid-body",
    what: "the connection is reset in the middle of the body",
    outcome: "ConnectionError",
    status: 200,
    requests: POST_ONCE,
    wait: BACKOFF,
    why: "it was processed, but the response is lost; the error has its status and headers",
  },
  {
    fault: "stall",
    what: "no response comes",
    outcome: "TimeoutError",
    answered: false,
    timeoutMs: TIMEOUT_MS,
    requests: POST_ONCE,
    wait: BACKOFF,
    why: "it may have been processed",
  },
  {
    fault: "slow-drip",
    what: "the body comes byte by byte, longer than `timeoutMs`",
    outcome: "TimeoutError",
    answered: false,
    timeoutMs: TIMEOUT_MS,
    requests: POST_ONCE,
    wait: BACKOFF,
    why: "`timeoutMs` includes the body",
  },
  {
    fault: "truncated-json",
    what: "half of the JSON, with a `content-length` that fits it",
    outcome: "DecodeError",
    status: 200,
    requests: ONE,
    why: "the body is complete, so the next would be the same",
  },
  {
    fault: "wrong-length",
    what: "`content-length` is more than the body, then the connection is closed",
    outcome: "ConnectionError",
    status: 200,
    requests: POST_ONCE,
    wait: BACKOFF,
    why: "the body is cut off",
  },
  { fault: "html-403", what: "403 with an HTML page", outcome: "BlockedError", status: 403, requests: ONE, why: "the address is blocked, and further calls prolong it" },
  { fault: "html-502", what: "502 with an HTML page", outcome: "ServerError", status: 502, requests: POST_ONCE, wait: BACKOFF, why: "a gateway failed, which may pass; Cloudflare's 520 to 524 and 530 are treated alike" },
  { fault: "empty-200", what: "200 without a body", outcome: "DecodeError", status: 200, requests: ONE, why: "the body is not Pipedrive's envelope" },
  { fault: "null-200", what: "200 with `null`", outcome: "DecodeError", status: 200, requests: ONE, why: "the body is not Pipedrive's envelope" },
  { fault: "success-false", what: "200 with `success: false`", outcome: "ApiError", status: 200, requests: ONE, why: "Pipedrive refused the call" },
  {
    fault: "429-burst",
    what: "429: too many calls in two seconds, `x-ratelimit-reset: 1`, again and again",
    outcome: "RateLimitError",
    scope: "burst",
    resetInSeconds: 1,
    status: 429,
    requests: TWO,
    wait: TOLD,
    shown: "10 to 12",
    shownWait: "1 s, growing to 8 s",
    why: "it was certainly not processed, so it is sent again outside `maxRetries`, until the pauses would exceed a minute",
  },
  {
    fault: "429-daily",
    what: "429: the company's daily budget is spent, `Retry-After: 3939`",
    outcome: "RateLimitError",
    scope: "daily",
    resetInSeconds: 3939,
    retryAfterSeconds: 3939,
    status: 429,
    requests: ONE,
    why: "no call waits for longer than a minute: it fails at once, and the error says until when",
    page: { retryAfterSeconds: undefined, resetInSeconds: "midnight", why: "`Retry-After` cannot be read: `resetAt` is the next midnight" },
  },
  { fault: "500", what: "500", outcome: "ServerError", status: 500, requests: POST_ONCE, wait: BACKOFF, why: "it may pass, and may have been processed" },
  {
    fault: "503",
    what: "503 with `Retry-After: 1`",
    outcome: "ServerError",
    retryAfterSeconds: 1,
    status: 503,
    requests: POST_ONCE,
    wait: TOLD,
    why: "the server says how long to wait",
    page: { retryAfterSeconds: undefined, wait: BACKOFF, why: "`Retry-After` cannot be read: the wait is the client's own" },
  },
  {
    fault: "redirect",
    what: "307 to another origin",
    outcome: "UnexpectedStatusError",
    status: 307,
    requests: ONE,
    why: "redirects are never followed, so nothing reaches the other origin",
    page: { status: 0, hidden: true, why: "the status is 0 and there are no headers: a browser hides redirects" },
  },
  { fault: "gzip", what: "a good response, compressed", outcome: "success", status: 200, requests: ONE, why: "not a fault" },
];

/** The expected result of a fault for a method, in Node or in a page. */
export function expected(row, method, where) {
  const { requests, attempts = requests, ...rest } = { ...row, ...(where === "page" && row.page) };
  return { ...rest, requests: requests[method], attempts: attempts[method] };
}

/** The kind that goes with a class. */
export const kindOf = (name) => name.replace(/Error$/, "").replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();

const METHODS = ["GET", "PUT", "POST"];

function line(row) {
  const { outcome, scope, what, status, page, why, shown, shownWait } = row;
  const counts = (where) =>
    METHODS.map((method) => {
      const { requests, attempts } = expected(row, method, where);
      return requests === attempts ? `${requests}` : `${requests} of ${attempts}`;
    });
  const wait = shownWait ?? { [BACKOFF]: "0.375 to 0.5 s", [TOLD]: "1 s" }[row.wait] ?? "";
  const inNode = shown ? METHODS.map(() => shown) : counts("node");
  const error = outcome === "success" ? "the data" : `\`${outcome}\`${scope ? `, \`${scope}\`` : ""}`;
  const there = counts("page");
  const differs = page ? `${there.join() === counts("node").join() ? "" : `${there.join(", ")}: `}${page.why}` : "";
  return `| ${[what, error, status ?? "", ...inNode, wait, why, differs].join(" | ")} |`;
}

/** The table for readers. */
export const render = () => `# What a call does when something fails

Look up the failure to see which error a call rejects with, how often it was sent, and why. The counts are requests that
reach the server with \`maxRetries: 1\` (the default is 2), for each method: eight operations are a GET, \`updateUser\` is a PUT
and \`addUser\` is the POST. "0 of 2" means two attempts of which none reaches the server; \`error.attempts\` is the number of
attempts. "Wait" is the time between them; each further one is twice as long, up to 8 s.

| failure | outcome | \`status\` | GET | PUT | POST | wait | why | in a page |
|---|---|---:|---:|---:|---:|---|---|---|
${FAULTS.map(line).join("\n")}

- **Waits that the server asks for** (\`Retry-After\` in seconds or as a date, \`x-ratelimit-reset\` after a 429) are kept up to 60 s. If
  one is longer, the call fails at once, and the error has \`retryAfterSeconds\` and \`resetAt\`.
- **A burst 429** pauses the whole client for that long and up to a quarter longer, at least 0.5 s, doubled with each further 429 of the call
  up to 8 s. It does not count as a retry. With \`maxRetries: 0\` the call fails at once.
- **A 304** is not a redirect: it is an \`UnexpectedStatusError\` like any other status that the API does not document.

The last column is what differs in a page on another origin. There, in general:

- Only \`x-ratelimit-limit\`, \`x-ratelimit-remaining\` and \`x-ratelimit-reset\` can be read, beside what every page may read (such as
  \`content-type\`): there is no \`requestId\` and no \`retryAfterSeconds\`.
- A response without CORS headers cannot be read at all: it is a \`ConnectionError\`, whose message names both causes.
- A browser resends a request by itself, even a POST, when a connection that it has used before is reset before the
  response. A page can neither see nor prevent that.

The table is written by \`tests/js/faults.table.mjs\`; the tests check each of the ten operations with each failure, in Node.js and in
Chromium.
`;

if (process.argv[1] === import.meta.filename) process.stdout.write(render());
