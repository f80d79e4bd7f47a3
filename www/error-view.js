import { h } from "./dom.js";
import { formatDateTime, formatDuration } from "./format.js";

/** Returns the view of an error, with the fields that the SDK sets. Other errors, such as AbortError, have none of them. */
export function errorView(error) {
  const fields = error.kind === undefined ? [] : [
    ["status", error.status],
    ["code", error.code],
    ["detail", error.detail],
    ["scope", error.scope],
    ["requestId", error.requestId],
    ["attempts", error.attempts],
    ["retryAfterSeconds", error.retryAfterSeconds && `${Math.round(error.retryAfterSeconds)} (${formatDuration(error.retryAfterSeconds * 1000)})`],
    ["resetAt", error.resetAt && formatDateTime(error.resetAt)],
  ].filter(([, value]) => value !== undefined && value !== "");
  return h("article.problem", {},
    h("header", {}, h("strong.error-name", {}, error.name), error.kind && h("span.badge.error", {}, error.kind)),
    h("p", {}, error.message),
    h("dl.facts", {}, fields.map(([name, value]) => h("div", {}, h("dt.mono", {}, name), h("dd.mono", {}, String(value))))),
    error.body && h("details", {}, h("summary", {}, "Response body"), h("pre", {}, error.body.slice(0, 20_000))));
}

/** Returns the error's fields, for the JSON view. */
export const errorData = (error) => (typeof error.toJSON === "function" ? error.toJSON() : { name: error.name, message: error.message });
