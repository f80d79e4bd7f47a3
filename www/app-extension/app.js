// The OAuth routes of the app's backend, the same on every runtime.
import { errorResponse } from "pipedrive-users/server";

/** Handles /install and /callback. Returns undefined for other paths. */
export async function handleOAuth(request, oauth) {
  const { pathname } = new URL(request.url);
  try {
    if (pathname === "/install") return redirect(await oauth.authorizationUrl());
    if (pathname !== "/callback") return undefined;
    if (request.method === "DELETE") {
      await oauth.handleUninstall(request);
      return new Response(null, { status: 204 });
    }
    await oauth.handleCallback(request);
    return redirect("/installed.html");
  } catch (error) {
    return errorResponse(error);
  }
}

const redirect = (location) => new Response(null, { status: 302, headers: { location, "cache-control": "no-store" } });
