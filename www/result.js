import { highlight } from "./code.js";
import { copyButton, h, icon, tabs } from "./dom.js";
import { problem, problemData } from "./problem.js";
import { readable } from "./render.js";
import { count, duration, moment } from "./words.js";

/** The outcome of a call: how it went, what came, and where a list goes on. */

/** As much JSON as is drawn; the copy has all of it. */
const SHOWN = 60_000;

/** Before the first call. */
export const noResult = () => h("p.empty", {}, "Nothing was sent yet. Run the call and its answer appears here.");

/** A call that went well. `goOn` is told the typed parameters of another page. */
export function goodResult({ operation, data, response, ms, session, typed, goOn }) {
  return [
    metadata([
      ["Status", status(response.status, true)],
      ["Time", duration(ms)],
      ["Cost", `${response.cost} tokens`],
      ["Attempts", count(response.attempts)],
      ["Burst left", left(response.rateLimit.remaining, response.rateLimit.limit)],
      ["Request id", requestId(response.requestId)],
    ]),
    ...views([["View", () => readable(operation, data, session)], ["JSON", () => json(data)], ["Headers", () => headers(response)]], data),
    pager(operation, data, typed, goOn),
  ];
}

/** A call that did not. */
export function badResult({ operation, error, ms }) {
  return [
    metadata([
      ["Status", status(error.status ?? "not sent", false)],
      ["Time", duration(ms)],
      ["Cost", `${error.attempts ? operation.cost * error.attempts : 0} tokens`],
      ["Attempts", count(error.attempts ?? 0)],
      ["Burst left", "–"],
      ["Request id", requestId(error.requestId)],
    ]),
    ...views([["Error", () => problem(error)], ["JSON", () => json(problemData(error))]], problemData(error)),
  ];
}

const metadata = (entries) => h("dl.metadata", {}, entries.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
const status = (text, good) => h(`span.status.${good ? "good" : "bad"}`, {}, icon(good ? "check" : "cross"), String(text));
const left = (remaining, limit) => (remaining === undefined ? "–" : `${count(remaining)} of ${count(limit)}`);
const requestId = (id) => (id ? h("span.mono.cut", { title: id }, id) : "–");
const views = (panels, data) => tabs("The answer", panels, copyButton("the answer as JSON", () => JSON.stringify(data, null, 2)));

function json(data) {
  const text = JSON.stringify(data, null, 2);
  const cut = text.length > SHOWN;
  return h("div", {}, h("pre.code", {}, highlight(text.slice(0, SHOWN))), cut && h("p.note", {}, `The first ${count(SHOWN)} of ${count(text.length)} characters. Copy gives all of them.`));
}

function headers({ headers: all, rateLimit }) {
  const daily = rateLimit.dailyRemaining === undefined ? "not shown to pages on another origin" : `${count(rateLimit.dailyRemaining)} of ${count(rateLimit.dailyLimit)} tokens`;
  const resets = rateLimit.resetAt ? moment(rateLimit.resetAt) : "–";
  return h("dl.facts.wide", {}, [...Object.entries(all), ["→ burst window ends", resets], ["→ left of the day", daily]].map(([name, value]) =>
    h("div", {}, h("dt.mono", {}, name), h("dd.mono", {}, value))));
}

function pager(operation, page, typed, goOn) {
  const param = operation.params.find(({ goesOn }) => goesOn);
  if (!param) return null;
  const go = (text, sign, value, enabled) =>
    h("button.quiet", { type: "button", disabled: !enabled, onclick: () => goOn({ [param.name]: value === undefined ? "" : String(value) }) }, icon(sign), text);
  return h("nav.pager", { "aria-label": "Pages" },
    h("span.faint", {}, page.hasNextPage ? `The list goes on (${param.goesOn})` : "This is the last page"),
    go("First page", "first", undefined, typed[param.name] !== ""), go("Next page", "next", page[param.goesOn], page.hasNextPage));
}
