import { UsersClient } from "pipedrive-users";

const client = new UsersClient({ baseUrl: "/pipedrive" });
client.getCurrentUser().then((me) => document.body.append(`Hello, ${me.name}`));
