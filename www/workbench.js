import { callCode, highlight } from "./code.js";
import { confirmWrite } from "./confirm.js";
import { announce, copyButton, h, segments } from "./dom.js";
import { parameterForm } from "./form.js";
import { argumentsOf, initialValues, send } from "./operations.js";
import { emptyResult, errorResult, successResult, waitingResult } from "./result.js";
import { createRunButton } from "./run-button.js";
import { rememberNames } from "./session.js";

/** The view of one operation: its parameters, the code of the call, and the response. */

/** Whether the whole program is shown instead of the call alone. Shared by all views. */
let showProgram = false;

export function workbench(operation, session) {
  const values = initialValues(operation, session);
  let controller;

  const code = h("pre.code", { tabIndex: 0, "aria-label": "Code of the call" });
  const codeText = () => {
    const call = callCode(operation, argumentsOf(operation, values));
    return showProgram ? `${session.code}\n\n${call}` : call;
  };
  const drawCode = () => code.replaceChildren(highlight(codeText()));

  const fields = h("div");
  const drawFields = () => fields.replaceChildren(parameterForm(operation, values, session.people, drawCode));

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
    if (session.live && operation.writes && !(await confirmWrite(operation, codeText()))) return;
    controller = new AbortController();
    sentBefore = totalSent();
    const args = argumentsOf(operation, values);
    runButton.start(showInFlight);
    section.setAttribute("aria-busy", "true");
    const startedAt = performance.now();
    try {
      const { data, response } = await send(session.client, operation, args, controller.signal);
      const ms = performance.now() - startedAt;
      rememberNames(session, operation, data);
      showResult(successResult({ operation, data, response, ms, session, values, loadPage }));
      announce(`${operation.name} returned ${response.status}: ${operation.summarize(data)}`);
    } catch (error) {
      const cancelled = error === controller.signal.reason;
      const attempts = error.attempts ?? totalSent() - sentBefore;
      showResult(errorResult({ operation, error, cancelled, attempts, ms: performance.now() - startedAt }));
      announce(cancelled ? `${operation.name}: ${error.message}` : `${operation.name} failed with ${error.name}: ${error.message}`);
    }
    controller = undefined;
    runButton.stop();
    section.removeAttribute("aria-busy");
    scrollToResult(section);
  }

  function loadPage(changedValues) {
    Object.assign(values, changedValues);
    drawFields();
    drawCode();
    run();
  }

  const form = h("form.card", { noValidate: true, "aria-labelledby": "parameters", onsubmit: (event) => {
    event.preventDefault();
    run();
  } }, h("h2", { id: "parameters" }, "Parameters"), fields, h("div.actions", {}, runButton.node));

  const extent = segments("extent", "How much code", [["call", "Call"], ["program", "Whole program"]], showProgram ? "program" : "call", (value) => {
    showProgram = value === "program";
    drawCode();
  });
  const source = h("section.card.source", { "aria-labelledby": "code" },
    h("div.card-head", {}, h("h2", { id: "code" }, "Code"), extent, copyButton("the code", codeText)), code);

  drawFields();
  drawCode();
  return h("div.view", {}, heading(operation), h("div.halves", {}, form, source), section);
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
