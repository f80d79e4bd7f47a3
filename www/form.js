import { h } from "./dom.js";
import { APPS } from "./operations.js";

/** The documented parameters of an operation as a form. Nothing is refused here: the SDK does that. */
export function parameterForm(operation, typed, people, onchange) {
  if (!operation.params.length) return h("p.empty", {}, "This call takes no parameters.");
  return h("div.fields", {}, operation.params.map((param) => {
    const change = (value) => {
      typed[param.name] = value;
      onchange();
    };
    return FIELDS[param.kind](param, typed[param.name], change, people);
  }));
}

const FIELDS = { text: line, number: line, choice, flag, access };

const label = (param) => h("label.label", { for: `param-${param.name}` }, h("code", {}, param.name), !param.required && h("span.faint", {}, "optional"));
const hint = (param) => h("span.hint", { id: `hint-${param.name}` }, param.hint);

function line(param, typed, change, people) {
  const input = h("input", {
    id: `param-${param.name}`, name: param.name, value: typed, placeholder: param.placeholder ?? "", autocomplete: "off", spellcheck: false,
    inputMode: param.kind === "number" ? "numeric" : undefined, "aria-describedby": `hint-${param.name}`, "aria-required": param.required ? "true" : undefined,
    list: param.people ? "people" : undefined, oninput: () => change(input.value),
  });
  const known = param.people && h("datalist", { id: "people" }, [...people].slice(0, 200).map(([id, name]) => h("option", { value: id, label: name })));
  return h("div.field", {}, label(param), input, known, hint(param));
}

function choice(param, typed, change) {
  const values = [["", param.required ? "choose" : "not sent"], ["true", "true"], ["false", "false"]];
  const select = h("select", { id: `param-${param.name}`, name: param.name, "aria-describedby": `hint-${param.name}`, onchange: () => change(select.value) },
    values.map(([value, text]) => h("option", { value, selected: value === typed }, text)));
  return h("div.field", {}, label(param), select, hint(param));
}

function flag(param, typed, change) {
  const box = h("input.switch", { type: "checkbox", id: `param-${param.name}`, name: param.name, checked: typed === true, role: "switch", "aria-describedby": `hint-${param.name}`, onchange: () => change(box.checked) });
  return h("div.field.inline", {}, box, h("div", {}, label(param), hint(param)));
}

function access(param, typed, change) {
  const chosen = new Map(typed.map((entry) => [entry.app, entry]));
  const tell = () => change(APPS.filter((app) => chosen.has(app)).map((app) => chosen.get(app)));
  const row = (app) => {
    const admin = h("input", { type: "checkbox", checked: chosen.get(app)?.admin === true, disabled: !chosen.has(app), "aria-label": `admin of ${app}` });
    const given = h("input", { type: "checkbox", checked: chosen.has(app), name: `access-${app}` });
    const set = () => {
      admin.disabled = !given.checked;
      if (given.checked) chosen.set(app, admin.checked ? { app, admin: true } : { app });
      else chosen.delete(app);
      tell();
    };
    given.onchange = admin.onchange = set;
    return h("div.access-row", {}, h("label", {}, given, h("code", {}, app)), h("label.faint", {}, admin, "admin"));
  };
  return h("fieldset.field.access", {}, h("legend", {}, h("span.label", {}, h("code", {}, param.name), h("span.faint", {}, "optional"))), APPS.map(row), hint(param));
}
