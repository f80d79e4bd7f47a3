import { literal } from "./code.js";
import { h } from "./dom.js";
import { formatDuration } from "./format.js";

/** The calls that were made in the workbenches of a session, newest first; each leads back to its form with its parameters. */

const MAX_CALLS = 50;

export function createHistory() {
  const list = h("ol.history");
  const count = h("span.faint", {}, "none yet");
  const node = h("details.card", {}, h("summary", {}, h("h2", {}, "History"), count), list);
  return {
    node,
    clear() {
      list.replaceChildren();
      count.textContent = "none yet";
    },
    /** Adds a call. `outcome` is its status or the name of its error. */
    add({ operation, args, href, outcome, failed, ms }) {
      const values = [...args.positional, ...(Object.keys(args.options).length ? [args.options] : [])].map((value) => literal(value).replace(/\s+/g, " "));
      list.prepend(h(`li${failed ? ".error" : ""}`, {}, h("a", { href }, `${operation.name}(${values.join(", ")})`), h("span.faint", {}, `${outcome} · ${formatDuration(ms)}`)));
      if (list.childElementCount > MAX_CALLS) list.lastChild.remove();
      count.textContent = String(list.childElementCount);
    },
  };
}
