import { highlight } from "./code.js";
import { copyButton, h, icon, tabs } from "./dom.js";
import { errorData, errorView } from "./error-view.js";
import { formatDateTime, formatDuration, formatNumber } from "./format.js";
import { renderData } from "./render.js";
import { timeline } from "./timeline.js";

/** The outcome of a call: metadata, data or error, and links to further pages. */

/** Maximum number of characters of JSON that are drawn; the Copy button always copies all of it. */
const MAX_JSON = 60_000;

/** Returns the placeholder shown before the first call. */
export const emptyResult = () => h("p.empty", {}, "No request sent yet. Run the call to see its response here.");

/** Returns the placeholder shown while the first call is in flight. */
export const waitingResult = () => h("p.empty", {}, "Waiting for the response …");

/** Returns the elements that show a successful call. `loadPage` is called with the changed form values of another page. */
export function successResult({ operation, data, response, ms, events, session, values, loadPage }) {
  return [
    metadata([
      ["Status", status(response.status, true)],
      ["Time", formatDuration(ms)],
      ["Cost", `${response.cost} tokens`],
      ["Attempts", formatNumber(response.attempts)],
      ["Burst left", remainingOf(response.rateLimit.remaining, response.rateLimit.limit)],
      ["Request id", requestId(response.requestId)],
    ]),
    ...views([["View", () => renderData(operation, data, session)], ["JSON", () => json(data)], ["Headers", () => headers(response)], ["Timeline", () => timeline(events, ms)]], data),
    pager(operation, data, values, loadPage),
  ];
}

/** Returns the elements that show a failed or cancelled call. `attempts` is the number of requests that were sent. */
export function errorResult({ operation, error, cancelled, attempts, ms, events, session }) {
  const { rateLimit } = session.client;
  const withoutStatus = attempts === 0 ? "not sent" : cancelled ? "sent, cancelled" : "sent, no response";
  return [
    metadata([
      ["Status", status(error.status ?? withoutStatus, false)],
      ["Time", formatDuration(ms)],
      ["Cost", `${operation.cost * attempts} tokens`],
      ["Attempts", formatNumber(attempts)],
      ["Burst left", remainingOf(rateLimit.remaining, rateLimit.limit)],
      ["Request id", requestId(error.requestId)],
    ]),
    ...views([["Error", () => errorView(error)], ["JSON", () => json(errorData(error))], ["Headers", () => headers({ headers: error.headers ?? {}, rateLimit })], ["Timeline", () => timeline(events, ms)]], errorData(error)),
  ];
}

const metadata = (entries) => h("dl.metadata", {}, entries.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
const status = (text, ok) => h(`span.status.${ok ? "ok" : "failed"}`, {}, icon(ok ? "check" : "cross"), String(text));
const remainingOf = (remaining, limit) => (remaining === undefined ? "–" : `${formatNumber(remaining)} of ${formatNumber(limit)}`);
const requestId = (id) => (id ? h("span.mono", {}, id) : "–");
const views = (panels, data) => tabs("Response", panels, copyButton("the response as JSON", () => JSON.stringify(data, null, 2)));

function json(data) {
  const text = JSON.stringify(data, null, 2);
  const truncated = text.length > MAX_JSON;
  return h("div", {}, h("pre.code", { tabIndex: 0, "aria-label": "JSON" }, highlight(text.slice(0, MAX_JSON))), truncated && h("p.note", {}, `The first ${formatNumber(MAX_JSON)} of ${formatNumber(text.length)} characters. Copy copies all of them.`));
}

function headers({ headers: all, rateLimit }) {
  const daily = rateLimit.dailyRemaining === undefined ? "not exposed to pages on other origins" : `${formatNumber(rateLimit.dailyRemaining)} of ${formatNumber(rateLimit.dailyLimit)} tokens`;
  const resets = rateLimit.resetAt ? formatDateTime(rateLimit.resetAt) : "–";
  return h("dl.facts.wide", {}, [...Object.entries(all), ["→ end of the burst window", resets], ["→ daily budget left", daily]].map(([name, value]) =>
    h("div", {}, h("dt.mono", {}, name), h("dd.mono", {}, value))));
}

function pager(operation, page, values, loadPage) {
  const param = operation.params.find(({ nextField }) => nextField);
  if (!param) return null;
  const button = (text, sign, value, enabled) =>
    h("button.quiet", { type: "button", disabled: !enabled, onclick: () => loadPage({ [param.name]: value === undefined ? "" : String(value) }) }, icon(sign), text);
  return h("nav.pager", { "aria-label": "Pages" },
    h("span.faint", {}, page.hasNextPage ? `More pages follow (${param.nextField})` : "This is the last page"),
    button("First page", "first", undefined, values[param.name] !== ""), button("Next page", "next", page[param.nextField], page.hasNextPage));
}
