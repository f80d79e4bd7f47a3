import { h } from "./dom.js";
import { count, duration, timeOfDay } from "./words.js";

/** What the client has spent, what it may still spend, and what it did. */

/** As many events as are kept. */
const EVENTS = 200;

export function panel() {
  const spent = { tokensSpent: number("tokens spent"), callsSent: number("calls sent"), callsSaved: number("calls saved") };
  const burst = meter("Burst window", "calls in two seconds");
  const daily = meter("Daily budget", "tokens a day");
  const log = h("ol.log", { tabIndex: 0, role: "log", "aria-live": "off", "aria-label": "Events" });
  let client;
  let drawn;
  let over;

  const draw = () => {
    drawn = undefined;
    const { usage, rateLimit } = client;
    for (const [name, { say }] of Object.entries(spent)) say(usage[name]);
    // The window is full again when it is over.
    const rest = rateLimit.resetAt ? rateLimit.resetAt.getTime() - Date.now() : 0;
    burst.say(rest > 0 ? rateLimit.remaining : rateLimit.limit, rateLimit.limit);
    daily.say(rateLimit.dailyRemaining, rateLimit.dailyLimit);
    clearTimeout(over);
    if (rest > 0) over = setTimeout(draw, rest + 20);
  };
  const soon = () => (drawn ??= requestAnimationFrame(draw));

  return {
    node: h("aside.panel", { "aria-label": "Usage and events" },
      h("section.card", {}, h("h2", {}, "Spent"), h("dl.spent", {}, Object.values(spent).map(({ node }) => node))),
      h("section.card", {}, h("h2", {}, "Limits"), burst.node, daily.node),
      h("section.card.events", {}, h("div.card-head", {}, h("h2", {}, "Events"), h("button.quiet", { type: "button", onclick: () => log.replaceChildren() }, "Clear")), log)),
    /** A new client: everything begins again. */
    attach(next) {
      client = next;
      log.replaceChildren();
      draw();
    },
    /** Whatever the client does. An event holds neither a body nor a secret. */
    event(event) {
      log.prepend(line(event));
      if (log.childElementCount > EVENTS) log.lastChild.remove();
      soon();
    },
    soon,
  };
}

function line({ type, operation, attempt, status, durationMs, text }) {
  const bad = type === "limited" || status >= 400;
  const more = [status, durationMs !== undefined && duration(durationMs), attempt > 1 && `attempt ${attempt}`].filter(Boolean).join(" · ");
  return h(`li${bad ? ".bad" : ""}`, { title: text ?? "" },
    h("time", {}, timeOfDay(new Date())), h(`span.type${type === "request" ? ".request" : ""}`, {}, type), h("span.operation", {}, operation), h("span.more", {}, more));
}

function number(name) {
  const value = h("dd", {}, "0");
  return { node: h("div", {}, h("dt", {}, name), value), say: (amount) => (value.textContent = count(amount)) };
}

function meter(name, unit) {
  const value = h("span.mono", {}, "–");
  const fill = h("span");
  const bar = h("div.meter", { role: "meter", "aria-label": `${name}: left`, "aria-valuemin": "0", "aria-valuemax": "1", "aria-valuenow": "1" }, fill);
  return {
    node: h("div.limit", {}, h("p", {}, h("span", {}, name), value), bar, h("p.hint", {}, unit)),
    say(left, of) {
      const known = left !== undefined && of !== undefined;
      const share = known && of > 0 ? left / of : 0;
      value.textContent = known ? `${count(left)} / ${count(of)}` : "not told yet";
      fill.style.width = `${share * 100}%`;
      bar.classList.toggle("low", known && share < 0.2);
      bar.setAttribute("aria-valuemax", String(of ?? 1));
      bar.setAttribute("aria-valuenow", String(left ?? 0));
      bar.setAttribute("aria-valuetext", value.textContent);
    },
  };
}
