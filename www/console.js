import { h, icon } from "./dom.js";
import { OPERATIONS } from "./operations.js";
import { overview } from "./overview.js";
import { panel } from "./panel.js";
import { DEFAULTS, openSession } from "./session.js";
import { openSettings } from "./settings.js";
import { workbench } from "./workbench.js";

/** Puts the page together: the list, the view that the address names, and the panel. */

const main = document.getElementById("main");
const side = panel();
const connection = document.getElementById("connection");
const picker = document.getElementById("picker");

let settings;
let session;
let table;
/** The views that were opened: a form and its answer are still there when one comes back. */
let views;

function connect(wanted) {
  // The events of a client that was left are nobody's business.
  const opened = openSession(wanted, (event) => opened === session && side.event(event));
  table?.stop();
  session?.client.close();
  session = opened;
  // The token is in the client now, and nowhere else.
  settings = { ...wanted, token: undefined };
  table = overview(session);
  views = new Map([["", table.view]]);
  connection.replaceChildren(h("span.dot", {}), h("strong", {}, session.title), h("span.faint", {}, session.detail), h("span.hidden", {}, "Connection settings"), icon("tune"));
  connection.classList.toggle("live", session.live);
  side.attach(session.client);
  show();
  if (!session.live) table.start();
}

function show() {
  const name = location.hash.slice(1);
  const operation = OPERATIONS.find((one) => one.name === name);
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

function navigation() {
  const groups = [["Reads", OPERATIONS.filter((one) => !one.writes)], ["Writes", OPERATIONS.filter((one) => one.writes)]];
  document.getElementById("list").append(
    h("ul", {}, h("li", {}, h("a.plain", { href: "#" }, "Overview"))),
    ...groups.flatMap(([title, operations]) => [
      h("h2", {}, title),
      h("ul", {}, operations.map(({ name, method, path, cost, scope, writes }) =>
        h("li", {}, h("a", { href: `#${name}`, title: `${method} ${path}, scope ${scope}` },
          h("span.name", {}, name), h("span.cost", { title: "tokens" }, String(cost)),
          h("span.line", {}, h(`span.method${writes ? ".writes" : ""}`, {}, method), " ", path))))),
    ]));
  picker.append(h("option", { value: "" }, "Overview"), ...groups.map(([title, operations]) =>
    h("optgroup", { label: title }, operations.map(({ name, method, cost }) => h("option", { value: name }, `${name} · ${method} · ${cost} tokens`)))));
  picker.onchange = () => (location.hash = picker.value);
}

navigation();
document.getElementById("page").append(side.node);
document.getElementById("skip").onclick = () => main.focus();
connection.onclick = () => openSettings(settings, connect);
addEventListener("hashchange", () => {
  show();
  scrollTo(0, 0);
  main.querySelector("h1").focus({ preventScroll: true });
});
connect(DEFAULTS);
