import { h, icon } from "./dom.js";

/** Calls that finish sooner do not change the button, which would only flicker. */
const SHOW_AFTER_MS = 150;

/**
 * Returns the button that submits a form. Between `start` and `stop` it shows a spinner and the elapsed time and calls
 * `onCancel` when clicked. `start` takes a function that is called when the call is first shown as being in flight.
 */
export function createRunButton(onCancel) {
  const elapsed = h("span.elapsed", { "aria-hidden": "true" });
  const idle = [icon("play"), h("span", {}, "Run")];
  const busy = [h("span.spinner", { "aria-hidden": "true" }), h("span", {}, "Cancel"), elapsed];
  const node = h("button.run.primary", { type: "submit", onclick: (event) => {
    if (node.type === "submit") return;
    // After an abort, `stop` can run before the click's default action, which would then submit the form again.
    event.preventDefault();
    // The second click of a double click on Run is not meant to cancel.
    if (event.detail !== 2) onCancel();
  } }, idle);
  let delay;
  let interval;

  const setBusy = (isBusy) => {
    node.type = isBusy ? "button" : "submit";
    node.classList.toggle("primary", !isBusy);
    node.classList.toggle("quiet", isBusy);
    node.replaceChildren(...(isBusy ? busy : idle));
  };
  return {
    node,
    start(onShow) {
      const startedAt = performance.now();
      const tick = () => (elapsed.textContent = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
      delay = setTimeout(() => {
        tick();
        setBusy(true);
        interval = setInterval(tick, 100);
        onShow();
      }, SHOW_AFTER_MS);
    },
    stop() {
      clearTimeout(delay);
      clearInterval(interval);
      setBusy(false);
    },
  };
}
