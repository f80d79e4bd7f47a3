import DefaultTheme from "vitepress/theme-without-fonts";
import "./colours.css";

export default {
  ...DefaultTheme,
  enhanceApp(context) {
    DefaultTheme.enhanceApp?.(context);
    // Every page has one main landmark: the guides bring their own, the home page has none.
    context.router.onAfterRouteChange = () => {
      if (typeof document === "undefined") return;
      const content = document.getElementById("VPContent");
      if (content?.querySelector("main")) content.removeAttribute("role");
      else content?.setAttribute("role", "main");
    };
  },
};
