// A program that uses a bit of everything, for programs whose globals are locked or replaced. Prints what did not work, and "done".
import * as sdk from "pipedrive-users";
import { UserDirectory } from "pipedrive-users/directory";
import { createSandbox } from "pipedrive-users/sandbox";
import { createUsersProxy, memoryStore, OAuth, verifySignedToken } from "pipedrive-users/server";

const { ConfigError, isPipedriveError, NotFoundError, UsersClient } = sdk;
const sandbox = createSandbox();
const open = (more) => new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch, logLevel: "off", ...more });

const STEPS = {
  call: async () => (await open().getUser(1)).id === 1,
  response: async () => (await open().getUser(1).withResponse()).response.status === 200,
  pages: async () => (await open().getUserFollowers(1).toArray({ limit: 5 })).length === 5,
  change: async () => (await open().updateUser(2, { active_flag: false })).active_flag === false,
  error: async () => {
    const error = await open().getUser(999).catch((error) => error);
    return error instanceof NotFoundError && isPipedriveError(error, "not_found") && error.name === "NotFoundError" && JSON.parse(JSON.stringify(error)).status === 404;
  },
  cause: async () => (await open({ fetch: async () => { throw new TypeError("no"); }, maxRetries: 0 }).getUser(1).catch((error) => error)).cause.message === "no",
  configuration: () => {
    try {
      return !new UsersClient({ apiToken: undefined });
    } catch (error) {
      return error instanceof ConfigError;
    }
  },
  limits: async () => {
    sandbox.fail({ fault: "daily" });
    const { scope, resetAt } = await open().getUser(1).catch((error) => error);
    return scope === "daily" && resetAt > Date.now();
  },
  drift: async () => (await open({ onDrift() {} }).getUser(1)).id === 1,
  directory: async () => (await new UserDirectory(open()).nameOf(2)).length > 1,
  oauth: async () => {
    const oauth = new OAuth({ clientId: "id", clientSecret: "secret", redirectUri: "http://localhost/callback", store: memoryStore(), encryptionKey: "none" });
    return (await oauth.handleInstall(new Request("http://localhost/install"))).status === 302;
  },
  token: async () => (await verifySignedToken(await sandbox.signedToken({ userId: 1 }), sandbox.app.clientSecret)).userId === 1,
  proxy: async () => {
    const proxy = createUsersProxy({ apiToken: sandbox.apiToken, fetch: sandbox.fetch, authenticate: () => ({ companyId: 1, userId: 1 }) });
    return (await proxy(new Request("http://localhost/pipedrive/v1/users/1"))).status === 200;
  },
};
for (const [name, step] of Object.entries(STEPS)) {
  try {
    if (!(await step())) console.log(name, "is not what it should be");
  } catch (error) {
    console.log(name, error?.stack ?? error);
  }
}
console.log("done");
