import { h } from "./dom.js";
import { formatDuration } from "./format.js";

/** What a call spent its time on, drawn from its events: the queue, each attempt, and the pauses between them. */

/** Returns the parts of a call, in order: `{ kind, label, from, to }`, in milliseconds since its start. `events` have `at` beside their own members. */
export function partsOf(events, total) {
  const parts = [];
  let open = { kind: "before", label: "Before the first request", from: 0 };
  const close = (at, more = {}) => {
    if (open && at - open.from >= 0.05) parts.push({ ...open, to: at, ...more });
    open = undefined;
  };
  const begin = (at, part) => {
    close(at);
    open = { ...part, from: at };
  };
  for (const { type, at, attempt, status } of events) {
    if (type === "wait") begin(at, { kind: "wait", label: "Waits for the rate limit" });
    if (type === "request") begin(at, { kind: "request", label: `Request ${attempt}` });
    if (type === "response") close(at, { label: `Request ${attempt}: ${status ?? "no response"}`, kind: status >= 200 && status < 400 ? "request" : "failed" });
    if (type === "retry") begin(at, { kind: "pause", label: "Pause before the next request" });
    if (type === "shared") begin(at, { kind: "wait", label: "Shares another call's request" });
  }
  close(total);
  return parts;
}

/** Returns the timeline of a call that took `total` milliseconds. */
export function timeline(events, total) {
  const parts = partsOf(events, total);
  if (!parts.length) return h("p.empty", {}, "Nothing was sent.");
  return h("ol.timeline", {}, parts.map(({ kind, label, from, to }) => {
    const bar = h(`span.${kind}`);
    bar.style.marginInlineStart = `${(from / total) * 100}%`;
    bar.style.inlineSize = `max(2px, ${((to - from) / total) * 100}%)`;
    return h("li", {}, h("span.what", {}, label), h("span.mono", {}, formatDuration(to - from)), h("span.track", { "aria-hidden": "true" }, bar));
  }));
}
