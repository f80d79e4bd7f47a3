import { h } from "./dom.js";

/** The switch for failures and latency of the sandbox, so that each error can be looked at. */

/** Names and what `sandbox.fail` takes; `times` is for how many requests of the next call it holds. */
const FAULTS = {
  none: ["responds as usual"],
  "503-once": ["503, then recovers", { status: 503 }, 1],
  503: ["503 each time", { status: 503 }, 20],
  404: ["404", { status: 404 }, 1],
  burst: ["429: burst limit", { fault: "burst" }, 1],
  daily: ["429: daily budget spent", { fault: "daily" }, 1],
  blocked: ["403 with a page of HTML", { fault: "blocked" }, 1],
  reset: ["connection lost", { fault: "reset" }, 20],
  cut: ["body cut off", { fault: "cut" }, 20],
  malformed: ["body that is not JSON", { fault: "malformed" }, 1],
  timeout: ["never responds", { fault: "timeout" }, 20],
  latency: ["responds after 3 seconds", { fault: "latency", delayMs: 3000 }, 20],
};

/** Wraps a sandbox's `fetch`: while a fault is set, each request meets it. */
export function withFaults(company) {
  let fault;
  let left = 0;
  return {
    /** Sets the fault of the next call, by its name. */
    set(name) {
      [, fault, left = 0] = FAULTS[name] ?? [];
    },
    fetch(input, init) {
      if (fault && left > 0) {
        left -= 1;
        company.fail(fault);
      }
      return company.fetch(input, init);
    },
  };
}

/** Returns the field in which a fault is chosen. `onchange` is called with its name. */
export function faultField(onchange) {
  const select = h("select", { id: "fault", onchange: () => onchange(select.value) }, Object.entries(FAULTS).map(([value, [text]]) => h("option", { value, selected: value === "none" }, text)));
  return h("div.field.fault", {}, h("label.label", { for: "fault" }, "The sandbox"), select);
}
