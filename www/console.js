import { h, icon } from "./dom.js";
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

function connect(newSettings) {
  // Ignore late events of a previous session's client.
  const opened = openSession(newSettings, (event) => opened === session && panel.addEvent(event));
  home?.stop();
  session?.client.close();
  session = opened;
  // Only the client keeps the token.
  settings = { ...newSettings, token: undefined };
  home = overview(session);
  views = new Map([["", home.view]]);
  connectionButton.replaceChildren(h("span.dot", {}), h("strong", {}, session.title), h("span.faint", {}, session.detail), h("span.hidden", {}, "Connection settings"), icon("tune"));
  connectionButton.classList.toggle("live", session.live);
  panel.attach(session.client);
  showView();
  if (!session.live) home.start();
}

function showView() {
  const name = location.hash.slice(1);
  const operation = OPERATIONS.find((candidate) => candidate.name === name);
  const key = operation ? name : "";
  if (!views.has(key)) views.set(key, workbench(operation, session));
  main.replaceChildren(views.get(key));
  picker.value = key;
  for (const link of document.querySelectorAll("#list a")) {
    if (link.hash.slice(1) === key) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${operation ? `${name} · ` : ""}pipedrive-users console`;
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
    h("optgroup", { label: title }, operations.map(({ name, method, cost }) => h("option", { value: name }, `${name} · ${method} · ${cost} tokens`)))));
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
connect(DEFAULTS);
