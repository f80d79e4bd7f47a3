import { http } from "msw";
import { setupServer } from "msw/node";
import { UsersClient } from "pipedrive-users";
import { createSandbox } from "pipedrive-users/sandbox";
import { afterAll, beforeAll, expect, test } from "vitest";
import { administrators } from "../administrators.js";

// Every request to Pipedrive, however it is made, gets the sandbox's company.
const sandbox = createSandbox({ users: 5 });
const server = setupServer(http.all("https://*.pipedrive.com/*", ({ request }) => sandbox.fetch(request)));

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterAll(() => server.close());

test("the code makes its own client", async () => {
  const client = new UsersClient({ apiToken: sandbox.apiToken });
  expect(await administrators(client)).not.toHaveLength(0);
  sandbox.fail({ status: 503 });
  expect(await client.getUser(2)).toMatchObject({ id: 2 });
});
