import { argumentsOf, initialValues, OPERATIONS, send } from "./operations.js";
import { rememberNames } from "./session.js";

/**
 * Runs every operation once, on a real account only those that read. Calls `onUpdate(operation, update)` when an
 * operation's state changes. Resolves to the number of successful calls, or to undefined if `signal` was aborted.
 */
export async function runAll(session, onUpdate, signal) {
  const known = { me: 1, other: 2, added: 3, name: "a" };
  let succeeded = 0;
  for (const operation of OPERATIONS) {
    if (session.live && operation.writes) {
      onUpdate(operation, { state: "skipped" });
      continue;
    }
    onUpdate(operation, { state: "running" });
    await nextTask();
    const startedAt = performance.now();
    try {
      const { data, response } = await send(session.client, operation, argumentsOf(operation, valuesFor(operation, session, known)), signal);
      updateKnown(operation, data, known);
      rememberNames(session, operation, data);
      succeeded += 1;
      onUpdate(operation, { state: "ok", summary: operation.summarize(data), response, ms: performance.now() - startedAt });
    } catch (error) {
      if (signal.aborted) return undefined;
      onUpdate(operation, { state: "failed", error, ms: performance.now() - startedAt });
    }
  }
  return succeeded;
}

/** Lets the page draw and respond: a sandbox in it responds at once, so that all calls would be one long task. */
function nextTask() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    port2.postMessage(undefined);
  });
}

/** Returns the form values of an operation, with ids and names taken from earlier responses. */
function valuesFor(operation, session, known) {
  const id = { getUserFollowers: known.me, getUserRoleAssignments: known.me, updateUser: known.added }[operation.name] ?? known.other;
  const overrides = { id: String(id), term: known.name, email: "new.colleague@casinoroyale.example", active_flag: operation.name === "updateUser" ? "false" : "" };
  return { ...initialValues(operation, session), ...overrides };
}

function updateKnown({ name }, data, known) {
  if (name === "addUser") known.added = data.id;
  if (name === "getCurrentUser") known.me = data.id;
  if (name !== "getUsers") return;
  known.me = data.find((user) => user.is_you)?.id ?? known.me;
  const other = data.find((user) => user.active_flag && !user.is_you) ?? data[0];
  if (other) [known.other, known.name] = [other.id, other.name.split(" ")[0]];
}
