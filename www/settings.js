import { h, segments } from "./dom.js";
import { ROLES } from "./session.js";

/** The connection dialog: options of the sandbox, or host and credential of a real account. */

const SANDBOX_OPTIONS = {
  users: ["Users", "25", "3 to 100 000"],
  burst: ["Burst", "100 or 400", "Calls in two seconds"],
  daily: ["Daily budget", "30 000 per user", "Cost per day, in tokens"],
  seed: ["Seed", "7", "The same seed creates the same company"],
};

const HOST_OPTIONS = { companyDomain: ["Company domain", "casinoroyale"], baseUrl: ["Base URL", "https://users.example.com/pipedrive"] };
const CREDENTIALS = { apiToken: "API token", accessToken: "Access token", none: "My server adds it" };

/** Opens the dialog. `apply` is called with the new settings; an error that it throws is shown in the dialog. */
export function openSettings(settings, apply) {
  const source = segments("source", "Connect to", [["sandbox", "Sandbox"], ["account", "Your own account"]], settings.source, (value) => show(value));
  const sandbox = sandboxFields(settings);
  const account = accountFields(settings);
  const message = h("p.form-error", { role: "alert" });
  const form = h("form", { noValidate: true, autocomplete: "off" },
    h("h2", { id: "settings-title" }, "Connection"), source, sandbox.node, account.node, message,
    h("div.actions.end", {}, h("button.quiet", { type: "button", onclick: () => dialog.close() }, "Cancel"), h("button.primary", { type: "submit" }, "Apply")));
  const dialog = h("dialog.settings", { "aria-labelledby": "settings-title", onclose: () => dialog.remove() }, form);

  function show(selected) {
    sandbox.node.hidden = selected !== "sandbox";
    account.node.hidden = selected !== "account";
  }
  form.onsubmit = (event) => {
    event.preventDefault();
    const values = new FormData(form);
    try {
      apply(values.get("source") === "sandbox" ? sandbox.read(values) : account.read(values));
      dialog.close();
    } catch (error) {
      message.replaceChildren(h("strong", {}, error.name), ` ${error.message}`);
    }
  };
  show(settings.source);
  document.body.append(dialog);
  dialog.showModal();
}

const field = (name, text, hint, props) =>
  h("div.field", {}, h("label.label", { for: `set-${name}` }, text),
    h("input", { id: `set-${name}`, name, spellcheck: false, autocomplete: "off", "aria-describedby": hint && `about-${name}`, ...props }),
    hint && h("span.hint", { id: `about-${name}` }, hint));

function sandboxFields({ options = {}, role = "apiToken" }) {
  const node = h("div.part", {},
    h("div.fields.grid", {}, Object.entries(SANDBOX_OPTIONS).map(([name, [text, placeholder, hint]]) =>
      field(name, text, hint, { placeholder, inputMode: "numeric", value: options[name] ?? "" }))),
    h("fieldset.roles", {}, h("legend.label", {}, "Call as"), Object.entries(ROLES).map(([value, [name, hint]]) =>
      h("label", {}, h("input", { type: "radio", name: "role", value, checked: value === role }), h("span", {}, h("strong", {}, name), h("span.hint", {}, hint))))),
    h("p.note", {}, "Applying creates a new company. Nothing leaves this page."));
  const read = (values) => {
    const entered = Object.keys(SANDBOX_OPTIONS).map((name) => [name, values.get(name).replace(/\s/g, "")]).filter(([, text]) => text !== "");
    // Text that is not a number is passed on, so that the sandbox's own error message is shown.
    return { source: "sandbox", role: values.get("role"), options: Object.fromEntries(entered.map(([name, text]) => [name, Number.isNaN(Number(text)) ? text : Number(text)])) };
  };
  return { node, read };
}

function accountFields({ hostOption = "companyDomain", host = "", credential = "apiToken" }) {
  const hostField = field("host", "Host", undefined, { value: host });
  const [hostInput] = hostField.getElementsByTagName("input");
  const tokenField = field("token", "Token", undefined, { type: "password", autocomplete: "new-password" });
  const selectHostOption = (value) => (hostInput.placeholder = HOST_OPTIONS[value][1]);
  const selectCredential = (value) => (tokenField.hidden = value === "none");
  selectHostOption(hostOption);
  selectCredential(credential);
  const node = h("div.part", {},
    segments("hostOption", "Host given as", Object.entries(HOST_OPTIONS).map(([value, [text]]) => [value, text]), hostOption, selectHostOption), hostField,
    segments("credential", "Credential", Object.entries(CREDENTIALS), credential, selectCredential), tokenField,
    h("p.note", {}, "The token stays in this page’s memory. It is not stored, not part of a URL or of the code shown, and discarded when you reload or connect elsewhere. Calls go from this page directly to the host. Calls that write ask for confirmation."));
  const read = (values) => ({ source: "account", hostOption: values.get("hostOption"), host: values.get("host").trim(), credential: values.get("credential"), token: values.get("token").trim() });
  return { node, read };
}
