const { UsersClient } = require("pipedrive-users");
const { createSandbox } = require("pipedrive-users/sandbox");

test("a user is switched off", async () => {
  const { apiToken, fetch } = createSandbox({ users: 5 });
  const client = new UsersClient({ apiToken, fetch, dangerouslyAllowBrowser: true });
  await client.updateUser(2, { active_flag: false });
  expect(await client.getUser(2)).toMatchObject({ id: 2, active_flag: false });
});
