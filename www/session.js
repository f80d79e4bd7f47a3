import { UsersClient } from "pipedrive-users";
import { createSandbox } from "pipedrive-users/sandbox";
import { clientCode, literal } from "./code.js";
import { plural } from "./format.js";

/** Opens the connection that the console uses: a sandbox in the page, or a real account. */

export const ROLES = {
  apiToken: ["Admin", "API token of user 1"],
  nonAdminToken: ["Not an admin", "API token of user 2"],
  accessToken: ["OAuth, every scope", "Access token of user 1"],
  baseToken: ["OAuth, base only", "An app without users:read"],
};

export const DEFAULTS = { source: "sandbox", options: {}, role: "apiToken" };

/** Opens a session. Throws the SDK's ConfigError for invalid settings. */
export function openSession(settings, onEvent) {
  const { config, ...details } = settings.source === "sandbox" ? sandbox(settings) : account(settings);
  const client = new UsersClient({ ...config, dangerouslyAllowBrowser: true, logLevel: "off", onEvent });
  return { client, ...details, /** Names by user id, collected from responses. */ people: new Map() };
}

function sandbox({ options, role }) {
  const company = createSandbox(options);
  const oauth = role === "accessToken" || role === "baseToken";
  const credential = oauth ? "accessToken" : "apiToken";
  return {
    live: false,
    config: { [credential]: company[role], fetch: company.fetch },
    title: "Sandbox",
    detail: `${plural(options.users ?? 25, "user")} · ${ROLES[role][0]}`,
    code: [
      'import { UsersClient } from "pipedrive-users";',
      'import { createSandbox } from "pipedrive-users/sandbox";',
      "",
      `const sandbox = createSandbox(${Object.keys(options).length ? literal(options) : ""});`,
      clientCode({ [credential]: `sandbox.${role}`, fetch: "sandbox.fetch", dangerouslyAllowBrowser: "true" }),
    ].join("\n"),
  };
}

/** The variables that the code on the page reads; README and demo use the first one too. */
const TOKEN_VARIABLES = { apiToken: "process.env.PIPEDRIVE_API_TOKEN", accessToken: "process.env.PIPEDRIVE_ACCESS_TOKEN" };

/** `hostOption` is the client option that names the host: `companyDomain` or `baseUrl`. */
function account({ hostOption, host, credential, token }) {
  const config = { [hostOption]: host, ...(credential !== "none" && { [credential]: token }) };
  return {
    live: true,
    config,
    title: "Your account",
    detail: host,
    // The code is shown and copied, so it must not contain the token.
    code: [
      'import { UsersClient } from "pipedrive-users";',
      "",
      clientCode({
        [hostOption]: JSON.stringify(host),
        ...(credential !== "none" && { [credential]: TOKEN_VARIABLES[credential] }),
      }),
    ].join("\n"),
  };
}

/** Stores the names of the users in a response. */
export function rememberNames(session, operation, data) {
  const users = operation.view === "users" ? data.slice(0, 1000) : operation.view === "user" ? [data] : [];
  for (const user of users) session.people.set(user.id, user.name);
}
