import { ENDPOINTS, UsersClient } from "/pipedrive-users/index.js";
import { createSandbox } from "/pipedrive-users/sandbox.js";

const { apiToken, fetch } = createSandbox();
const client = new UsersClient({ apiToken: () => apiToken, fetch });
const ARGUMENTS = {
  getUsers: [],
  findUsersByName: ["a"],
  getCurrentUser: [],
  getUser: [2],
  getUserFollowers: [1],
  getUserPermissions: [1],
  getUserRoleAssignments: [1],
  getUserRoleSettings: [1],
  addUser: [{ email: "vesper@casinoroyale.example" }],
  updateUser: [2, { active_flag: false }],
};
const lines = [];
for (const name of Object.keys(ENDPOINTS)) {
  lines.push(
    await client[name](...ARGUMENTS[name]).withResponse().then(
      ({ response }) => `${name} ${response.status}`,
      (error) => `${name} ${error.name}: ${error.message}`,
    ),
  );
}
document.getElementById("out").textContent = lines.join("\n");
document.documentElement.dataset.done = "yes";
