import { init, UsersClient } from "pipedrive-users/slim";
import wasm from "pipedrive-users/core.wasm?url";

init(wasm); // compiled while it comes, and cached by the browser as a file of its own
const client = new UsersClient({ baseUrl: "/pipedrive" });
client.getCurrentUser().then((me) => document.body.append(`Hello, ${me.name}`));
