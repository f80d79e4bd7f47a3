// What must hold after a fault in the module, wherever it runs. Used in Node, in a page and in workerd.

/** The faults that a module built for this has: a panic, no memory, no stack, each before and after a wait. */
export const FAULTS = ["before-panic", "before-memory", "before-deep", "after-panic", "after-memory", "after-deep"];

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const outcome = (call) => Promise.resolve(call).then((data) => ({ data }), (error) => ({ error }));
const summary = ({ data, error }) =>
  data !== undefined ? { data } : { name: error?.name, kind: error?.kind, operation: error?.operation, cause: error?.cause?.constructor?.name, causeIsRuntimeError: error?.cause instanceof WebAssembly.RuntimeError, message: error?.message };

/** A server in memory: responds to `/users/1` at once, fails `/users/2` so that it is sent again soon, and holds the rest. */
function server() {
  const requests = [];
  const fetch = async (url, init) => {
    const id = Number(url.match(/users\/(\d+)/)?.[1]);
    requests.push({ id, token: init.headers.get("x-api-token"), mine: init.headers.get("x-mine") });
    if (id === 2) return Response.json({ success: false }, { status: 503, headers: { "retry-after": "1" } });
    if (id !== 1) return new Promise((_, reject) => init.signal.addEventListener("abort", () => reject(init.signal.reason)));
    return Response.json({ success: true, data: { id } });
  };
  return { fetch, requests };
}

/** Triggers a fault in the module under calls of two clients. Returns the outcomes of all of them, and of later calls. */
export async function faultUnderCalls(UsersClient, fault) {
  const { fetch, requests } = server();
  let count = 0;
  const one = new UsersClient({ apiToken: "one", fetch, logLevel: "off", headers: { "x-mine": "yes" }, maxConcurrency: 4 });
  const other = new UsersClient({ apiToken: async () => `other-${++count}`, fetch, logLevel: "off" });
  const third = new UsersClient({ apiToken: "third", fetch, logLevel: "off" });
  const waiting = new UsersClient({ accessToken: () => new Promise(() => {}), fetch, logLevel: "off" });
  await Promise.all([one.getUser(1), other.getUser(1)]);
  // Sent and held, in the queue, shared, waiting to be sent again, and waiting for a token.
  const pending = [one.getUser(2), one.getUser(3), one.getUser(4).withResponse(), one.getUserFollowers(5).toArray({ limit: 5 }), one.getUser(6), one.getUser(7), one.getUser(7), other.getUser(2), other.addUser({ email: "q@mi6.example" }), waiting.getUser(8)].map(outcome);
  for (let turn = 0; turn < 10 || requests.filter(({ id }) => id === 2).length < 2; turn++) await pause(1);
  await pause(5);
  const sent = requests.length;
  const faulted = await outcome(third.getUser(1, { headers: { "x-trap": fault } }));
  const ended = await Promise.all(pending);
  const sentAtFault = requests.length;
  const after = await Promise.all([one.getUser(1), other.getUser(1)].map(outcome));
  const later = requests.slice(sentAtFault);
  return { faulted: summary(faulted), pending: ended.map(summary), after: after.map(summary), sentByFault: sentAtFault - sent, later, ids: () => requests.slice(sentAtFault + 2).map(({ id }) => id) };
}

/** The same as plain data, after the time in which a waiting call would have been sent again. */
export async function report(UsersClient, faults = FAULTS) {
  const reports = [];
  for (const fault of faults) {
    const { ids, ...facts } = await faultUnderCalls(UsersClient, fault);
    reports.push({ fault, facts, ids });
  }
  await pause(1_200);
  return reports.map(({ fault, facts, ids }) => ({ fault, ...facts, muchLater: ids() }));
}

/** Many faults in a row, with a call that works after each. */
export async function inARow(UsersClient, count = 20) {
  const client = new UsersClient({ apiToken: "one", fetch: server().fetch, logLevel: "off" });
  const outcomes = [];
  for (let index = 0; index < count; index++) {
    outcomes.push(summary(await outcome(client.getUser(1, { headers: { "x-trap": FAULTS[index % FAULTS.length] } }))).kind);
    outcomes.push(summary(await outcome(client.getUser(1))).data?.id);
  }
  return outcomes;
}

/** Checks a report with the assertions of `node:assert`. */
export function check(assert, { fault, faulted, pending, after, sentByFault, later, muchLater }) {
  const isLoadError = (outcome, what) => {
    assert.deepEqual([outcome.name, outcome.kind], ["LoadError", "load"], `${what}: ${JSON.stringify(outcome)}`);
    // A stack overflow is the engine's RangeError; everything else is WebAssembly's own.
    if (fault.endsWith("deep")) assert.ok(outcome.causeIsRuntimeError || ["RangeError", "InternalError"].includes(outcome.cause), `${what}: ${outcome.cause}`);
    else assert.equal(outcome.causeIsRuntimeError, true, `${what}: ${outcome.cause}`);
    assert.match(outcome.message, new RegExp(`^${outcome.operation}: .*fresh instance`));
  };
  isLoadError(faulted, "the call with the fault");
  assert.equal(faulted.operation, "getUser");
  assert.equal(pending.length, 10);
  pending.forEach((outcome, index) => isLoadError(outcome, `pending call ${index}`));
  assert.deepEqual(pending.map(({ operation }) => operation), ["getUser", "getUser", "getUser", "getUserFollowers", "getUser", "getUser", "getUser", "getUser", "addUser", "getUser"]);
  assert.deepEqual(after, [{ data: { id: 1 } }, { data: { id: 1 } }]);
  // The fault before its request sends nothing; the one after it has sent one.
  assert.equal(sentByFault, fault.startsWith("before") ? 0 : 1);
  assert.deepEqual(later.map(({ id }) => id), [1, 1], "what waited to be sent again is not");
  assert.deepEqual([later[0].token, later[0].mine], ["one", "yes"]);
  assert.match(later[1].token, /^other-\d$/);
  assert.deepEqual(muchLater, [], "what waited to be sent again is not, later neither");
}
