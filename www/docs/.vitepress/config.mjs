import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";

const read = (path) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");
const { version } = JSON.parse(read("../../../pkg/package.json"));
const { DOCS_BASE = "/", DOCS_REPOSITORY } = process.env;

/** What TypeDoc wrote: a group for each entry of the package. */
const reference = existsSync(fileURLToPath(new URL("../api/typedoc-sidebar.json", import.meta.url))) ? JSON.parse(read("../api/typedoc-sidebar.json")) : [];

const guide = (text, name) => ({ text, link: `/guide/${name}` });

export default defineConfig({
  base: DOCS_BASE,
  title: "pipedrive-users",
  description: "Pipedrive's Users API for JavaScript, TypeScript and Rust",
  lang: "en",
  cleanUrls: false,
  head: [["link", { rel: "icon", href: `${DOCS_BASE}icon.svg`, type: "image/svg+xml" }]],
  // The console and rustdoc are put beside the pages afterwards, and pages of the repository are outside the site.
  ignoreDeadLinks: [/^\/(console|rustdoc)\//],
  // The home page has no landmark of its own; theme/index.mjs does the same after a click.
  transformHtml: (html, _, { pageData }) => (pageData.frontmatter.layout === "home" ? html.replace('id="VPContent"', 'id="VPContent" role="main"') : undefined),
  markdown: {
    languageAlias: { cjs: "js", "rust,no_run": "rust", "rust,ignore": "rust" },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config: (markdown) => void markdown.use(repositoryLinks, DOCS_REPOSITORY).use(consoleBesideLinks).use(withoutHiddenLines),
  },
  themeConfig: {
    logo: "/icon.svg",
    search: { provider: "local" },
    outline: [2, 3],
    notFound: { quote: "There is no such page. The search knows them all.", linkLabel: "Take me home", linkText: "Take me home" },
    nav: [
      { text: "Guide", link: "/guide/start", activeMatch: "/guide/" },
      { text: "Reference", link: "/api/", activeMatch: "/api/" },
      { text: "Console", link: "/console/", target: "_self" },
      { text: "Rust", link: "/rustdoc/pipedrive_users/index.html", target: "_self" },
      { text: version, items: [guide("Support and compatibility", "compatibility"), { text: "Changelog", link: "/guide/changelog" }] },
    ],
    sidebar: {
      "/guide/": [
        { text: "Begin", items: [guide("Get started", "start"), guide("Credentials", "credentials"), guide("Errors", "errors"), guide("Pages", "pages"), guide("A directory", "directory"), guide("Limits and costs", "limits"), guide("Configuration", "configuration")] },
        { text: "Where it runs", items: [guide("Runtimes", "runtimes"), guide("Cloudflare Workers", "workers"), guide("Frameworks", "frameworks"), guide("Rust", "rust"), guide("Rust beside other clients", "rust-comparison")] },
        { text: "Server", items: [guide("A backend for your page", "backend"), guide("App extensions", "app-extensions")] },
        { text: "Tests", items: [guide("Testing", "testing")] },
        { text: "Tested and measured", items: [guide("When something fails", "faults"), guide("Where it was run", "where-it-ran"), guide("Beside other clients", "benchmarks"), guide("Shared limits", "shared-limits"), guide("Threats", "threats")] },
        { text: "Versions", items: [guide("Coming from the official client", "migration"), guide("Support and compatibility", "compatibility"), guide("Security", "security"), guide("Changelog", "changelog")] },
      ],
      "/api/": [{ text: "Reference", link: "/api/", items: reference }],
    },
    footer: { message: "MIT OR Apache-2.0. Not made by Pipedrive." },
    ...(DOCS_REPOSITORY && { socialLinks: [{ icon: "github", link: DOCS_REPOSITORY }] }),
  },
});

/** Pages of the repository that are pages here too, by the name of their guide. */
const HERE = {
  "BACKEND.md": "app-extensions", "BENCHMARKS.md": "benchmarks", "CHANGELOG.md": "changelog", "FAULTS.md": "faults", "LIMITS.md": "shared-limits", "RUNTIMES.md": "where-it-ran",
  "SECURITY.md": "security", "SUPPORT.md": "compatibility", "THREATS.md": "threats", "src/README.md": "rust",
};

/**
 * The guides link as files of the repository do. Here a link to www/index.html leads to the console, and any other such a link leads to the page of this site, or else to the repository; without one it is
 * plain text.
 */
function repositoryLinks(markdown, repository) {
  markdown.core.ruler.push("repository-links", ({ tokens }) => {
    for (const { children } of tokens.filter(({ type }) => type === "inline")) {
      for (const [index, token] of children.entries()) {
        if (token.type !== "link_open") continue;
        const href = token.attrGet("href");
        // The console is no page of the site's own router.
        const console = /^(?:\.\.\/)+index\.html(#.*)$/.exec(href);
        if (console) {
          token.attrSet("href", `${DOCS_BASE}console/${console[1]}`);
          token.attrSet("target", "_self");
          continue;
        }
        const path = /^(?:\.\.\/)*((?:[\w-]+\/)*[A-Z]+\.md)(#.*)?$/.exec(href);
        if (!path) continue;
        const [, file, anchor = ""] = path;
        // An anchor of this site does not begin with a digit.
        if (HERE[file]) token.attrSet("href", `/guide/${HERE[file]}${anchor.replace(/^#(?=\d)/, "#_")}`);
        else if (repository) token.attrSet("href", `${repository}/blob/main/${file}${anchor}`);
        else {
          const close = children.findIndex(({ type }, later) => later > index && type === "link_close");
          Object.assign(token, { type: "text", tag: "", nesting: 0, content: "", attrs: null });
          Object.assign(children[close], { type: "text", tag: "", nesting: 0, content: "" });
        }
      }
    }
  });
}

/** Below a paragraph that links to the console is the console itself, at that call, loaded when it is opened. */
function consoleBesideLinks(markdown) {
  markdown.core.ruler.after("repository-links", "console-beside-links", (state) => {
    state.tokens = state.tokens.flatMap((token, index, tokens) => {
      const link = token.type === "paragraph_close" && tokens[index - 1].children.find((child) => child.attrGet("href")?.startsWith(`${DOCS_BASE}console/#`));
      if (!link || token.level > 0) return [token];
      const frame = new state.Token("html_block", "", 0);
      frame.content = `<details class="try"><summary>Try it here</summary><iframe title="The console" loading="lazy" src="${link.attrGet("href")}"></iframe></details>\n`;
      return [token, frame];
    });
  });
}

/** Lines that rustdoc compiles and does not show are not shown here either. */
function withoutHiddenLines(markdown) {
  markdown.core.ruler.push("without-hidden-lines", ({ tokens }) => {
    for (const token of tokens) {
      if (token.type !== "fence" || !token.info.startsWith("rust")) continue;
      token.content = token.content.replace(/^#(?: .*)?\n/gm, "");
      // What else is there is for rustdoc, such as `ignore`.
      token.info = "rust";
    }
  });
}
