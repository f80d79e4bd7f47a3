// `--panel`: a page that simulates Pipedrive around the panel of an app extension, served beside the sandbox.
import style from "./panel/host.css";
import script from "./panel/host.page.js";
import page from "./panel/index.html";
import { respondToPage } from "./panel/routes.js";

/** Where the page is. */
export const PANEL_PAGE = "/sandbox/panel/";

const FILES = {
  "": [page, "text/html; charset=utf-8"],
  "host.css": [style, "text/css; charset=utf-8"],
  "host.page.js": [script, "text/javascript; charset=utf-8"],
};

/** Returns a handler of the page's requests, which returns undefined for those of others. */
export async function panelPage(sandbox, panelUrl) {
  const me = await sandbox.fetch("/v1/users/me", { headers: { "x-api-token": sandbox.apiToken } });
  const { company_id: companyId } = (await me.json()).data;
  const callback = encodeURIComponent(callbackOf(panelUrl));
  const host = {
    panelUrl,
    companyId,
    marketplace: `/sandbox/marketplace?redirect_uri=${callback}`,
    signedToken: (userId) => sandbox.signedToken({ userId }),
    expire: () => sandbox.fetch("/sandbox/oauth/expire", { method: "POST" }),
    uninstall: async (userId) => fetch(await sandbox.uninstallRequest({ userId })),
  };
  return async (method, url) => {
    const { pathname, searchParams } = new URL(url, "http://sandbox");
    if (`${pathname}/` === PANEL_PAGE) return new Response(null, { status: 308, headers: { location: PANEL_PAGE } });
    if (!pathname.startsWith(PANEL_PAGE)) return undefined;
    const path = pathname.slice(PANEL_PAGE.length);
    const asked = await respondToPage(host, method, path, searchParams);
    if (asked) return asked;
    const [text, type] = FILES[path] ?? [];
    return text === undefined ? new Response("not found", { status: 404 }) : new Response(text, { headers: { "content-type": type, "cache-control": "no-store" } });
  };
}

/** The callback URL of the backend that serves the panel, unless the app has another. */
export const callbackOf = (panelUrl) => new URL("/callback", panelUrl).href;
