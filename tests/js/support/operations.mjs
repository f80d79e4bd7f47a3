// The ten operations as Pipedrive's reference has them, with a call of each. The tests' own copy, on purpose.

const id = 2;

export const OPERATIONS = [
  { name: "getUsers", method: "GET", path: "/v1/users", cost: 20, scope: "users:read", call: (client, options) => client.getUsers(options), target: "/v1/users" },
  { name: "findUsersByName", method: "GET", path: "/v1/users/find", cost: 40, scope: "users:read", call: (client, options) => client.findUsersByName("a", options), target: "/v1/users/find?term=a" },
  { name: "getCurrentUser", method: "GET", path: "/v1/users/me", cost: 2, scope: "base", call: (client, options) => client.getCurrentUser(options), target: "/v1/users/me" },
  { name: "getUser", method: "GET", path: "/v1/users/{id}", cost: 2, scope: "users:read", call: (client, options) => client.getUser(id, options), target: "/v1/users/2" },
  { name: "getUserFollowers", method: "GET", path: "/api/v2/users/{id}/followers", cost: 10, scope: "users:read", call: (client, options) => client.getUserFollowers(id, options), target: "/api/v2/users/2/followers", paged: true },
  { name: "getUserPermissions", method: "GET", path: "/v1/users/{id}/permissions", cost: 10, scope: "users:read", call: (client, options) => client.getUserPermissions(id, options), target: "/v1/users/2/permissions" },
  { name: "getUserRoleAssignments", method: "GET", path: "/v1/users/{id}/roleAssignments", cost: 10, scope: "users:read", call: (client, options) => client.getUserRoleAssignments(id, options), target: "/v1/users/2/roleAssignments", paged: true },
  { name: "getUserRoleSettings", method: "GET", path: "/v1/users/{id}/roleSettings", cost: 10, scope: "users:read", call: (client, options) => client.getUserRoleSettings(id, options), target: "/v1/users/2/roleSettings" },
  { name: "addUser", method: "POST", path: "/v1/users", cost: 10, scope: "admin", call: (client, options) => client.addUser({ email: "q@mi6.example" }, options), target: "/v1/users", body: { email: "q@mi6.example" } },
  { name: "updateUser", method: "PUT", path: "/v1/users/{id}", cost: 10, scope: "admin", call: (client, options) => client.updateUser(id, { active_flag: false }, options), target: "/v1/users/2", body: { active_flag: false } },
];

/** The `data` of an operation's smallest success. */
export const emptyData = ({ name }) => (/^(getUsers|findUsersByName|getUserFollowers|getUserRoleAssignments)$/.test(name) ? [] : {});
