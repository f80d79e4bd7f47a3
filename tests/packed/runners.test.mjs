// A consumer's own tests: the sandbox in the place of the network, nothing configured but the environment.
import { after } from "node:test";
import { command } from "./support/command.mjs";
import { installed, project } from "./support/project.mjs";
import { packageVersion, row, stop } from "./support/rows.mjs";

after(stop);

const TEST = (imports) => `${imports}
test("the team is listed", async () => {
  const sandbox = createSandbox({ users: 5 });
  const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch, dangerouslyAllowBrowser: true });
  const users = await client.getUsers();
  expect(users).toHaveLength(5);
  await expect(client.getUser(900_000)).rejects.toMatchObject({ name: "NotFoundError", kind: "not_found", status: 404 });
  await client.updateUser(2, { active_flag: false });
  expect((await client.getUser(2)).active_flag).toBe(false);
});
`;
const IMPORT = 'import { UsersClient } from "pipedrive-users";\nimport { createSandbox } from "pipedrive-users/sandbox";';
const REQUIRE = 'const { UsersClient } = require("pipedrive-users");\nconst { createSandbox } = require("pipedrive-users/sandbox");';

for (const environment of ["node", "jsdom", "edge-runtime"]) {
  row({ what: `Vitest, ${environment}`, version: () => packageVersion("vitest"), entry: "sandbox" }, async () => {
    const cwd = await project(`vitest-${environment}`, { "team.test.js": TEST(`import { expect, test } from "vitest";\n${IMPORT}`) });
    await command(process.execPath, [installed("vitest/vitest.mjs"), "run", `--environment=${environment}`], { cwd });
    return {};
  });
}
for (const [name, environment] of [["node", "node"], ["jsdom", "jsdom"], ["edge-runtime", "@edge-runtime/jest-environment"]]) {
  row({ what: `Jest, ${name}`, version: () => packageVersion("jest"), entry: "sandbox" }, async () => {
    const cwd = await project(`jest-${name}`, { "package.json": '{ "private": true }\n', "team.test.js": TEST(REQUIRE) });
    await command(process.execPath, [installed("jest/bin/jest.js"), `--env=${environment}`, "--rootDir=."], { cwd });
    return {};
  });
}
