import { h, segments } from "./dom.js";
import { ROLES } from "./session.js";

/** Whom to talk to: the sandbox and how it is made, or an account and its credential. */

const OPTIONS = {
  users: ["Users", "25", "3 to 100 000"],
  burst: ["Burst", "100 or 400", "Calls in two seconds"],
  daily: ["Daily budget", "30 000 per user", "Tokens that a day has"],
  seed: ["Seed", "7", "The same seed gives the same company"],
};

const PLACES = { companyDomain: ["Company domain", "casinoroyale"], baseUrl: ["Base URL", "https://users.example.com/pipedrive"] };
const CREDENTIALS = { apiToken: "API token", accessToken: "Access token", none: "My server adds it" };

/** Opens the dialog. `apply` is given the settings and throws what is wrong with them. */
export function openSettings(settings, apply) {
  const source = segments("source", "Talk to", [["sandbox", "Sandbox"], ["account", "Your own account"]], settings.source, (value) => show(value));
  const sandbox = sandboxPart(settings);
  const account = accountPart(settings);
  const wrong = h("p.wrong", { role: "alert" });
  const form = h("form", { noValidate: true, autocomplete: "off" },
    h("h2", { id: "settings-title" }, "Connection"), source, sandbox.node, account.node, wrong,
    h("div.actions.end", {}, h("button.quiet", { type: "button", onclick: () => dialog.close() }, "Cancel"), h("button.primary", { type: "submit" }, "Apply")));
  const dialog = h("dialog.settings", { "aria-labelledby": "settings-title", onclose: () => dialog.remove() }, form);

  function show(which) {
    sandbox.node.hidden = which !== "sandbox";
    account.node.hidden = which !== "account";
  }
  form.onsubmit = (event) => {
    event.preventDefault();
    const values = new FormData(form);
    try {
      apply(values.get("source") === "sandbox" ? sandbox.read(values) : account.read(values));
      dialog.close();
    } catch (error) {
      wrong.replaceChildren(h("strong", {}, error.name), ` ${error.message}`);
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

function sandboxPart({ options = {}, role = "apiToken" }) {
  const node = h("div.part", {},
    h("div.fields.grid", {}, Object.entries(OPTIONS).map(([name, [text, placeholder, hint]]) =>
      field(name, text, hint, { placeholder, inputMode: "numeric", value: options[name] ?? "" }))),
    h("fieldset.roles", {}, h("legend.label", {}, "Call as"), Object.entries(ROLES).map(([value, [name, hint]]) =>
      h("label", {}, h("input", { type: "radio", name: "role", value, checked: value === role }), h("span", {}, h("strong", {}, name), h("span.hint", {}, hint))))),
    h("p.note", {}, "Applying makes a new company. Nothing leaves this page."));
  const read = (values) => {
    const given = Object.keys(OPTIONS).map((name) => [name, values.get(name).replace(/\s/g, "")]).filter(([, text]) => text !== "");
    // What is not a number goes to the sandbox as it is: it says what is wrong.
    return { source: "sandbox", role: values.get("role"), options: Object.fromEntries(given.map(([name, text]) => [name, Number.isNaN(Number(text)) ? text : Number(text)])) };
  };
  return { node, read };
}

function accountPart({ place = "companyDomain", host = "", credential = "apiToken" }) {
  const where = field("host", "Host", undefined, { value: host });
  const [input] = where.getElementsByTagName("input");
  const secret = field("token", "Token", undefined, { type: "password", autocomplete: "new-password" });
  const setPlace = (value) => (input.placeholder = PLACES[value][1]);
  const setCredential = (value) => (secret.hidden = value === "none");
  setPlace(place);
  setCredential(credential);
  const node = h("div.part", {},
    segments("place", "Where", Object.entries(PLACES).map(([value, [text]]) => [value, text]), place, setPlace), where,
    segments("credential", "Credential", Object.entries(CREDENTIALS), credential, setCredential), secret,
    h("p.note", {}, "The token stays in this page’s memory: it is not stored, not part of a URL or of the code shown, and gone when you reload or connect elsewhere. Calls go straight from this page to the host, and calls that write ask you first."));
  const read = (values) => ({ source: "account", place: values.get("place"), host: values.get("host").trim(), credential: values.get("credential"), token: values.get("token").trim() });
  return { node, read };
}
