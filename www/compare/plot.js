import { h } from "../dom.js";

/**
 * Returns a bar chart with one bar per client, and a line from the first to the third quartile where there are several
 * measurements. It is an HTML table, so that screen readers can read the values. `base` is the client that the others are compared with.
 */
export function plot({ title, text, peers, format, base }) {
  const rows = new Map(peers.map(({ id, name, ours }) => {
    const [value, ratio] = [h("td.value", {}, "–"), h("td.ratio", {}, "")];
    const [bar, range] = [h("span.bar"), h("span.range")];
    const node = h(`tr${ours ? ".ours" : ""}`, {}, h("th", { scope: "row" }, name), h("td.plot", { "aria-hidden": "true" }, bar, range), value, ratio);
    node.dataset.peer = id;
    return [id, { node, value, ratio, bar, range }];
  }));
  const node = h("section.card.comparison", {}, h("h2", {}, title), h("p.note", {}, text), h("table", { "aria-label": title }, h("tbody", {}, [...rows.values()].map((row) => row.node))));

  /** Draws values by client id. Clients without a value keep what they show. */
  const draw = (values) => {
    const longest = Math.max(...Object.values(values).map(({ value, high = value }) => Math.max(value, high)));
    const percent = (value) => `${((100 * value) / longest).toFixed(2)}%`;
    for (const [id, { value, low = value, high = value }] of Object.entries(values)) {
      const row = rows.get(id);
      row.value.textContent = format(value);
      row.value.dataset.value = value;
      row.ratio.textContent = values[base] ? `${(value / values[base].value).toFixed(2)} ×` : "";
      row.bar.style.width = percent(value);
      row.range.style.left = percent(low);
      row.range.style.width = percent(high - low);
    }
  };
  return { node, draw };
}
