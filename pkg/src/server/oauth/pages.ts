const STYLE =
  ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{margin:0;min-height:100vh;display:grid;place-items:center}" +
  "main{max-width:26rem;padding:2rem}";

/** What a page shows the user. */
interface Content {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

/** The pages that the user may see at the end of an authorization. */
export const PAGES = {
  installed: { status: 200, title: "The app is installed", text: "You can go back to Pipedrive." },
  denied: { status: 403, title: "The app is not installed", text: "You did not allow it to access Pipedrive. Nothing was stored." },
  expired: {
    status: 400,
    title: "The app is not installed yet",
    text: "This authorization began more than ten minutes ago or in another browser, or this browser does not accept cookies.",
  },
  usedTwice: { status: 409, title: "This page was opened before", text: "If the app already works, there is nothing left to do." },
  loop: {
    status: 400,
    title: "The app is not installed yet",
    text: "Pipedrive sent you back without completing the authorization.",
  },
  incomplete: { status: 400, title: "The app is not installed", text: "Pipedrive's response is incomplete." },
  failed: { status: 500, title: "The app could not be installed", text: "The server's log says why. Try again later." },
} satisfies Record<string, Content>;

/** Makes a page for a person. It has no script, and cannot be framed. */
export function page({ status, title, text }: Content, retryUrl?: string): Response {
  const link = retryUrl === undefined ? "" : `<p><a href="${escapeHtml(retryUrl)}">Install the app</a></p>`;
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style><main><h1>${title}</h1><p>${text}</p>${link}</main></html>`;
  return new Response(html, { status, headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY, ...HEADERS } });
}

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The URL of the callback has a code. */
const HEADERS = { "cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff" };

/** Makes a redirect that is not cached. */
export const redirect = (location: string): Response => new Response(null, { status: 302, headers: { location, ...HEADERS } });

/** Makes a response without a body. */
export const empty = (status: number, headers: Record<string, string> = {}): Response => new Response(null, { status, headers: { ...HEADERS, ...headers } });

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
