import { h } from "../dom.js";

/**
 * A plot: a bar for each client, as long as its value, with a line from quarter to quarter where it was measured more than once. It is a table
 * too, for whoever does not see it.
 */
export function plot({ title, text, peers, say, base }) {
  const rows = new Map(peers.map(({ id, name, ours }) => {
    const [value, times] = [h("td.value", {}, "–"), h("td.times", {}, "")];
    const [bar, quarters] = [h("span.bar"), h("span.quarters")];
    const node = h(`tr${ours ? ".ours" : ""}`, {}, h("th", { scope: "row" }, name), h("td.plot", { "aria-hidden": "true" }, bar, quarters), value, times);
    node.dataset.peer = id;
    return [id, { node, value, times, bar, quarters }];
  }));
  const node = h("section.card.comparison", {}, h("h2", {}, title), h("p.note", {}, text), h("table", { "aria-label": title }, h("tbody", {}, [...rows.values()].map((row) => row.node))));

  /** Draws the values by client; those that are not there yet stay as they are. */
  const draw = (values) => {
    const longest = Math.max(...Object.values(values).map(({ value, high = value }) => Math.max(value, high)));
    const part = (value) => `${((100 * value) / longest).toFixed(2)}%`;
    for (const [id, { value, low = value, high = value }] of Object.entries(values)) {
      const row = rows.get(id);
      row.value.textContent = say(value);
      row.value.dataset.value = value;
      row.times.textContent = values[base] ? `${(value / values[base].value).toFixed(2)} ×` : "";
      row.bar.style.width = part(value);
      row.quarters.style.left = part(low);
      row.quarters.style.width = part(high - low);
    }
  };
  return { node, draw };
}
