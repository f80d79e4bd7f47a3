import { announce } from "./dom.js";

/** The switch between the system's colours, light ones and dark ones. The choice is kept in this browser. */

const KEY = "pipedrive-users-colours";
/** Where the documentation, which has this page in frames, keeps its own choice: it holds here as long as there is none. */
const SITE_KEY = "vitepress-theme-appearance";
const NAMES = { system: "Auto", light: "Light", dark: "Dark" };

function apply(name) {
  if (name === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = name;
}

/** Applies the choice of before, and makes the button choose the next one. */
export function installAppearance(button) {
  let current = [KEY, SITE_KEY].map((key) => localStorage.getItem(key)).find((name) => name in NAMES) ?? "system";
  const draw = () => {
    apply(current);
    button.textContent = NAMES[current];
    button.setAttribute("aria-label", `Colours: ${NAMES[current]}. Change`);
  };
  button.onclick = () => {
    const names = Object.keys(NAMES);
    current = names[(names.indexOf(current) + 1) % names.length];
    localStorage.setItem(KEY, current);
    draw();
    announce(`Colours: ${NAMES[current]}`);
  };
  draw();
}
