import { installAppearance } from "./appearance.js";
import { h, icon } from "./dom.js";
import { readLink } from "./link.js";
import { OPERATIONS } from "./operations.js";
import { overview } from "./overview.js";
import { createPanel } from "./panel.js";
import { DEFAULTS, openSession } from "./session.js";
import { openSettings } from "./settings.js";
import { workbench } from "./workbench.js";

/** Entry point: builds the navigation, the view named by the URL's hash, and the side panel. */

const main = document.getElementById("main");
const panel = createPanel();
const connectionButton = document.getElementById("connection");
const picker = document.getElementById("picker");

let settings;
let session;
let home;
/** Views by operation name. They are kept so that form input and responses survive navigation. */
let views;

/** Connects to a sandbox or an account. Nothing is sent: only the console's own first sandbox runs the overview by itself. */
function connect(newSettings) {
  // Ignore late events of a previous session's client.
  const opened = openSession(newSettings, (event) => opened === session && panel.addEvent(event));
  home?.stop();
  document.documentElement.removeAttribute("data-ready");
  session?.client.close();
  session = opened;
  // Only the client keeps the token.
  settings = { ...newSettings, token: undefined };
  home = overview(session);
  views = new Map([["", { view: home.view }]]);
  connectionButton.replaceChildren(h("span.dot", {}), h("strong", {}, session.title), h("span.faint", {}, session.detail), h("span.hidden", {}, "Connection settings"), icon("tune"));
  connectionButton.classList.toggle("live", session.live);
  panel.attach(session.client);
  showView();
}

function showView() {
  const { name, params } = readLink(location.hash);
  const operation = OPERATIONS.find((candidate) => candidate.name === name);
  const key = operation ? name : "";
  if (!views.has(key)) views.set(key, workbench(operation, session, { onCall: panel.addCall, onChange: keepLink }));
  const { view, open, refresh } = views.get(key);
  if (Object.keys(params).length) open?.(params);
  refresh?.();
  main.replaceChildren(...(name && !operation ? [h("p.note.unknown", { role: "status" }, `There is no operation "${name}". Here is the overview.`)] : []), view);
  picker.value = key;
  for (const link of document.querySelectorAll("#list a")) {
    if (link.hash.slice(1) === key) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${operation ? `${name} · ` : ""}pipedrive-users console`;
}

/** Keeps the parameters in the address, so that it can be copied. */
function keepLink(link) {
  history.replaceState(undefined, "", link);
}

function buildNavigation() {
  const groups = [["Reads", OPERATIONS.filter(({ writes }) => !writes)], ["Writes", OPERATIONS.filter(({ writes }) => writes)]];
  document.getElementById("list").append(
    h("ul", {}, h("li", {}, h("a.plain", { href: "#" }, "Overview"))),
    ...groups.flatMap(([title, operations]) => [
      h("h2", {}, title),
      h("ul", {}, operations.map(({ name, method, path, cost, scope, writes }) =>
        h("li", {}, h("a", { href: `#${name}`, title: `${method} ${path}, scope ${scope}` },
          h("span.name", {}, name), h("span.cost", { title: "Cost in tokens" }, String(cost)),
          h("span.line", {}, h(`span.method${writes ? ".writes" : ""}`, {}, method), " ", path))))),
    ]));
  picker.append(h("option", { value: "" }, "Overview"), ...groups.map(([title, operations]) =>
    h("optgroup", { label: title }, operations.map(({ name }) => h("option", { value: name }, name)))));
  picker.onchange = () => (location.hash = picker.value);
}

buildNavigation();
document.getElementById("page").append(panel.node);
document.getElementById("skip").onclick = () => main.focus();
connectionButton.onclick = () => openSettings(settings, connect);
addEventListener("hashchange", () => {
  showView();
  scrollTo(0, 0);
  main.querySelector("h1").focus({ preventScroll: true });
});
installAppearance(document.getElementById("appearance"));
connect(DEFAULTS);
home.start();
