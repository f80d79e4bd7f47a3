import { announce, h, icon } from "./dom.js";
import { formatDuration, formatNumber } from "./format.js";
import { OPERATIONS } from "./operations.js";
import { peoplePicker } from "./people.js";
import { runAll } from "./run-all.js";

/** Links to the other pages: beside the console in the demo, above it on the documentation site, which has no server for the rest. */
const MORE = location.pathname.endsWith("/console/") ? [["../", "Documentation", "guides and the reference"]] : [
  ["/docs/", "Documentation", "guides and the reference, a minute after the demo started"],
  ["/compare/", "Side by side", "the package compared with other clients, measured in this browser"],
  ["/app-extension/", "In an app extension", "the panel, its backend in a Worker, and a page that simulates Pipedrive"],
];

/** What the page says of itself before its scripts have run. */
const ABOUT = document.getElementById("about").textContent;

/** Returns the start page: a table of the ten operations with the result of one run each. */
export function overview(session) {
  const rows = new Map(OPERATIONS.map((operation) => [operation.name, createRow(operation)]));
  const runButton = h("button.primary", { type: "button", onclick: () => start() }, icon("play"), h("span", {}, session.live ? "Run all reads" : "Run all again"));
  const totals = { ok: createFigure("OK"), cost: createFigure("cost"), time: createFigure("total time") };
  let controller;

  async function start() {
    controller?.abort();
    controller = new AbortController();
    const { signal } = controller;
    const sums = { ok: 0, cost: 0, ms: 0, runs: 0 };
    document.documentElement.removeAttribute("data-ready");
    runButton.disabled = true;
    for (const operation of OPERATIONS) rows.get(operation.name).update({ state: "idle" });
    const succeeded = await runAll(session, (operation, update) => {
      rows.get(operation.name).update(update);
      if (update.state === "running") sums.runs += 1;
      if (update.ms === undefined) return;
      sums.ok += update.state === "ok";
      sums.cost += operation.cost * (update.response?.attempts ?? update.error.attempts ?? 0);
      sums.ms += update.ms;
      totals.ok.set(`${sums.ok} of ${sums.runs}`);
      totals.cost.set(formatNumber(sums.cost));
      totals.time.set(formatDuration(sums.ms));
    }, signal);
    if (succeeded === undefined) return;
    runButton.disabled = false;
    announce(`${succeeded} of ${sums.runs} operations succeeded`);
    document.documentElement.dataset.ready = String(succeeded);
  }

  const view = h("div.view", {},
    h("header.view-head.with-action", {},
      h("div", {}, h("h1", { tabIndex: -1 }, "Overview"),
        h("p", {}, session.live
          ? "The read operations, run once on your account. Write operations are skipped: open one to send it yourself."
          : ABOUT)),
      runButton),
    h("dl.figures", {}, Object.values(totals).map(({ node }) => node)),
    h("section.card.flush", { "aria-label": "Operations" }, h("table.runs", { role: "table" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ["Operation", "Result", "Cost", "Time", "Status"].map((name) => h("th", { scope: "col", role: "columnheader" }, name)))),
      h("tbody", { role: "rowgroup" }, [...rows.values()].map(({ node }) => node)))),
    peoplePicker(session),
    h("section.card", { "aria-label": "Other pages" }, h("ul.more", {}, MORE.map(([href, name, text]) => h("li", {}, h("a", { href }, name), h("span.faint", {}, text))))));
  return { view, start, stop: () => controller?.abort() };
}

function createFigure(name) {
  const value = h("dd", {}, "–");
  return { node: h("div", {}, h("dt", {}, name), value), set: (text) => (value.textContent = text) };
}

function createRow({ name, method, path, cost, writes }) {
  const cell = (kind, ...children) => h(`td.${kind}`, { role: "cell" }, ...children);
  const result = cell("summary");
  const time = cell("time");
  const status = cell("state");
  const node = h("tr", { role: "row" },
    cell("operation", h("a", { href: `#${name}` }, name), h("span.line", {}, h(`span.method${writes ? ".writes" : ""}`, {}, method), " ", h("code", {}, path))),
    result, cell("cost", String(cost)), time, status);
  const update = ({ state, summary, error, ms }) => {
    const [sign, label, text] = {
      idle: ["dash", "waiting", ""],
      running: ["dash", "running", "…"],
      skipped: ["dash", "skipped", "not sent"],
      ok: ["check", "OK", summary],
      failed: ["cross", "failed", error?.name],
    }[state];
    node.dataset.state = state;
    result.textContent = text;
    result.title = error?.message ?? text;
    time.textContent = ms === undefined ? "" : formatDuration(ms);
    status.replaceChildren(h(`span.status.${state}`, {}, icon(sign), label));
  };
  update({ state: "idle" });
  return { node, update };
}
