import { announce, h, icon } from "./dom.js";
import { runAll } from "./firstrun.js";
import { OPERATIONS } from "./operations.js";
import { count, duration } from "./words.js";

/** The other pages. */
const MORE = [
  ["/compare/", "Side by side", "the package and other clients, measured in this browser"],
  ["/app-extension/", "In an app extension", "the panel, its backend in a Worker, and a page that plays Pipedrive"],
];

/** The ten operations in a table, each of them run once. */
export function overview(session) {
  const rows = new Map(OPERATIONS.map((operation) => [operation.name, row(operation)]));
  const again = h("button.primary", { type: "button", onclick: () => start() }, icon("play"), h("span", {}, session.live ? "Run all that read" : "Run all again"));
  const totals = { good: figure("good"), tokens: figure("tokens"), time: figure("in all") };
  let running;

  async function start() {
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    const sums = { good: 0, tokens: 0, ms: 0, run: 0 };
    document.documentElement.removeAttribute("data-ready");
    again.disabled = true;
    for (const operation of OPERATIONS) rows.get(operation.name).tell({ state: "idle" });
    const good = await runAll(session, (operation, news) => {
      rows.get(operation.name).tell(news);
      if (news.state === "running") sums.run += 1;
      if (news.ms === undefined) return;
      sums.good += news.state === "good";
      sums.tokens += operation.cost * (news.response?.attempts ?? news.error.attempts ?? 0);
      sums.ms += news.ms;
      totals.good.say(`${sums.good} of ${sums.run}`);
      totals.tokens.say(count(sums.tokens));
      totals.time.say(duration(sums.ms));
    }, signal);
    if (good === undefined) return;
    again.disabled = false;
    announce(`${good} of ${sums.run} operations went well`);
    document.documentElement.dataset.ready = String(good);
  }

  const view = h("div.view", {},
    h("header.view-head.with-action", {},
      h("div", {}, h("h1", { tabIndex: -1 }, "Overview"),
        h("p", {}, session.live
          ? "The operations that read, run once on your account. Those that write are left out: open one to send it yourself."
          : "All ten operations of the Users API, run once through the SDK on a Pipedrive that lives in this page.")),
      again),
    h("dl.figures", {}, Object.values(totals).map(({ node }) => node)),
    h("section.card.flush", { "aria-label": "Operations" }, h("table.runs", { role: "table" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ["Operation", "Result", "Cost", "Time", "Status"].map((name) => h("th", { scope: "col", role: "columnheader" }, name)))),
      h("tbody", { role: "rowgroup" }, [...rows.values()].map(({ node }) => node)))),
    h("section.card", { "aria-label": "More to see" }, h("ul.more", {}, MORE.map(([href, name, text]) => h("li", {}, h("a", { href }, name), h("span.faint", {}, text))))));
  return { view, start, stop: () => running?.abort() };
}

function figure(name) {
  const value = h("dd", {}, "–");
  return { node: h("div", {}, h("dt", {}, name), value), say: (text) => (value.textContent = text) };
}

function row({ name, method, path, cost, writes }) {
  const cell = (kind, ...children) => h(`td.${kind}`, { role: "cell" }, ...children);
  const result = cell("words");
  const time = cell("time");
  const state = cell("state");
  const node = h("tr", { role: "row" },
    cell("operation", h("a", { href: `#${name}` }, name), h("span.line", {}, h(`span.method${writes ? ".writes" : ""}`, {}, method), " ", h("code", {}, path))),
    result, cell("cost", String(cost)), time, state);
  const tell = (news) => {
    const [sign, word, text] = {
      idle: ["dash", "waiting", ""],
      running: ["dash", "running", "…"],
      skipped: ["dash", "left out", "not sent"],
      good: ["check", "good", news.words],
      bad: ["cross", "bad", news.error?.name],
    }[news.state];
    node.dataset.state = news.state;
    result.textContent = text;
    result.title = news.error?.message ?? text;
    time.textContent = news.ms === undefined ? "" : duration(news.ms);
    state.replaceChildren(h(`span.status.${news.state}`, {}, icon(sign), word));
  };
  tell({ state: "idle" });
  return { node, tell };
}
