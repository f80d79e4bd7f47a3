import { h } from "./dom.js";
import { duration, moment } from "./words.js";

/** An error as the SDK gives it. */
export function problem(error) {
  const fields = [
    ["status", error.status],
    ["code", error.code],
    ["detail", error.detail],
    ["scope", error.scope],
    ["requestId", error.requestId],
    ["attempts", error.attempts],
    ["retryAfterSeconds", error.retryAfterSeconds && `${Math.round(error.retryAfterSeconds)} (${duration(error.retryAfterSeconds * 1000)})`],
    ["resetAt", error.resetAt && moment(error.resetAt)],
  ].filter(([, value]) => value !== undefined && value !== "");
  return h("article.problem", {},
    h("header", {}, h("strong.error-name", {}, error.name), error.kind && h("span.badge.bad", {}, error.kind)),
    h("p", {}, error.message),
    h("dl.facts", {}, fields.map(([name, value]) => h("div", {}, h("dt.mono", {}, name), h("dd.mono", {}, String(value))))),
    error.body && h("details", {}, h("summary", {}, "The answer as it came"), h("pre", {}, error.body.slice(0, 20_000))));
}

/** The error's fields, for the JSON view. */
export const problemData = (error) => (typeof error.toJSON === "function" ? error.toJSON() : { name: error.name, message: error.message });
