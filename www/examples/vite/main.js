import { isPipedriveError, UsersClient } from "pipedrive-users";

const client = new UsersClient({ baseUrl: "/pipedrive" });

try {
  for (const user of await client.getUsers()) {
    const item = document.createElement("li");
    item.textContent = `${user.name}${user.active_flag ? "" : " (switched off)"}`;
    document.getElementById("users")?.append(item);
  }
} catch (error) {
  if (!isPipedriveError(error)) throw error;
  document.getElementById("message")?.replaceChildren(error.message);
}
