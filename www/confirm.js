import { highlight } from "./code.js";
import { h } from "./dom.js";

/** Asks before a call changes a real account. Whoever leaves without an answer has said no. */
export function confirmWrite(operation, code) {
  const no = h("button.quiet", { type: "button", autofocus: true }, "Do not send");
  const yes = h("button.primary", { type: "button" }, `Send ${operation.method}`);
  const dialog = h("dialog.confirm", { "aria-labelledby": "confirm-title" },
    h("h2", { id: "confirm-title" }, "Change your real account?"),
    h("p", {}, operation.name === "addUser" ? "This invites a person, and may be billed as a seat." : "This changes what a person can use."),
    h("pre.code", {}, highlight(code)),
    h("div.actions.end", {}, no, yes));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    let sure = false;
    no.onclick = () => dialog.close();
    yes.onclick = () => {
      sure = true;
      dialog.close();
    };
    dialog.onclose = () => {
      dialog.remove();
      resolve(sure);
    };
  });
}
