import { highlight } from "./code.js";
import { confirmWrite } from "./confirm.js";
import { announce, copyButton, h, segments } from "./dom.js";
import { faultField } from "./faults.js";
import { parameterForm } from "./form.js";
import { codeOf, EXTENTS, LANGUAGES } from "./languages.js";
import { linkTo, valuesOf } from "./link.js";
import { argumentsOf, initialValues, send } from "./operations.js";
import { emptyResult, errorResult, successResult, waitingResult } from "./result.js";
import { createRunButton } from "./run-button.js";
import { rememberNames } from "./session.js";

/** The view of one operation: its parameters, the code of the call, and the response. */

/** What of the code is shown, and in which language. Shared by all views, and kept in this browser. */
const SHOWN_KEY = "pipedrive-users-code";
const shown = { extent: "call", language: "javascript", ...chosenBefore() };

function chosenBefore() {
  const [language, extent] = (localStorage.getItem(SHOWN_KEY) ?? "").split(" ");
  return language in LANGUAGES && extent in EXTENTS ? { language, extent } : {};
}

/**
 * Returns the view of an operation. `onCall` is called with each call that ended, `onChange` with the link that has the parameters of now.
 */
export function workbench(operation, session, { onCall, onChange }) {
  const values = initialValues(operation, session);
  let fault = "none";
  let controller;

  const code = h("pre.code", { tabIndex: 0, "aria-label": "Code of the call" });
  const codeText = () => codeOf({ ...shown, operation, args: argumentsOf(operation, values), session });
  const drawCode = () => code.replaceChildren(highlight(codeText()));

  const changed = () => {
    drawCode();
    onChange(linkTo(operation, values));
  };
  const fields = h("div");
  const drawFields = () => fields.replaceChildren(parameterForm(operation, values, session.people, changed));

  // An abort rejects with the signal's reason, which does not say whether anything was sent: the client's usage does.
  const totalSent = () => session.client.usage.operations[operation.name].callsSent;
  let sentBefore = 0;
  const cancel = () => {
    const message = totalSent() > sentBefore
      ? "You cancelled the call after it was sent. The server may have processed it."
      : "You cancelled the call before it was sent.";
    controller.abort(new DOMException(message, "AbortError"));
  };
  const runButton = createRunButton(cancel);
  const result = h("div.result-body", {}, emptyResult());
  const staleBadge = h("span.badge.warn", { hidden: true }, "stale: from the previous call");
  const section = h("section.card.result", { "aria-labelledby": "response", tabIndex: -1 },
    h("div.card-head", {}, h("h2", { id: "response" }, "Response"), staleBadge), result);

  let hasResult = false;
  const showInFlight = () => {
    if (hasResult) staleBadge.hidden = false;
    else result.replaceChildren(waitingResult());
    announce(`${operation.name} is in flight`);
  };
  const showResult = (nodes) => {
    hasResult = true;
    staleBadge.hidden = true;
    // Replacing the focused element would move the focus to the start of the page.
    const hadFocus = result.contains(document.activeElement);
    result.replaceChildren(...nodes.filter(Boolean));
    if (hadFocus) (result.querySelector(".pager button:last-child:enabled") ?? section).focus();
  };

  async function run() {
    if (controller) return;
    const args = argumentsOf(operation, values);
    // The client refuses a call without a change, and sends nothing.
    const changes = operation.writes && Object.keys(args.positional.at(-1)).length > 0;
    if (session.live && changes && !(await confirmWrite(operation, args.positional, codeText()))) return;
    controller = new AbortController();
    sentBefore = totalSent();
    runButton.start(showInFlight);
    section.setAttribute("aria-busy", "true");
    const startedAt = performance.now();
    const events = collectEvents(session, operation, startedAt);
    session.faults?.set(fault);
    let outcome;
    try {
      const { data, response } = await send(session.client, operation, args, controller.signal);
      const ms = performance.now() - startedAt;
      rememberNames(session, operation, data);
      outcome = { outcome: response.status, failed: false, ms };
      showResult(successResult({ operation, data, response, ms, events: events.stop(), session, values, loadPage }));
      announce(`${operation.name} returned ${response.status}: ${operation.summarize(data)}`);
    } catch (error) {
      const cancelled = error === controller.signal.reason;
      const attempts = error.attempts ?? totalSent() - sentBefore;
      const ms = performance.now() - startedAt;
      outcome = { outcome: cancelled ? "cancelled" : error.name, failed: true, ms };
      showResult(errorResult({ operation, error, cancelled, attempts, ms, events: events.stop(), session }));
      announce(cancelled ? `${operation.name}: ${error.message}` : `${operation.name} failed with ${error.name}: ${error.message}`);
    }
    session.faults?.set("none");
    onCall({ operation, args, href: linkTo(operation, values), ...outcome });
    controller = undefined;
    runButton.stop();
    section.removeAttribute("aria-busy");
    scrollToResult(section);
  }

  function loadPage(changedValues) {
    load(changedValues);
    run();
  }

  function load(newValues) {
    Object.assign(values, newValues);
    drawFields();
    changed();
  }

  const form = h("form.card", { noValidate: true, "aria-labelledby": "parameters", onsubmit: (event) => {
    event.preventDefault();
    run();
  } }, h("h2", { id: "parameters" }, "Parameters"), fields, session.faults && faultField((name) => (fault = name)), h("div.actions", {}, runButton.node));

  const choose = (name, label, choices) => segments(name, label, choices, choices.some(([value]) => value === shown[name]) ? shown[name] : choices[0][0], (value) => {
    shown[name] = value;
    localStorage.setItem(SHOWN_KEY, `${shown.language} ${shown.extent}`);
    drawCode();
  });
  const extent = choose("extent", "How much code", Object.entries(EXTENTS).filter(([value]) => !(session.live && value === "account")));
  const language = choose("language", "Language", Object.entries(LANGUAGES));
  const source = h("section.card.source", { "aria-labelledby": "code" },
    h("div.card-head", {}, h("h2", { id: "code" }, "Code"), copyButton("the code", codeText)), h("div.code-choices", {}, language, extent), code);

  drawFields();
  drawCode();
  return {
    view: h("div.view", {}, heading(operation), h("div.halves", {}, form, source), section),
    /** Fills the form with the parameters of a link. */
    open: (params) => load(valuesOf(operation, params)),
    /** Draws the code again: another view may have chosen another language. */
    refresh() {
      for (const [name, value] of Object.entries(shown)) {
        const input = source.querySelector(`[name="${name}"][value="${value}"]`);
        if (input) input.checked = true;
      }
      drawCode();
    },
  };
}

/** Collects the events of the operation's next call, with their times since its start. */
function collectEvents(session, operation, startedAt) {
  const events = [];
  let callId;
  const listener = (event) => {
    if (event.operation !== operation.name) return;
    callId ??= event.callId;
    if (event.callId === callId) events.push({ ...event, at: performance.now() - startedAt });
  };
  session.listeners.add(listener);
  return {
    stop() {
      session.listeners.delete(listener);
      return events;
    },
  };
}

function heading({ name, method, path, about, cost, scope, writes }) {
  return h("header.view-head", {},
    h("p.line", {}, h(`span.method${writes ? ".writes" : ""}`, {}, method), " ", h("code", {}, path)),
    h("h1", { tabIndex: -1 }, name),
    h("p", {}, about),
    h("p.tags", {}, h("span.badge.plain", {}, `cost ${cost} tokens`), h("span.badge.plain", {}, `scope ${scope}`), writes && h("span.badge.warn", {}, "writes")));
}

/** Scrolls to the response if it is below the visible part of the page. */
function scrollToResult(section) {
  const { top } = section.getBoundingClientRect();
  const reduceMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (top > innerHeight - 200) section.scrollIntoView({ block: "start", behavior: reduceMotion ? "auto" : "smooth" });
}
