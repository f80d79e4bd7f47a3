// A plugin of TypeDoc: what it wrote becomes the sidebar of the site.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { MarkdownPageEvent } from "typedoc-plugin-markdown";

/** The package's entries, by the names of their declarations. */
const ENTRIES = { index: "pipedrive-users", server: "pipedrive-users/server", directory: "pipedrive-users/directory", sandbox: "pipedrive-users/sandbox", slim: "pipedrive-users/slim" };
const NAMES = Object.keys(ENTRIES).join("|");

/** What the sidebar shows the members of. */
const LISTED = (title) => title in ENTRIES || ["Classes", "Functions"].includes(title);

export function load(app) {
  app.renderer.on(MarkdownPageEvent.END, (page) => {
    page.contents = page.contents
      ?.replace(new RegExp(`^# (${NAMES})$`, "m"), (_, name) => `# ${ENTRIES[name]}`)
      .replace(new RegExp(`^- \\[(${NAMES})\\]\\(modules`, "gm"), (_, name) => `- [${ENTRIES[name]}](modules`);
  });
  app.renderer.postRenderAsyncJobs.push(async ({ navigation, outputDirectory }) => {
    const link = (path) => path && `/api/${path.replace(/\.md$/, "")}`;
    // A group leads to its heading on the page of its entry: every line of the sidebar is a link. Types are listed there alone: with a line for each, a page would take
    // half a second of a phone's time to become alive.
    const items = (nodes = [], above) =>
      nodes.map(({ title, path, children }) => ({ text: ENTRIES[title] ?? title, link: link(path) ?? `${above}#${title.toLowerCase().replaceAll(" ", "-")}`, ...(children && LISTED(title) && { collapsed: true, items: items(children, link(path)) }) }));
    writeFileSync(join(outputDirectory, "typedoc-sidebar.json"), JSON.stringify(items(navigation)));
  });
}
