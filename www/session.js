import { UsersClient } from "pipedrive-users";
import { createSandbox } from "pipedrive-users/sandbox";
import { clientCode, literal } from "./code.js";
import { some } from "./words.js";

/** Whom the page talks to: a sandbox in the page, or a real account. */

export const ROLES = {
  apiToken: ["Admin", "API token of user 1"],
  nonAdminToken: ["Not an admin", "API token of user 2"],
  accessToken: ["OAuth, every scope", "Access token of user 1"],
  baseToken: ["OAuth, base only", "An app without users:read"],
};

export const DEFAULTS = { source: "sandbox", options: {}, role: "apiToken" };

/** Opens a session. Settings that cannot be used throw the SDK's own ConfigError. */
export function openSession(settings, onEvent) {
  const { config, ...about } = settings.source === "sandbox" ? sandbox(settings) : account(settings);
  const client = new UsersClient({ ...config, dangerouslyAllowBrowser: true, logLevel: "off", onEvent });
  return { client, ...about, /** Names by id, as far as answers told them. */ people: new Map() };
}

function sandbox({ options, role }) {
  const company = createSandbox(options);
  const oauth = role === "accessToken" || role === "baseToken";
  const credential = oauth ? "accessToken" : "apiToken";
  return {
    live: false,
    config: { [credential]: company[role], fetch: company.fetch },
    title: "Sandbox",
    detail: `${some(options.users ?? 25, "user")} · ${ROLES[role][0]}`,
    code: [
      'import { UsersClient } from "pipedrive-users";',
      'import { createSandbox } from "pipedrive-users/sandbox";',
      "",
      `const sandbox = createSandbox(${Object.keys(options).length ? literal(options) : ""});`,
      clientCode({ [credential]: `sandbox.${role}`, fetch: "sandbox.fetch", dangerouslyAllowBrowser: "true" }),
    ].join("\n"),
  };
}

function account({ place, host, credential, token }) {
  const config = { [place]: host, ...(credential !== "none" && { [credential]: token }) };
  return {
    live: true,
    config,
    title: "Your account",
    detail: host,
    // The token is not in it, and is kept nowhere but in the client.
    code: [
      'import { UsersClient } from "pipedrive-users";',
      "",
      clientCode({
        [place]: JSON.stringify(host),
        ...(credential !== "none" && { [credential]: "process.env.PIPEDRIVE_TOKEN" }),
      }),
    ].join("\n"),
  };
}

/** Remembers the names that an answer tells. */
export function learnNames(session, operation, data) {
  const users = operation.view === "users" ? data.slice(0, 1000) : operation.view === "user" ? [data] : [];
  for (const user of users) session.people.set(user.id, user.name);
}
