import { argumentsOf, OPERATIONS, samples, send } from "./operations.js";
import { learnNames } from "./session.js";

/** Runs every operation once. On a real account only those that read. */
export async function runAll(session, tell, signal) {
  const seen = { me: 1, other: 2, added: 3, name: "a" };
  let good = 0;
  for (const operation of OPERATIONS) {
    if (session.live && operation.writes) {
      tell(operation, { state: "skipped" });
      continue;
    }
    tell(operation, { state: "running" });
    const began = performance.now();
    try {
      const { data, response } = await send(session.client, operation, argumentsOf(operation, given(operation, session, seen)), signal);
      look(operation, data, seen);
      learnNames(session, operation, data);
      good += 1;
      tell(operation, { state: "good", words: operation.words(data), response, ms: performance.now() - began });
    } catch (error) {
      if (signal.aborted) return undefined;
      tell(operation, { state: "bad", error, ms: performance.now() - began });
    }
  }
  return good;
}

/** What the operation is asked, after what the ones before it answered. */
function given(operation, session, seen) {
  const id = { getUserFollowers: seen.me, getUserRoleAssignments: seen.me, updateUser: seen.added }[operation.name] ?? seen.other;
  const own = { id: String(id), term: seen.name, email: "new.colleague@casinoroyale.example", active_flag: operation.name === "updateUser" ? "false" : "" };
  return { ...samples(operation, session), ...own };
}

function look({ name }, data, seen) {
  if (name === "addUser") seen.added = data.id;
  if (name === "getCurrentUser") seen.me = data.id;
  if (name !== "getUsers") return;
  seen.me = data.find((user) => user.is_you)?.id ?? seen.me;
  const other = data.find((user) => user.active_flag && !user.is_you) ?? data[0];
  if (other) [seen.other, seen.name] = [other.id, other.name.split(" ")[0]];
}
