// The terminal part of the demo: runs every operation once through the built package.
import { ENDPOINTS, identityKey, UsersClient } from "../pkg/dist/index.js";

const { PIPEDRIVE_API_TOKEN, PIPEDRIVE_SANDBOX_URL, PIPEDRIVE_SANDBOX_TOKEN } = process.env;
const real = PIPEDRIVE_API_TOKEN !== undefined;
const client = real
  ? new UsersClient({ apiToken: PIPEDRIVE_API_TOKEN })
  : new UsersClient({ apiToken: PIPEDRIVE_SANDBOX_TOKEN, baseUrl: PIPEDRIVE_SANDBOX_URL });

const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
const countAllowed = (permissions) => Object.values(permissions).filter((allowed) => allowed === true).length;

/** Name, call and one-line summary of each operation. Writes run against the sandbox only. */
const me = await client.getCurrentUser().catch(() => ({ id: 1, name: "" }));
const runs = [
  ["getCurrentUser", () => client.getCurrentUser(), (user) => `${user.name} of ${user.company_name}, account ${identityKey(user)}`],
  ["getUsers", () => client.getUsers(), (users) => plural(users.length, "user")],
  ["getUser", () => client.getUser(me.id), (user) => `${user.name}, ${user.active_flag ? "active" : "inactive"}`],
  ["findUsersByName", () => client.findUsersByName(me.name.split(" ")[0] || "a"), (users) => `${plural(users.length, "user")} found`],
  ["getUserFollowers", () => client.getUserFollowers(me.id, { limit: 10 }), (page) => `${plural(page.items.length, "follower")}${page.hasNextPage ? ", more on the next page" : ""}`],
  ["getUserPermissions", () => client.getUserPermissions(me.id), (permissions) => `${countAllowed(permissions)} of ${plural(Object.keys(permissions).length, "permission")} granted`],
  ["getUserRoleAssignments", () => client.getUserRoleAssignments(me.id), (page) => plural(page.items.length, "role")],
  ["getUserRoleSettings", () => client.getUserRoleSettings(me.id), (settings) => `default visibility of deals: ${settings.deal_default_visibility}`],
];
if (!real) {
  let added;
  runs.push(
    ["addUser", async () => (added = await client.addUser({ email: "moneypenny@casinoroyale.example", access: [{ app: "sales" }] })), (user) => `user ${user.id}, ${user.email}`],
    ["updateUser", () => client.updateUser(added.id, { active_flag: false }), (user) => `user ${user.id} is now ${user.active_flag ? "active" : "inactive"}`],
  );
}

let failed = 0;
const printRow = (...cells) => console.log([24, 62, 6, 9].map((width, column) => (column < 2 ? cells[column].padEnd(width) : cells[column].padStart(width))).join(" "));
printRow("operation", "result", "cost", "time");
for (const [operation, call, summarize] of runs) {
  const startedAt = performance.now();
  let result;
  try {
    result = summarize(await call());
  } catch (error) {
    failed += 1;
    result = `${error.name}: ${error.message}`;
  }
  printRow(operation, result, String(ENDPOINTS[operation].cost), `${(performance.now() - startedAt).toFixed(1)} ms`);
}
const total = runs.length;
console.log(`${total - failed} of ${total} OK${failed ? `, ${failed} failed` : ""}, cost ${client.usage.tokensSpent} tokens`);
process.exitCode = failed === 0 ? 0 : 1;
