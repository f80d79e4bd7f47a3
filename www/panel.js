import { h } from "./dom.js";
import { createHistory } from "./history.js";
import { formatDuration, formatLocalTime, formatNumber } from "./format.js";

/** The side panel: usage and remaining limits of the client, and a log of its events. */

/** Maximum number of events in the log. */
const MAX_EVENTS = 200;

export function createPanel() {
  const spent = { tokensSpent: createNumber("cost"), callsSent: createNumber("calls sent"), callsSaved: createNumber("calls saved") };
  const burst = createMeter("Burst window", "calls in two seconds");
  const daily = createMeter("Daily budget", "cost per day, in tokens");
  const history = createHistory();
  const log = h("ol.log", { tabIndex: 0, "aria-label": "Events" });
  let client;
  let frame;
  let windowTimer;

  const draw = () => {
    frame = undefined;
    const { usage, rateLimit } = client;
    for (const [name, { set }] of Object.entries(spent)) set(usage[name]);
    // After the window's end, the full limit is available again.
    const rest = rateLimit.resetAt ? rateLimit.resetAt.getTime() - Date.now() : 0;
    burst.set(rest > 0 ? rateLimit.remaining : rateLimit.limit, rateLimit.limit);
    daily.set(rateLimit.dailyRemaining, rateLimit.dailyLimit);
    clearTimeout(windowTimer);
    if (rest > 0) windowTimer = setTimeout(draw, rest + 20);
  };

  return {
    node: h("aside.panel", { "aria-label": "Usage and events" },
      h("section.card", {}, h("h2", {}, "Spent"), h("dl.spent", {}, Object.values(spent).map(({ node }) => node))),
      h("section.card", {}, h("h2", {}, "Limits"), burst.node, daily.node),
      history.node,
      h("section.card.events", {}, h("div.card-head", {}, h("h2", {}, "Events"), h("button.quiet", { type: "button", onclick: () => log.replaceChildren() }, "Clear")), log)),
    /** Shows another client and clears the log. */
    attach(newClient) {
      client = newClient;
      log.replaceChildren();
      history.clear();
      draw();
    },
    /** Adds a call to the history. */
    addCall: history.add,
    /** Adds a client event to the log. Events contain neither bodies nor credentials. */
    addEvent(event) {
      log.prepend(logEntry(event));
      if (log.childElementCount > MAX_EVENTS) log.lastChild.remove();
      frame ??= requestAnimationFrame(draw);
    },
  };
}

function logEntry({ type, operation, attempt, status, durationMs, text }) {
  const isError = type === "limited" || status >= 400;
  const details = [status, durationMs !== undefined && formatDuration(durationMs), attempt > 1 && `attempt ${attempt}`].filter(Boolean).join(" · ");
  return h(`li${isError ? ".error" : ""}`, { title: text ?? "" },
    h("time", {}, formatLocalTime(new Date())), h(`span.type${type === "request" ? ".request" : ""}`, {}, type), h("span.operation", {}, operation), h("span.details", {}, details));
}

function createNumber(name) {
  const value = h("dd", {}, "0");
  return { node: h("div", {}, h("dt", {}, name), value), set: (amount) => (value.textContent = formatNumber(amount)) };
}

function createMeter(name, unit) {
  const value = h("span.mono", {}, "–");
  const fill = h("span");
  const bar = h("div.meter", { role: "meter", "aria-label": `${name}: remaining`, "aria-valuemin": "0", "aria-valuemax": "1", "aria-valuenow": "1" }, fill);
  return {
    node: h("div.limit", {}, h("p", {}, h("span", {}, name), value), bar, h("p.hint", {}, unit)),
    set(remaining, limit) {
      const known = remaining !== undefined && limit !== undefined;
      const share = known && limit > 0 ? remaining / limit : 0;
      value.textContent = known ? `${formatNumber(remaining)} / ${formatNumber(limit)}` : "not reported yet";
      fill.style.width = `${share * 100}%`;
      bar.classList.toggle("low", known && share < 0.2);
      bar.setAttribute("aria-valuemax", String(limit ?? 1));
      bar.setAttribute("aria-valuenow", String(remaining ?? 0));
      bar.setAttribute("aria-valuetext", value.textContent);
    },
  };
}
