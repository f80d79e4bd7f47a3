// The panel: an iframe in Pipedrive, which knows no token but the one that says who it is.
import extensions from "@pipedrive/app-extensions-sdk";
import { isPipedriveError, UsersClient } from "pipedrive-users";

// A CommonJS module: its exports are one object.
const { default: AppExtensionsSDK, Command } = extensions;

const [list, status, again] = ["users", "status", "again"].map((id) => document.getElementById(id));

const sdk = await new AppExtensionsSDK().initialize({ size: { height: 480 } });

const client = new UsersClient({
  baseUrl: "/pipedrive",
  // A signed token lasts five minutes, and a new one costs nothing: one for each request that is sent.
  accessToken: async () => (await sdk.execute(Command.GET_SIGNED_TOKEN)).token,
  // The backend knows its users by that token alone, and takes no cookies.
  fetch: (url, init) => fetch(url, { ...init, credentials: "omit" }),
});

function element(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** A user, with the roles and permissions that are asked for when they are looked at. */
function row(user) {
  const state = element("span", { className: user.active_flag ? "state on" : "state" }, user.active_flag ? "active" : "not active");
  const details = element("details", {}, element("summary", {}, element("strong", {}, user.name), element("small", {}, user.email), state));
  details.addEventListener("toggle", () => void more(user, details).catch(say), { once: true });
  return element("li", {}, details);
}

async function more(user, details) {
  const [roles, permissions] = await Promise.all([client.getUserRoleAssignments(user.id).toArray({ limit: 100 }), client.getUserPermissions(user.id)]);
  const granted = Object.values(permissions).filter((allowed) => allowed === true).length;
  const facts = { Roles: roles.map(({ name }) => name).join(", ") || "none", Permissions: `${granted} of ${Object.keys(permissions).length} granted` };
  details.append(element("dl", {}, ...Object.entries(facts).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])));
}

function say(error) {
  status.className = "bad";
  if (isPipedriveError(error, "authentication")) {
    const install = element("a", { href: "/install", target: "_blank", rel: "noopener" }, "Install the app");
    status.replaceChildren("You have not authorised this app, or not lately. ", install);
  } else status.textContent = error.message;
}

async function show() {
  again.disabled = true;
  try {
    const [me, users] = await Promise.all([client.getCurrentUser(), client.getUsers()]);
    list.replaceChildren(...users.map(row));
    status.className = "";
    status.textContent = `${users.length} users of ${me.company_name}, seen as ${me.name}`;
  } catch (error) {
    list.replaceChildren();
    say(error);
  } finally {
    again.disabled = false;
  }
}

again.onclick = () => void show();
await show();
