// The OAuth routes of the app's backend, the same on every runtime.

/**
 * Handles /install and /callback. Returns undefined for other paths.
 *
 * @param {Request} request
 * @param {import("pipedrive-users/server").OAuth} oauth
 */
export async function handleOAuth(request, oauth) {
  const { pathname } = new URL(request.url);
  if (pathname === "/install") return oauth.handleInstall(request);
  // Authorizations from here and from the Marketplace, and uninstallations.
  if (pathname === "/callback") return oauth.handleCallback(request, { installed: "/installed.html" });
  return undefined;
}
