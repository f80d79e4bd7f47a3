// The company: that of PIPEDRIVE_API_TOKEN, or one in memory as long as there is no token. SvelteKit keeps this folder out of pages.
import { env } from "$env/dynamic/private";
import { createSandbox } from "pipedrive-users/sandbox";

const token = env.PIPEDRIVE_API_TOKEN;
const { apiToken, fetch } = token ? { apiToken: token, fetch: undefined } : createSandbox();

export const company = { apiToken, fetch };
