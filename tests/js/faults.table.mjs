// What becomes of a call for each way in which a network, a proxy or Pipedrive fails. The tests hold the client against
// this table in Node and in a browser; `node tests/js/faults.table.mjs > FAULTS.md` writes it down for readers.

/** How many requests a call makes that may be sent again once (`maxRetries: 1`). */
const NONE = { GET: 0, PUT: 0, POST: 0 };
const ONE = { GET: 1, PUT: 1, POST: 1 };
/** The first may have been carried out: a GET or PUT does no harm twice, a POST invites somebody twice. */
const POST_ONCE = { GET: 2, PUT: 2, POST: 1 };
/** The first surely was not carried out. */
const TWO = { GET: 2, PUT: 2, POST: 2 };

/** Before the second request, in milliseconds at least: 0.5 s times 0.75 to 1, or as long as the server says. */
const BACKOFF = 375;
const TOLD = 1000;

const TIMEOUT_MS = 500;

/**
 * `requests` reach the server, `attempts` are sent (the same where not given), `wait` is between them. `answered` is
 * false where no status is known. `page` is what differs in a page on another origin.
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
    why: "it surely never left, so a POST goes again too",
    page: { attempts: POST_ONCE, why: "a page is not told why there is no answer: a POST goes once" },
  },
  {
    fault: "reset-before-headers",
    what: "the connection is reset before an answer",
    outcome: "ConnectionError",
    answered: false,
    requests: POST_ONCE,
    wait: BACKOFF,
    why: "nobody knows whether it was carried out",
  },
  {
    fault: "reset-mid-body",
    what: "the connection is reset in the middle of the body",
    outcome: "ConnectionError",
    status: 200,
    requests: POST_ONCE,
    wait: BACKOFF,
    why: "it was carried out, but the answer is lost; the error has its status and headers",
  },
  {
    fault: "stall",
    what: "no answer comes",
    outcome: "TimeoutError",
    answered: false,
    timeoutMs: TIMEOUT_MS,
    requests: POST_ONCE,
    wait: BACKOFF,
    why: "nobody knows whether it was carried out",
  },
  {
    fault: "slow-drip",
    what: "the body comes byte by byte, longer than `timeoutMs`",
    outcome: "TimeoutError",
    answered: false,
    timeoutMs: TIMEOUT_MS,
    requests: POST_ONCE,
    wait: BACKOFF,
    why: "the time of an attempt covers the body",
  },
  {
    fault: "truncated-json",
    what: "half of the JSON, whole by its `content-length`",
    outcome: "DecodeError",
    status: 200,
    requests: ONE,
    why: "the body is whole, so the next would be the same",
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
  { fault: "html-403", what: "403 with an HTML page", outcome: "BlockedError", status: 403, requests: ONE, why: "calling on makes it worse" },
  { fault: "html-502", what: "502 with an HTML page", outcome: "ServerError", status: 502, requests: POST_ONCE, wait: BACKOFF, why: "a gateway: it may pass" },
  { fault: "empty-200", what: "200 without a body", outcome: "DecodeError", status: 200, requests: ONE, why: "it is not Pipedrive's envelope" },
  { fault: "null-200", what: "200 with `null`", outcome: "DecodeError", status: 200, requests: ONE, why: "it is not Pipedrive's envelope" },
  { fault: "success-false", what: "200 with `success: false`", outcome: "ApiError", status: 200, requests: ONE, why: "Pipedrive said no" },
  {
    fault: "429-burst",
    what: "429: too many calls in two seconds, over in 1 s by `x-ratelimit-reset`",
    outcome: "RateLimitError",
    scope: "burst",
    resetInSeconds: 1,
    status: 429,
    requests: TWO,
    wait: TOLD,
    why: "it surely was not carried out",
  },
  {
    fault: "429-daily",
    what: "429: the company's tokens of the day are spent, `Retry-After: 3939`",
    outcome: "RateLimitError",
    scope: "daily",
    resetInSeconds: 3939,
    retryAfterSeconds: 3939,
    status: 429,
    requests: ONE,
    why: "no call waits for longer than a minute: it fails at once and says until when",
    page: { retryAfterSeconds: undefined, resetInSeconds: "midnight", why: "`Retry-After` cannot be read: `resetAt` is the next midnight" },
  },
  { fault: "500", what: "500", outcome: "ServerError", status: 500, requests: POST_ONCE, wait: BACKOFF, why: "it may pass, and may have been carried out" },
  {
    fault: "503",
    what: "503 with `Retry-After: 1`",
    outcome: "ServerError",
    retryAfterSeconds: 1,
    status: 503,
    requests: POST_ONCE,
    wait: TOLD,
    why: "the server says when",
    page: { retryAfterSeconds: undefined, wait: BACKOFF, why: "`Retry-After` cannot be read: the wait is the client's own" },
  },
  {
    fault: "redirect",
    what: "307 to another origin",
    outcome: "UnexpectedStatusError",
    status: 307,
    requests: ONE,
    why: "never followed: nothing reaches the other origin",
    page: { status: 0, hidden: true, why: "the status is 0 and there are no headers: a browser hides redirects" },
  },
  { fault: "gzip", what: "a good answer, compressed", outcome: "success", status: 200, requests: ONE, why: "no fault at all" },
];

/** What a fault comes to for a method, in Node or in a page. */
export function expected(row, method, where) {
  const { requests, attempts = requests, ...rest } = { ...row, ...(where === "page" && row.page) };
  return { ...rest, requests: requests[method], attempts: attempts[method] };
}

