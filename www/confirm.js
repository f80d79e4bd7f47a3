import { highlight } from "./code.js";
import { h } from "./dom.js";

/** Asks for confirmation before a call changes a real account. Resolves to false if the dialog is dismissed. */
export function confirmWrite(operation, args, code) {
  const decline = h("button.quiet", { type: "button", autofocus: true }, "Do not send");
  const accept = h("button.primary", { type: "button" }, `Send ${operation.method}`);
  const dialog = h("dialog.confirm", { "aria-labelledby": "confirm-title" },
    h("h2", { id: "confirm-title" }, "Change your real account?"),
    h("p", {}, consequence(operation, args)),
    h("pre.code", {}, highlight(code)),
    h("div.actions.end", {}, decline, accept));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    let confirmed = false;
    decline.onclick = () => dialog.close();
    accept.onclick = () => {
      confirmed = true;
      dialog.close();
    };
    dialog.onclose = () => {
      dialog.remove();
      resolve(confirmed);
    };
  });
}

/** What the call does, and to whom. */
function consequence({ name }, args) {
  if (name === "addUser") return `This invites ${args[0].email} and may be billed as a seat.`;
  const [id, { active_flag: active }] = args;
  return `This ${active ? "activates" : "deactivates"} user ${id}.`;
}
