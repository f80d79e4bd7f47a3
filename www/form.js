import { h } from "./dom.js";
import { APPS } from "./operations.js";

/** Returns a form with the documented parameters of an operation. It does not validate: the SDK does. */
export function parameterForm(operation, values, people, onchange) {
  if (!operation.params.length) return h("p.empty", {}, "This call takes no parameters.");
  return h("div.fields", {}, operation.params.map((param) => {
    const setValue = (value) => {
      values[param.name] = value;
      onchange();
    };
    return FIELDS[param.kind](param, values[param.name], setValue, people);
  }));
}

const FIELDS = { text: textField, number: textField, choice: choiceField, flag: flagField, access: accessField };

const label = (param) => h("label.label", { for: `param-${param.name}` }, h("code", {}, param.name), !param.required && h("span.faint", {}, "optional"));
const hint = (param) => h("span.hint", { id: `hint-${param.name}` }, param.hint);

function textField(param, value, setValue, people) {
  const input = h("input", {
    id: `param-${param.name}`, name: param.name, value, placeholder: param.placeholder ?? "", autocomplete: "off", spellcheck: false,
    inputMode: param.kind === "number" ? "numeric" : undefined, "aria-describedby": `hint-${param.name}`, "aria-required": param.required ? "true" : undefined,
    list: param.suggestPeople ? "people" : undefined, oninput: () => setValue(input.value),
  });
  const suggestions = param.suggestPeople && h("datalist", { id: "people" }, [...people].slice(0, 200).map(([id, name]) => h("option", { value: id, label: name })));
  return h("div.field", {}, label(param), input, suggestions, hint(param));
}

function choiceField(param, selected, setValue) {
  const choices = [["", param.required ? "choose" : "not sent"], ["true", "true"], ["false", "false"]];
  const select = h("select", { id: `param-${param.name}`, name: param.name, "aria-describedby": `hint-${param.name}`, onchange: () => setValue(select.value) },
    choices.map(([value, text]) => h("option", { value, selected: value === selected }, text)));
  return h("div.field", {}, label(param), select, hint(param));
}

function flagField(param, value, setValue) {
  const box = h("input.switch", { type: "checkbox", id: `param-${param.name}`, name: param.name, checked: value === true, role: "switch", "aria-describedby": `hint-${param.name}`, onchange: () => setValue(box.checked) });
  return h("div.field.inline", {}, box, h("div", {}, label(param), hint(param)));
}

function accessField(param, value, setValue) {
  const selected = new Map(value.map((entry) => [entry.app, entry]));
  const row = (app) => {
    const admin = h("input", { type: "checkbox", checked: selected.get(app)?.admin === true, disabled: !selected.has(app), "aria-label": `admin of ${app}` });
    const enabled = h("input", { type: "checkbox", checked: selected.has(app), name: `access-${app}` });
    const update = () => {
      admin.disabled = !enabled.checked;
      if (enabled.checked) selected.set(app, admin.checked ? { app, admin: true } : { app });
      else selected.delete(app);
      setValue(APPS.filter((name) => selected.has(name)).map((name) => selected.get(name)));
    };
    enabled.onchange = admin.onchange = update;
    return h("div.access-row", {}, h("label", {}, enabled, h("code", {}, app)), h("label.faint", {}, admin, "admin"));
  };
  return h("fieldset.field.access", {}, h("legend", {}, h("span.label", {}, h("code", {}, param.name), h("span.faint", {}, "optional"))), APPS.map(row), hint(param));
}
