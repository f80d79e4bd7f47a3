// What every environment runs: each operation once, an error that has its type, and the directory where it is given.

/** Makes the ten calls with the package as it was imported there, and measures how long the first one took. */
export async function tenCalls({ UsersClient, NotFoundError, isPipedriveError, ENDPOINTS }, config, UserDirectory) {
  const client = new UsersClient(config);
  const started = performance.now();
  const me = await client.getCurrentUser();
  const firstCallMs = performance.now() - started;
  const check = (what, isGood) => {
    if (!isGood) throw new Error(`${what} is not what it should be`);
  };
  check("getCurrentUser", me.id === 1 && me.company_id > 0);
  const users = await client.getUsers();
  check("getUsers", users.length > 2 && users.every(({ email }) => email.includes("@")));
  const [found] = await client.findUsersByName(users[1].name);
  check("findUsersByName", found.name === users[1].name);
  check("getUser", (await client.getUser(2)).id === 2);
  check("getUserPermissions", Object.values(await client.getUserPermissions(2)).every((may) => typeof may === "boolean"));
  check("getUserRoleSettings", typeof (await client.getUserRoleSettings(2)).deal_default_visibility === "number");
  const followers = await client.getUserFollowers(1).toArray({ limit: 10 });
  check("getUserFollowers", followers.length > 0 && followers.every(({ user_id }) => user_id > 0));
  check("getUserRoleAssignments", (await client.getUserRoleAssignments(2)).items.every(({ role_id }) => role_id > 0));
  const added = await client.addUser({ email: `q${Date.now()}@mi6.example` });
  check("addUser", added.id > 2);
  check("updateUser", (await client.updateUser(added.id, { active_flag: false })).active_flag === false);
  async function theCaller() {
    return await client.getUser(900_000);
  }
  await theCaller().catch(() => undefined);
  const error = await theCaller().catch((error) => error);
  check("an error", error instanceof NotFoundError && isPipedriveError(error, "not_found") && error.status === 404);
  check("the stack of an error, which shows its caller", error.stack.includes(theCaller.name) && /:\d+:\d+/.test(error.stack));
  const { operations } = client.usage;
  check("usage", Object.keys(ENDPOINTS).every((operation) => operations[operation].callsSent > 0));
  if (UserDirectory) {
    const directory = new UserDirectory(client);
    check("the directory", (await directory.nameOf(2)) === users[1].name && (await directory.byEmail(users[1].email.toUpperCase())).id === users[1].id);
    check("its search", (await directory.search(users[1].name.toUpperCase()))[0].id === users[1].id);
    check("its argument", (await directory.byId("2").catch(({ kind }) => kind)) === "argument");
  }
  return { firstCallMs };
}
