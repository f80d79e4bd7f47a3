/** Helpers that create DOM elements. */

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  check: "M3.5 8.5l3 3 6-7",
  cross: "M4.5 4.5l7 7m0-7l-7 7",
  dash: "M4.5 8h7",
  copy: "M5.5 5.5v-2h7v7h-2m-7-5h7v7h-7z",
  play: "M5 3.5l7 4.5-7 4.5z",
  next: "M6 3.5L10.5 8 6 12.5",
  first: "M10 3.5L5.5 8l4.5 4.5",
  tune: "M2.5 5h6m3 0h2m-11 6h2m3 0h6M8.5 3.5v3h3v-3zm-4 6v3h3v-3z",
};

/**
 * Creates an element: `h("p.hint", { title }, "text", child)`. Names with a dash, `role`, `for` and `list` are set as
 * attributes, everything else (listeners such as `onclick` too) as properties. Null, undefined and false children are skipped.
 */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  element.classList.add(...classes);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined) continue;
    if (key.includes("-") || key === "role" || key === "for" || key === "list") element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Returns a decorative icon, hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Returns a button that copies the result of `getText` to the clipboard. */
export function copyButton(description, getText) {
  const label = h("span", {}, "Copy");
  const button = h("button.quiet.copy", { type: "button", "aria-label": `Copy ${description}` }, icon("copy"), label);
  button.onclick = async () => {
    const copied = await navigator.clipboard.writeText(getText()).then(() => true, () => false);
    label.textContent = copied ? "Copied" : "No access";
    announce(copied ? `Copied ${description}` : "The browser denied access to the clipboard");
    setTimeout(() => (label.textContent = "Copy"), 1600);
  };
  return button;
}

/** Returns tabs that follow the ARIA tabs pattern. `panels` are `[name, createPanel]` pairs; a panel is created when first shown. */
export function tabs(label, panels, aside) {
  const body = h("div.tab-panel", { role: "tabpanel", tabIndex: 0 });
  const created = new Map();
  const buttons = panels.map(([name], index) => {
    const button = h("button.tab", { type: "button", role: "tab" }, name);
    button.onclick = () => select(index);
    button.onkeydown = (event) => {
      const target = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: panels.length - 1 }[event.key];
      if (target === undefined) return;
      event.preventDefault();
      const wrapped = (target + panels.length) % panels.length;
      select(wrapped);
      buttons[wrapped].focus();
    };
    return button;
  });
  const select = (selected) => {
    buttons.forEach((button, index) => {
      button.setAttribute("aria-selected", String(index === selected));
      button.tabIndex = index === selected ? 0 : -1;
    });
    const [name, createPanel] = panels[selected];
    if (!created.has(selected)) created.set(selected, createPanel());
    body.setAttribute("aria-label", name);
    body.replaceChildren(created.get(selected));
  };
  select(0);
  return [h("div.tab-row", {}, h("div.tab-list", { role: "tablist", "aria-label": label }, buttons), aside), body];
}

/** Returns radio buttons drawn as one segmented control. `choices` are `[value, text]` pairs. */
export function segments(name, label, choices, selected, onchange) {
  return h("fieldset.segments", {}, h("legend.hidden", {}, label),
    choices.map(([value, text]) => h("label", {},
      h("input", { type: "radio", name, value, checked: value === selected, onchange: () => onchange?.(value) }), h("span", {}, text))));
}

/** Announces a text to screen readers. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}
