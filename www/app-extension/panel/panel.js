// The panel: an iframe in Pipedrive. The only token it gets is the signed one that identifies its user.
import extensions from "@pipedrive/app-extensions-sdk";
import { isPipedriveError, UsersClient } from "pipedrive-users";

// The SDK is a CommonJS module, so all exports are on its default export. Its types do not say so.
const { default: AppExtensionsSDK, Command } = /** @type {any} */ (extensions);

const [list, status] = ["users", "status"].map((id) => /** @type {HTMLElement} */ (document.getElementById(id)));
const refreshButton = /** @type {HTMLButtonElement} */ (document.getElementById("again"));

const sdk = await new AppExtensionsSDK().initialize({ size: { height: 480 } });

const client = new UsersClient({
  baseUrl: "/pipedrive",
  // Signed tokens expire after five minutes and are free, so get a new one for each request.
  accessToken: async () => (await sdk.execute(Command.GET_SIGNED_TOKEN)).token,
  // The backend authenticates users by that token alone, so cookies are not needed.
  fetch: (url, init) => fetch(url, { ...init, credentials: "omit" }),
});

/** @type {(tag: string, properties: object, ...children: (Node | string)[]) => HTMLElement} */
function element(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/**
 * Returns a list item for a user. Roles and permissions are loaded when it is first expanded.
 *
 * @param {import("pipedrive-users").User} user
 */
function row(user) {
  const state = element("span", { className: user.active_flag ? "state on" : "state" }, user.active_flag ? "active" : "not active");
  const details = element("details", {}, element("summary", {}, element("strong", {}, user.name), element("small", {}, user.email), state));
  details.addEventListener("toggle", () => void showDetails(user, details).catch(showError), { once: true });
  return element("li", {}, details);
}

/** @type {(user: import("pipedrive-users").User, details: HTMLElement) => Promise<void>} */
async function showDetails(user, details) {
  const [roles, permissions] = await Promise.all([client.getUserRoleAssignments(user.id).toArray({ limit: 100 }), client.getUserPermissions(user.id)]);
  const granted = Object.values(permissions).filter((allowed) => allowed === true).length;
  const facts = { Roles: roles.map(({ name }) => name).join(", ") || "none", Permissions: `${granted} of ${Object.keys(permissions).length} granted` };
  details.append(element("dl", {}, ...Object.entries(facts).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])));
}

/** @param {any} error */
function showError(error) {
  status.className = "error";
  if (isPipedriveError(error, "authentication")) {
    const install = element("a", { href: "/install", target: "_blank", rel: "noopener" }, "Install the app");
    status.replaceChildren("You have not authorised this app, or the authorisation is no longer valid. ", install);
  } else status.textContent = error.message;
}

async function loadUsers() {
  refreshButton.disabled = true;
  try {
    const [me, users] = await Promise.all([client.getCurrentUser(), client.getUsers()]);
    list.replaceChildren(...users.map(row));
    status.className = "";
    status.textContent = `${users.length} users of ${me.company_name}, seen as ${me.name}`;
  } catch (error) {
    list.replaceChildren();
    showError(error);
  } finally {
    refreshButton.disabled = false;
  }
}

refreshButton.onclick = () => void loadUsers();
await loadUsers();
