// The outcome of a call for each way in which a network, a proxy or Pipedrive fails. The tests check the client against
// this table in Node and in a browser; `node tests/js/faults.table.mjs > FAULTS.md` makes the page for readers.

/** The number of requests of a call that may be sent again once (`maxRetries: 1`). */
const NONE = { GET: 0, PUT: 0, POST: 0 };
const ONE = { GET: 1, PUT: 1, POST: 1 };
/** The first may have been processed: a GET or PUT does no harm twice, a POST would invite the same person twice. */
const POST_ONCE = { GET: 2, PUT: 2, POST: 1 };
/** The first was certainly not processed. */
const TWO = { GET: 2, PUT: 2, POST: 2 };

/** The wait before the second request, in milliseconds at least: 0.5 s times 0.75 to 1, or what the server asks for. */
const BACKOFF = 375;
const ASKED = 1000;
const TWO_SECONDS = 2000;

const TIMEOUT_MS = 500;

/**
 * `requests` reach the server, `attempts` are sent (the same where not given), `wait` is between them, times 1 to
 * `spread`. `hasStatus` is false where no status is known. `page` is what differs in a page on another origin, `workerd` in workerd.
 */
export const FAULTS = [
  {
    fault: "refused",
    what: "the connection is refused",
    outcome: "ConnectionError",
    hasStatus: false,
    requests: NONE,
    attempts: TWO,
    wait: BACKOFF,
    why: "the request certainly never left, so a POST is sent again too",
    page: { attempts: POST_ONCE, why: "a page cannot know why there is no response: a POST is sent once" },
    workerd: { attempts: POST_ONCE },
  },
  {
    fault: "reset-before-headers",
    what: "the connection is reset before a response",
    outcome: "ConnectionError",
    hasStatus: false,
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
    hasStatus: false,
    timeoutMs: TIMEOUT_MS,
    requests: POST_ONCE,
    wait: BACKOFF,
    why: "it may have been processed",
  },
  {
    fault: "slow-drip",
    what: "the body comes byte by byte, longer than `timeoutMs`",
    outcome: "TimeoutError",
    hasStatus: false,
    timeoutMs: TIMEOUT_MS,
    requests: POST_ONCE,
    wait: BACKOFF,
    why: "the time of an attempt covers the body",
  },
  {
    fault: "truncated-json",
    what: "half of the JSON, complete by its `content-length`",
    outcome: "DecodeError",
    status: 200,
    requests: ONE,
    why: "the body is complete, so the next would be the same",
  },
  {
    fault: "too-large",
    what: "a body of more than `maxBodyBytes`",
    outcome: "DecodeError",
    status: 200,
    requests: ONE,
    why: "the next would be as large; what came is not kept",
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
  { fault: "html-403", what: "403 with an HTML page", outcome: "BlockedError", status: 403, requests: ONE, why: "further calls make it worse" },
  { fault: "html-502", what: "502 with an HTML page", outcome: "ServerError", status: 502, requests: POST_ONCE, wait: BACKOFF, why: "a gateway: it may pass" },
  { fault: "empty-200", what: "200 without a body", outcome: "DecodeError", status: 200, requests: ONE, why: "it is not Pipedrive's envelope" },
  { fault: "null-200", what: "200 with `null`", outcome: "DecodeError", status: 200, requests: ONE, why: "it is not Pipedrive's envelope" },
  { fault: "success-false", what: "200 with `success: false`", outcome: "ApiError", status: 200, requests: ONE, why: "Pipedrive refused it" },
  {
    fault: "429-burst",
    what: "429: too many calls in two seconds, for 1 s by `x-ratelimit-reset`; then 200",
    outcome: "success",
    status: 200,
    requests: TWO,
    wait: ASKED,
    spread: 1.25,
    why: "it was certainly not processed, and is sent again after the pause that the server asks for",
  },
  {
    fault: "429-burst-long",
    what: "429: too many calls in two seconds, for 61 s by `x-ratelimit-reset`",
    outcome: "RateLimitError",
    scope: "burst",
    resetInSeconds: 61,
    status: 429,
    requests: ONE,
    why: "no call waits for longer than a minute: it fails at once, and the error has `resetAt`",
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
    why: "no call waits for longer than a minute: it fails at once, and the error has `resetAt`",
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
    wait: ASKED,
    why: "the server asks for this wait",
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
  { fault: "520", what: "520 of Cloudflare, and so 521 to 524", outcome: "ServerError", status: 520, requests: POST_ONCE, wait: BACKOFF, why: "a gateway: it may pass" },
  { fault: "530", what: "530 of Cloudflare", outcome: "ServerError", status: 530, requests: POST_ONCE, wait: BACKOFF, why: "a gateway: it may pass" },
  {
    fault: "503-nonsense",
    what: "503 with `Retry-After: 1, 2`, as where it is sent twice",
    outcome: "ServerError",
    status: 503,
    requests: POST_ONCE,
    wait: BACKOFF,
    why: "what is no number and no date is ignored",
  },
  {
    fault: "429-nonsense",
    what: "429 with an `x-ratelimit-reset` of 400 digits; then 200",
    outcome: "success",
    status: 200,
    requests: TWO,
    wait: TWO_SECONDS,
    spread: 1.25,
    why: "a number that overflows is ignored: the length of Pipedrive's window counts",
  },
  { fault: "deep-400", what: "400 with 20 000 nested lists", outcome: "ValidationError", status: 400, requests: ONE, why: "nesting is read to a depth that no stack overflows at" },
  { fault: "other-kind", what: "200 with a list where a record belongs, or a record where a list belongs", outcome: "DecodeError", status: 200, requests: ONE, why: "it is not what was asked for" },
  { fault: "bomb", what: "30 MB of blanks, compressed to 30 KB, where `maxBodyBytes` is 1 MiB", outcome: "DecodeError", status: 200, requests: ONE, why: "no more than `maxBodyBytes` is read, and it is not kept" },
  { fault: "gzip", what: "a good response, compressed", outcome: "success", status: 200, requests: ONE, why: "not a fault" },
];

/** The outcome of a fault for a method: in Node ("node"), in a page ("page"), in workerd ("workerd"). */
export function expected(row, method, where) {
  const { requests, attempts = requests, ...rest } = { ...row, ...row[where] };
  return { ...rest, requests: requests[method], attempts: attempts[method] };
}

/** The kind of a class. */
export const kindOf = (name) => name.replace(/Error$/, "").replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();

const METHODS = ["GET", "PUT", "POST"];

function line(row) {
  const { outcome, scope, what, status, page, why } = row;
  const counts = (where) =>
    METHODS.map((method) => {
      const { requests, attempts } = expected(row, method, where);
      return requests === attempts ? `${requests}` : `${requests} of ${attempts}`;
    });
  const wait = row.spread ? `${row.wait / 1000} to ${(row.wait / 1000) * row.spread} s` : ({ [BACKOFF]: "0.375 to 0.5 s", [ASKED]: "1 s" }[row.wait] ?? "");
  const error = outcome === "success" ? "the data" : `\`${outcome}\`${scope ? `, \`${scope}\`` : ""}`;
  const there = counts("page");
  const differs = page ? `${there.join() === counts("node").join() ? "" : `${there.join(", ")}: `}${page.why}` : "";
  return `| ${[what, error, status ?? "", ...counts("node"), wait, why, differs].join(" | ")} |`;
}

/** What holds for every call, and the test that says so. */
export const PROMISES = [
  ["A credential function is called for each call, in its caller's own async context, and its token is used for no other call. Identical reads share a request only where they carry the same credential.", "tests/js/tokens.test.mjs"],
  ["No error, event or log line has a credential of any attempt: texts are redacted before they are cut.", "tests/js/secrets.test.mjs"],
  ["In a server's text a credential is found as a whole, plainly or escaped for a URL, JSON or HTML, and each run of eight letters and digits or more in it; not what the server has cut within such a run, and not base64, which only the proxy finds.", "tests/js/secrets.test.mjs"],
  ["At most as many calls as the limit are counted in any two seconds: a slot is free two seconds after its response. Random programs of calls, aborts, faults and latencies are tried in virtual time.", "tests/js/properties.test.mjs"],
  ["Many processes keep one limit, and one daily budget, also while the store is away, restarts, or loses replies.", "tests/server/limits.test.mjs"],
  ["An aborted call gives the rest of the day back, and a spent day fails at once also while the window is full.", "tests/js/budget.test.mjs"],
  ["A time of day that is set, stands still or lies before 1970 changes no wait; the fake timers of Jest, Vitest, sinon and Node.js drive the client.", "tests/js/limits.test.mjs"],
  ["A replaced `setTimeout` that throws ends its call with a `ConfigError`, wherever it waits; one that fires late, fires twice or returns anything does no harm, nor does a `clearTimeout` that throws or clears nothing. One that fires more than 50 ms early is taken for a test's: its time has passed. Where it never fires, only `abort()` and `close()` end a wait.", "tests/js/timers.test.mjs"],
  ["A `performance.now` that is replaced, stands still, goes back or is no number holds nothing up: timers are believed.", "tests/js/hostile-values.test.mjs"],
  ["After `abort()` or `close()` nothing is sent: not by a hook, not in the tick in which a token comes, not by a timed-out attempt whose fetch settles late.", "tests/js/cancel.test.mjs"],
  ["The same in workerd and in Chromium.", "tests/workerd/everywhere.test.mjs"],
  ["One client at a Worker's module level serves several users at once, each with their own credential; `waitUntil` and Durable Objects wait for its calls.", "tests/workerd/context.test.mjs"],
  ["A value that nobody expects (a getter or a proxy that throws, a signal or headers of another kind, a replaced `Date`), wherever a program or a `fetch` can put it, ends its own call with a typed error at most.", "tests/js/hostile-values.test.mjs"],
  ["Every promise settles, whatever a fetch throws, returns or has for headers, and whatever `Error.prepareStackTrace` does.", "tests/js/hostile.test.mjs"],
  ["A call is a native promise: `waitUntil`, streams, locks and debuggers see it pending, fulfilled or rejected.", "tests/js/promises.test.mjs"],
  ["A client at a Worker's module level recovers by itself after calls of several requests have met in its queue.", "tests/workerd/ends.test.mjs"],
  ["A body of 300 MB that is compressed to 300 KB costs less than 100 MB of memory.", "tests/js/body-size.test.mjs"],
  ["A fault of the WebAssembly ends the calls in flight with a `LoadError`, and the next call works.", "tests/js/trap.test.mjs"],
];

/** The table as a page for readers. */
export const render = () => `# The outcome of a call when something fails

This page is generated from \`tests/js/faults.table.mjs\`, which the tests check the client against: each of the ten
operations, with each of these faults, in Node, in Chromium and in workerd.

The numbers are the requests that reach the server with \`maxRetries: 1\`, for each method: eight operations are a GET,
\`updateUser\` is a PUT and \`addUser\` the POST. "0 of 2" is two attempts of which none reaches it. \`error.attempts\` is the
number of attempts. "Wait" is the time between them. The default of \`maxRetries\` is 2; each further wait is twice as long,
at most 8 s.

| fault | outcome | \`status\` | GET | PUT | POST | wait | why | in a page |
|---|---|---:|---:|---:|---:|---|---|---|
${FAULTS.map(line).join("\n")}

The last column is what differs in a page on another origin. There, everywhere:

- Only \`x-ratelimit-limit\`, \`x-ratelimit-remaining\` and \`x-ratelimit-reset\` can be read, besides what every page may read
  (such as \`content-type\`): there is no \`requestId\` and no \`retryAfterSeconds\`.
- A response without CORS headers cannot be read: it is a \`ConnectionError\`, whose message names both causes.
- A browser sends a request again by itself, a POST too, when a connection that it used before is reset before the
  response. No page can know or forbid that.

In workerd, a POST whose connection is refused is sent once, as in a page. workerd reports an unhandled rejection of its own where a
body is cut off, or its call ends, while the body is read in pieces: it counts for nothing, as the call has its error.

A burst 429 pauses all calls of the client and does not count as a retry: the call is sent again until its pauses add up
to a minute, unless \`maxRetries\` is 0. The pause is as long as the server asks, longer each time that the same call meets
another 429, and spread by up to a quarter.

## What holds for every call

${PROMISES.map(([what, test]) => `- ${what} (\`${test}\`)`).join("\n")}

The scenarios of \`hostile\`, \`hostile-values\`, \`timers\`, \`secrets\`, \`promises\` and \`body-size\` are in \`tests/js/support/everywhere\`,
since engines differ: Chromium and workerd run them too, and so do Firefox, WebKit, Deno, Bun and newer Node.js.

## Waits that the server asks for

A wait that the server asks for (\`Retry-After\` in seconds or as a date, \`x-ratelimit-reset\` after a 429) is kept up to
60 s. If it is longer, the call fails at once: the error has \`retryAfterSeconds\` and \`resetAt\`.
`;

if (process.argv[1] === import.meta.filename) process.stdout.write(render());
