// Pipedrive's side of the app extension protocol: receives commands from the official SDK in the panel and responds to them.

const [user, install, expire, uninstall, panel, log] = ["user", "install", "expire", "uninstall", "panel", "log"].map((id) => document.getElementById(id));
const { panelUrl, companyId, marketplace } = await (await fetch("config")).json();
const runtimeId = crypto.randomUUID();
install.href = marketplace;

/** Adds a line to the log, newest first. A repeated line is counted instead of added. */
function addToLog(text) {
  const last = log.firstChild;
  if (last?.dataset.text === text) {
    last.textContent = `${text} (${(last.dataset.times = Number(last.dataset.times) + 1)} times)`;
    return;
  }
  const line = Object.assign(document.createElement("li"), { textContent: text });
  Object.assign(line.dataset, { text, times: 1 });
  log.prepend(line);
  while (log.children.length > 5) log.lastChild.remove();
}

const signedToken = async () => (await (await fetch(`signed-token?user=${user.value}`)).json()).token;

/** The commands that a panel may send, and the data of the response. */
const COMMANDS = {
  initialize: ({ size } = {}) => resize(size),
  resize: (size) => resize(size),
  get_signed_token: async () => ({ token: await signedToken() }),
  get_metadata: () => ({ windowHeight: innerHeight, windowWidth: innerWidth }),
  show_snackbar: ({ message }) => addToLog(message),
};

function resize(size) {
  const frame = panel.firstChild;
  if (size?.height) frame.style.height = `${Math.min(750, Math.max(100, size.height))}px`;
  return {};
}

addEventListener("message", async ({ data, ports: [port], source, origin }) => {
  // Accept messages only from the panel's own window and origin, and with the id given to it.
  if (!port || source !== panel.firstChild?.contentWindow || origin !== new URL(panelUrl).origin || data?.id !== runtimeId) return;
  const { type, command, args } = data.payload;
  if (type !== "command") return;
  const execute = COMMANDS[command];
  if (!execute) return port.postMessage({ error: `this page does not support ${command}` });
  addToLog(`command from the panel: ${command}`);
  port.postMessage({ data: await execute(args) });
});

/** Opens the panel as Pipedrive does: an iframe of the app's page, with user, company and deal in its query string. */
async function openPanel() {
  const query = new URLSearchParams({ id: runtimeId, userId: user.value, companyId, resource: "deal", view: "details", selectedIds: "42", theme: "light", token: await signedToken() });
  const frame = document.createElement("iframe");
  frame.title = "Who works here";
  frame.src = `${panelUrl}?${query}`;
  panel.replaceChildren(frame);
}

user.onchange = openPanel;
expire.onclick = async () => {
  await (await fetch("expire", { method: "POST" })).json();
  addToLog("all access tokens have expired: refresh the panel");
};
uninstall.onclick = async () => {
  const { status } = await (await fetch(`uninstall?user=${user.value}`, { method: "POST" })).json();
  addToLog(`the app was notified of the uninstallation and responded with ${status}`);
  await openPanel();
};
await openPanel();
