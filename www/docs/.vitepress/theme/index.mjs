import DefaultTheme from "vitepress/theme-without-fonts";
import { onMounted } from "vue";
import "./colours.css";

/** Every page has one main landmark: the guides bring their own, the home page and the page of a dead link have none. */
function landmark() {
  const content = document.getElementById("VPContent");
  if (content?.querySelector("main")) content.removeAttribute("role");
  else content?.setAttribute("role", "main");
}

export default {
  ...DefaultTheme,
  setup() {
    onMounted(landmark);
  },
  enhanceApp(context) {
    DefaultTheme.enhanceApp?.(context);
    context.router.onAfterRouteChange = () => typeof document !== "undefined" && landmark();
  },
};
