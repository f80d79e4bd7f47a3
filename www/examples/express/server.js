import { fileURLToPath } from "node:url";
import express from "express";
import { createSandbox } from "pipedrive-users/sandbox";
import { createUsersProxy, toNodeListener } from "pipedrive-users/server";

const { PIPEDRIVE_API_TOKEN, PORT = "8080" } = process.env;
const { apiToken, fetch } = PIPEDRIVE_API_TOKEN ? { apiToken: PIPEDRIVE_API_TOKEN, fetch: undefined } : createSandbox();

const proxy = createUsersProxy({
  apiToken,
  fetch,
  basePath: "/pipedrive",
  // Replace this with your own sign-in: anyone it lets in acts as the owner of the token. Here: anyone on this machine.
  authenticate: () => ({ companyId: 1, userId: 1 }),
});

const app = express();
app.use("/pipedrive", toNodeListener(proxy));
app.use(express.static(fileURLToPath(new URL("public/", import.meta.url))));
app.use("/pipedrive-users", express.static(fileURLToPath(new URL(".", import.meta.resolve("pipedrive-users")))));

const server = app.listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
