import { Hono } from "hono";
import { isPipedriveError, UsersClient } from "pipedrive-users";
import { createSandbox } from "pipedrive-users/sandbox";
import { errorResponse } from "pipedrive-users/server";

type Bindings = { PIPEDRIVE_API_TOKEN?: string };

/** One client for each request: a Worker's I/O belongs to the request that began it. */
const clientFor = ({ PIPEDRIVE_API_TOKEN: apiToken }: Bindings) => new UsersClient(apiToken ? { apiToken } : createSandboxConfig());

/** Without a token: a company in memory. */
function createSandboxConfig() {
  const { apiToken, fetch } = createSandbox();
  return { apiToken, fetch };
}

const app = new Hono<{ Bindings: Bindings }>();

app.get("/users", async (context) => context.json(await clientFor(context.env).getUsers()));
app.get("/users/:id", async (context) => context.json(await clientFor(context.env).getUser(Number(context.req.param("id")))));

// Pipedrive's errors keep their status: a user that does not exist is a 404 here too.
app.onError((error) => {
  if (isPipedriveError(error)) return errorResponse(error);
  throw error;
});

export default app;
