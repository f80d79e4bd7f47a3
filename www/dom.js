/** Makes elements. Nothing here knows what they are for. */

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
 * Makes an element: `h("p.hint", { title }, "text", child)`. Listeners are given as `onclick`; names with a dash,
 * `role` and `for` are attributes; everything else is a property. Children that are null or false are left out.
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

/** A small line drawing that says nothing to a screen reader. */
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

/** A button that puts a text on the clipboard and says so. */
export function copyButton(what, text) {
  const label = h("span", {}, "Copy");
  const button = h("button.quiet.copy", { type: "button", "aria-label": `Copy ${what}` }, icon("copy"), label);
  button.onclick = async () => {
    const done = await navigator.clipboard.writeText(text()).then(() => "Copied", () => "No access");
    label.textContent = done;
    announce(done === "Copied" ? `Copied ${what}` : "The browser does not allow copying");
    setTimeout(() => (label.textContent = "Copy"), 1600);
  };
  return button;
}

/** Tabs by the pattern of the ARIA practices: one stop for the Tab key, arrows between them, panels made when shown. */
export function tabs(label, panels, aside) {
  const body = h("div.tab-panel", { role: "tabpanel", tabIndex: 0 });
  const made = new Map();
  const buttons = panels.map(([name, make], index) => {
    const button = h("button.tab", { type: "button", role: "tab" }, name);
    button.onclick = () => show(index);
    button.onkeydown = (event) => {
      const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: panels.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const at = (to + panels.length) % panels.length;
      show(at);
      buttons[at].focus();
    };
    return Object.assign(button, { make });
  });
  const show = (at) => {
    buttons.forEach((button, index) => {
      button.setAttribute("aria-selected", String(index === at));
      button.tabIndex = index === at ? 0 : -1;
    });
    if (!made.has(at)) made.set(at, buttons[at].make());
    body.setAttribute("aria-label", buttons[at].textContent);
    body.replaceChildren(made.get(at));
  };
  show(0);
  return [h("div.tab-row", {}, h("div.tab-list", { role: "tablist", "aria-label": label }, buttons), aside), body];
}

/** A choice of a few that excludes the others, drawn as one bar. */
export function segments(name, label, choices, chosen, onchange) {
  return h("fieldset.segments", {}, h("legend.hidden", {}, label),
    choices.map(([value, text]) => h("label", {},
      h("input", { type: "radio", name, value, checked: value === chosen, onchange: () => onchange?.(value) }), h("span", {}, text))));
}

/** Tells something to who listens to the page instead of looking at it. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}
