// This package, as its README has it. As many calls at once as the others let through.
import { UsersClient } from "pipedrive-users";

export const name = "pipedrive-users";

export function open({ url, token }) {
  return new UsersClient({ apiToken: token, baseUrl: url, maxConcurrency: 1000, dangerouslyAllowBrowser: true });
}
