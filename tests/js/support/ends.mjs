// What is sent after a call has ended, with a fetch that hears of no abort: for every runtime: it needs nothing from outside.

/** Ends calls at moments when something is about to be sent. Returns what was sent after that, which has to be nothing. */
export async function sentAfterTheEnd(UsersClient) {
  const good = () => new Response('{"success":true,"data":{"id":1}}', { status: 200, headers: { "content-type": "application/json" } });
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const ends = { abort: ({ controller }) => controller.abort("enough"), close: ({ client }) => client.close() };
  const outcomes = {};
  for (const [how, end] of Object.entries(ends)) {
    const run = async (name, settings) => {
      const context = { controller: new AbortController(), sent: 0 };
      const count = (send) => (...args) => (context.sent++, send(context, ...args));
      const { fetch = async () => good(), ...more } = settings(context);
      context.client = new UsersClient({ apiToken: async () => "secret", baseUrl: "https://pipedrive.invalid", logLevel: "off", fetch: count((_, ...args) => fetch(...args)), ...more });
      const reason = await context.client.updateUser(1, { active_flag: true }, { signal: context.controller.signal }).then(() => "succeeded", (reason) => reason);
      await pause(700);
      outcomes[`${how}, ${name}`] = [reason?.kind ?? reason, context.sent];
    };
    await run("in a hook before the request", (context) => ({ onEvent: ({ type }) => type === "request" && end(context) }));
    await run("in the credential function", (context) => ({ apiToken: async () => (end(context), "secret") }));
    await run("before the retry", (context) => ({ fetch: async () => new Response("{}", { status: 503 }), onEvent: ({ type }) => type === "retry" && end(context) }));
    // The fetch settles after the end.
    await run("in flight", (context) => ({ fetch: async () => (setTimeout(() => end(context), 20), await pause(120), good()) }));
    await run("in flight, and it fails late", (context) => ({
      fetch: async () => {
        setTimeout(() => end(context), 20);
        await pause(120);
        throw new TypeError("fetch failed");
      },
    }));
    await run("after a timed-out attempt", (context) => ({ timeoutMs: 60, fetch: async () => (setTimeout(() => end(context), 150), await pause(300), good()) }));
  }
  return outcomes;
}

/** What it has to return: how each call ends, and how many requests were sent in all. */
export const EXPECTED_ENDS = Object.fromEntries(
  [["abort", "enough"], ["close", "config"]].flatMap(([how, reason]) => [
    [`${how}, in a hook before the request`, [reason, 0]],
    [`${how}, in the credential function`, [reason, 0]],
    [`${how}, before the retry`, [reason, 1]],
    [`${how}, in flight`, [reason, 1]],
    [`${how}, in flight, and it fails late`, [reason, 1]],
    [`${how}, after a timed-out attempt`, [reason, 1]],
  ]),
);
