// The terminal's half of the demo: every operation once, through the package as it is published.
import { ENDPOINTS, identityKey, UsersClient } from "../pkg/dist/index.js";

const { PIPEDRIVE_API_TOKEN, PIPEDRIVE_SANDBOX_URL, PIPEDRIVE_SANDBOX_TOKEN } = process.env;
const real = PIPEDRIVE_API_TOKEN !== undefined;
const client = real
  ? new UsersClient({ apiToken: PIPEDRIVE_API_TOKEN })
  : new UsersClient({ apiToken: PIPEDRIVE_SANDBOX_TOKEN, baseUrl: PIPEDRIVE_SANDBOX_URL });

const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
const allowed = (permissions) => Object.values(permissions).filter((allowed) => allowed === true).length;

/** Each operation, and what its result is in a few words. A real account is only read. */
const me = await client.getCurrentUser().catch(() => ({ id: 1, name: "" }));
const runs = [
  ["getCurrentUser", () => client.getCurrentUser(), (user) => `${user.name} of ${user.company_name}, account ${identityKey(user)}`],
  ["getUsers", () => client.getUsers(), (users) => plural(users.length, "user")],
  ["getUser", () => client.getUser(me.id), (user) => `${user.name}, ${user.active_flag ? "active" : "not active"}`],
  ["findUsersByName", () => client.findUsersByName(me.name.split(" ")[0] || "a"), (users) => `found ${plural(users.length, "user")}`],
  ["getUserFollowers", () => client.getUserFollowers(me.id, { limit: 10 }), (page) => `${plural(page.items.length, "follower")}${page.hasNextPage ? ", and there are more" : ""}`],
  ["getUserPermissions", () => client.getUserPermissions(me.id), (permissions) => `${allowed(permissions)} of ${plural(Object.keys(permissions).length, "permission")} granted`],
  ["getUserRoleAssignments", () => client.getUserRoleAssignments(me.id), (page) => plural(page.items.length, "role")],
  ["getUserRoleSettings", () => client.getUserRoleSettings(me.id), (settings) => `deals are seen at level ${settings.deal_default_visibility}`],
];
if (!real) {
  let added;
  runs.push(
    ["addUser", async () => (added = await client.addUser({ email: "moneypenny@casinoroyale.example", access: [{ app: "sales" }] })), (user) => `user ${user.id}, ${user.email}`],
    ["updateUser", () => client.updateUser(added.id, { active_flag: false }), (user) => `user ${user.id} is ${user.active_flag ? "active" : "not active"} now`],
  );
}

let failed = 0;
const row = (...cells) => console.log([24, 62, 6, 9].map((width, column) => (column < 2 ? cells[column].padEnd(width) : cells[column].padStart(width))).join(" "));
row("operation", "result", "cost", "time");
for (const [operation, call, words] of runs) {
  const started = performance.now();
  let result;
  try {
    result = words(await call());
  } catch (error) {
    failed += 1;
    result = `${error.name}: ${error.message}`;
  }
  row(operation, result, String(ENDPOINTS[operation].cost), `${(performance.now() - started).toFixed(1)} ms`);
}
console.log(`${runs.length - failed} of ${runs.length} good, ${client.usage.tokensSpent} tokens spent`);
process.exitCode = failed === 0 ? 0 : 1;
