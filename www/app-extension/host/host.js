// Pipedrive's side of the protocol of its app extensions: what the official SDK in the panel posts, and what it is answered.

const [user, install, expire, uninstall, panel, log] = ["user", "install", "expire", "uninstall", "panel", "log"].map((id) => document.getElementById(id));
const { backend, companyId } = await (await fetch("/facts")).json();
const runtimeId = crypto.randomUUID();
install.href = `${backend}/install`;

/** The last things that happened, the newest first; what happens again and again is one line. */
function say(text) {
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

const signedToken = async () => (await (await fetch(`/signed-token?user=${user.value}`)).json()).token;

/** What a panel may ask of Pipedrive, and what it gets. */
const COMMANDS = {
  initialize: ({ size } = {}) => resize(size),
  resize: (size) => resize(size),
  get_signed_token: async () => ({ token: await signedToken() }),
  get_metadata: () => ({ windowHeight: innerHeight, windowWidth: innerWidth }),
  show_snackbar: ({ message }) => say(message),
};

function resize(size) {
  const frame = panel.firstChild;
  if (size?.height) frame.style.height = `${Math.min(750, Math.max(100, size.height))}px`;
  return {};
}

addEventListener("message", async ({ data, ports: [port], source, origin }) => {
  // The panel's alone: it knows its id, and is where it should be.
  if (!port || source !== panel.firstChild?.contentWindow || origin !== backend || data?.id !== runtimeId) return;
  const { type, command, args } = data.payload;
  if (type !== "command") return;
  const carryOut = COMMANDS[command];
  if (!carryOut) return port.postMessage({ error: `this page does not play ${command}` });
  say(`the panel asks: ${command}`);
  port.postMessage({ data: await carryOut(args) });
});

/** Opens the panel as Pipedrive does: an iframe of the app's own page, told whose and where in its address. */
async function open() {
  const query = new URLSearchParams({ id: runtimeId, userId: user.value, companyId, resource: "deal", view: "details", selectedIds: "42", theme: "light", token: await signedToken() });
  const frame = document.createElement("iframe");
  frame.title = "Who works here";
  frame.src = `${backend}/?${query}`;
  panel.replaceChildren(frame);
}

user.onchange = open;
expire.onclick = async () => {
  await (await fetch("/expire", { method: "POST" })).json();
  say("all access tokens have expired: refresh the panel");
};
uninstall.onclick = async () => {
  const { status } = await (await fetch(`/uninstall?user=${user.value}`, { method: "POST" })).json();
  say(`Pipedrive told the app of the uninstallation, and the app answered ${status}`);
  await open();
};
await open();