/** The kind that goes with a class. */
export const kindOf = (name) => name.replace(/Error$/, "").replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();

const METHODS = ["GET", "PUT", "POST"];

function line(row) {
  const { outcome, scope, what, status, page, why } = row;
  const counts = (where) =>
    METHODS.map((method) => {
      const { requests, attempts } = expected(row, method, where);
      return requests === attempts ? `${requests}` : `${requests} of ${attempts}`;
    });
  const wait = { [BACKOFF]: "0.375 to 0.5 s", [TOLD]: "1 s" }[row.wait] ?? "";
  const error = outcome === "success" ? "the data" : `\`${outcome}\`${scope ? `, \`${scope}\`` : ""}`;
  const there = counts("page");
  const differs = page ? `${there.join() === counts("node").join() ? "" : `${there.join(", ")}: `}${page.why}` : "";
  return `| ${[what, error, status ?? "", ...counts("node"), wait, why, differs].join(" | ")} |`;
}

/** The table for readers. */
export const render = () => `# What becomes of a call when something fails

This page is made from \`tests/js/faults.table.mjs\`, which the tests hold the client against: each of the ten operations,
with each of these faults, in Node and in Chromium.

The numbers are the requests that reach the server with \`maxRetries: 1\`, for each method: eight operations are a GET,
\`updateUser\` is a PUT and \`addUser\` the POST. "0 of 2" is two attempts of which none reaches it. \`error.attempts\` is the
number of attempts. "Wait" is the time between them. \`maxRetries\` is 2 where nothing else is said; each further wait is
twice as long, at most 8 s.

| fault | outcome | \`status\` | GET | PUT | POST | wait | why | in a page |
|---|---|---:|---:|---:|---:|---|---|---|
${FAULTS.map(line).join("\n")}

The last column is what differs in a page on another origin. There, everywhere:

- Only \`x-ratelimit-limit\`, \`x-ratelimit-remaining\` and \`x-ratelimit-reset\` can be read, beside what every page may read
  (such as \`content-type\`): there is no \`requestId\` and no \`retryAfterSeconds\`.
- An answer without CORS headers is no answer: it is a \`ConnectionError\`, whose text names both causes.
- A browser sends a request again by itself, a POST too, when a connection that it used before is reset before the
  answer. No page can tell or forbid that.

A wait that the server asks for (\`Retry-After\` in seconds or as a date, \`x-ratelimit-reset\` after a 429) is kept up to
60 s. If it is longer, the call fails at once: the error has \`retryAfterSeconds\` and \`resetAt\`.
`;

if (process.argv[1] === import.meta.filename) process.stdout.write(render());
