// The backend while you develop: Vite's own server adds the token. Without PIPEDRIVE_API_TOKEN, a company in memory stands in for Pipedrive.
import { createSandbox } from "pipedrive-users/sandbox";
import { createUsersProxy, toNodeListener } from "pipedrive-users/server";

export function pipedrive(token = process.env.PIPEDRIVE_API_TOKEN) {
  const { apiToken, fetch } = token ? { apiToken: token, fetch: undefined } : createSandbox();
  // Vite listens on this machine only, so every request is yours.
  const proxy = createUsersProxy({ apiToken, fetch, basePath: "/pipedrive", authenticate: () => ({ companyId: 1, userId: 1 }) });
  return { name: "pipedrive", configureServer: ({ middlewares }) => void middlewares.use("/pipedrive", toNodeListener(proxy)) };
}
