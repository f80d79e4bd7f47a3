// What the script of the page in this folder asks for. The page simulates Pipedrive around the panel of an app extension.

/**
 * Returns the response to a request of the page, or undefined for its files. `path` is relative to the page. `host` says where the panel is and
 * what its company's id is, and does what Pipedrive does: `signedToken(userId)`, `expire()`, and `uninstall(userId)`, which returns the app's response.
 */
export async function respondToPage({ panelUrl, companyId, marketplace, signedToken, expire, uninstall }, method, path, search) {
  const userId = Number(search.get("user"));
  if (path === "config") return Response.json({ panelUrl, companyId, marketplace });
  if (path === "signed-token") return Response.json({ token: await signedToken(userId) });
  if (path === "expire" && method === "POST") return Response.json({ status: (await expire()).status });
  if (path === "uninstall" && method === "POST") return Response.json({ status: (await uninstall(userId)).status });
  return undefined;
}
