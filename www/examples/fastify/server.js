import Fastify from "fastify";
import { UsersClient } from "pipedrive-users";
import { createSandbox } from "pipedrive-users/sandbox";
import { createUsersProxy, toNodeListener } from "pipedrive-users/server";

const { PIPEDRIVE_API_TOKEN, PORT = "8080" } = process.env;
const { apiToken, fetch } = PIPEDRIVE_API_TOKEN ? { apiToken: PIPEDRIVE_API_TOKEN, fetch: undefined } : createSandbox();

const client = new UsersClient({ apiToken, fetch });
const pipedrive = toNodeListener(
  createUsersProxy({
    apiToken,
    fetch,
    basePath: "/pipedrive",
    // Replace this with your own sign-in: anyone it lets in acts as the owner of the token. Here: anyone on this machine.
    authenticate: () => ({ companyId: 1, userId: 1 }),
  }),
);

const app = Fastify();

// A route of your own: Fastify makes a 404 of an error with the status 404.
app.get("/users/:id", async ({ params }) => client.getUser(Number(params.id)));

// A page's calls. The proxy reads the bodies and writes the responses itself.
app.register(async (scope) => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (request, payload, done) => done(null));
  scope.all("/pipedrive/*", (request, reply) => {
    reply.hijack();
    pipedrive(request.raw, reply.raw);
  });
});

console.log(await app.listen({ port: Number(PORT), host: "127.0.0.1" }));
