import { UsersClient } from "pipedrive-users";
import { createSandbox } from "pipedrive-users/sandbox";
import { withFaults } from "./faults.js";
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
  const listeners = new Set();
  const report = (event) => {
    onEvent(event);
    for (const listener of listeners) listener(event);
  };
  const client = new UsersClient({ ...config, dangerouslyAllowBrowser: true, logLevel: "off", onEvent: report });
  return { client, ...details, listeners, /** Names by user id, collected from responses. */ people: new Map() };
}

function sandbox({ options, role }) {
  const company = createSandbox(options);
  const faults = withFaults(company);
  const oauth = role === "accessToken" || role === "baseToken";
  const credential = oauth ? "accessToken" : "apiToken";
  return {
    live: false,
    config: { [credential]: company[role], fetch: faults.fetch },
    faults,
    title: "Sandbox",
    detail: `${plural(options.users ?? 25, "user")} · ${ROLES[role][0]}`,
    connection: { sandbox: { options, role }, credential },
  };
}

/** `hostOption` is the client option that names the host: `companyDomain` or `baseUrl`. */
function account({ hostOption, host, credential, token }) {
  const config = { [hostOption]: host, ...(credential !== "none" && { [credential]: token }) };
  return {
    live: true,
    config,
    title: "Your account",
    detail: host,
    // The code is shown and copied, so it must not contain the token.
    connection: { host: [hostOption, host], credential },
  };
}

/** Stores the names of the users in a response. */
export function rememberNames(session, operation, data) {
  const users = operation.view === "users" ? data.slice(0, 1000) : operation.view === "user" ? [data] : [];
  for (const user of users) session.people.set(user.id, user.name);
}
