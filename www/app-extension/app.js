// What the app's backend answers, wherever it runs.
import { errorResponse } from "pipedrive-users/server";

/** Answers what is OAuth's: the way to Pipedrive, the way back, and the end. Nothing where it is for somebody else. */
export async function answer(request, oauth) {
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
