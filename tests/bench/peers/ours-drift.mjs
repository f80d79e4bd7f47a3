// This package, with each response validated against its models.
import { UsersClient } from "pipedrive-users";

export const name = "pipedrive-users, onDrift";

export function open({ url, token }) {
  return new UsersClient({ apiToken: token, baseUrl: url, maxConcurrency: 1000, dangerouslyAllowBrowser: true, onDrift: (drift) => console.warn(drift) });
}
