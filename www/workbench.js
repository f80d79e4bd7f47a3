import { callCode, highlight } from "./code.js";
import { confirmWrite } from "./confirm.js";
import { announce, copyButton, h, icon, segments } from "./dom.js";
import { parameterForm } from "./form.js";
import { argumentsOf, samples, send } from "./operations.js";
import { badResult, goodResult, noResult } from "./result.js";
import { learnNames } from "./session.js";

/** One operation: its parameters, the code of the call, and its answer. */

/** Whether the whole program is shown, or the call alone. */
let whole = false;

export function workbench(operation, session) {
  const typed = samples(operation, session);
  let running;

  const code = h("pre.code", { tabIndex: 0, "aria-label": "Code of the call" });
  const program = () => {
    const call = callCode(operation, argumentsOf(operation, typed));
    return whole ? `${session.code}\n\n${call}` : call;
  };
  const drawCode = () => code.replaceChildren(highlight(program()));

  const fields = h("div");
  const drawFields = () => fields.replaceChildren(parameterForm(operation, typed, session.people, drawCode));

  const run = h("button.primary", { type: "submit" }, icon("play"), h("span", {}, "Run"));
  const cancel = h("button.quiet", { type: "button", disabled: true, onclick: () => running?.abort() }, "Cancel");
  const result = h("div.result-body", {}, noResult());
  const section = h("section.card.result", { "aria-labelledby": "answer", tabIndex: -1 }, h("h2", { id: "answer" }, "Answer"), result);

  const show = (nodes) => {
    const inside = result.contains(document.activeElement);
    result.replaceChildren(...nodes.filter(Boolean));
    if (inside) (result.querySelector(".pager button:last-child:enabled") ?? section).focus();
  };

  async function start() {
    if (running) return;
    if (session.live && operation.writes && !(await confirmWrite(operation, program()))) return;
    running = new AbortController();
    const call = argumentsOf(operation, typed);
    cancel.disabled = false;
    section.setAttribute("aria-busy", "true");
    const began = performance.now();
    try {
      const { data, response } = await send(session.client, operation, call, running.signal);
      const ms = performance.now() - began;
      learnNames(session, operation, data);
      show(goodResult({ operation, data, response, ms, session, typed, goOn }));
      announce(`${operation.name} answered ${response.status}: ${operation.words(data)}`);
    } catch (error) {
      show(badResult({ operation, error, ms: performance.now() - began }));
      announce(`${operation.name} failed with ${error.name}: ${error.message}`);
    }
    running = undefined;
    cancel.disabled = true;
    section.removeAttribute("aria-busy");
    reveal(section);
  }

  function goOn(more) {
    Object.assign(typed, more);
    drawFields();
    drawCode();
    start();
  }

  const form = h("form.card", { noValidate: true, "aria-labelledby": "parameters", onsubmit: (event) => {
    event.preventDefault();
    start();
  } }, h("h2", { id: "parameters" }, "Parameters"), fields, h("div.actions", {}, run, cancel));

  const extent = segments("extent", "How much code", [["call", "Call"], ["program", "Whole program"]], whole ? "program" : "call", (value) => {
    whole = value === "program";
    drawCode();
  });
  const source = h("section.card.source", { "aria-labelledby": "code" },
    h("div.card-head", {}, h("h2", { id: "code" }, "Code"), extent, copyButton("the code", program)), code);

  drawFields();
  drawCode();
  return h("div.view", {}, heading(operation), h("div.halves", {}, form, source), section);
}

function heading({ name, method, path, about, cost, scope, writes }) {
  return h("header.view-head", {},
    h("p.line", {}, h(`span.method${writes ? ".writes" : ""}`, {}, method), " ", h("code", {}, path)),
    h("h1", { tabIndex: -1 }, name),
    h("p", {}, about),
    h("p.tags", {}, h("span.badge.plain", {}, `${cost} tokens`), h("span.badge.plain", {}, `scope ${scope}`), writes && h("span.badge.wait", {}, "writes")));
}

/** Brings the answer into sight where it is below the fold. */
function reveal(section) {
  const { top } = section.getBoundingClientRect();
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (top > innerHeight - 200) section.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
}
