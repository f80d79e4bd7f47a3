// The company: that of PIPEDRIVE_API_TOKEN, or one in memory as long as there is no token. Only server code imports this file.
import { createSandbox } from "pipedrive-users/sandbox";

const token = process.env.PIPEDRIVE_API_TOKEN;
const { apiToken, fetch } = token ? { apiToken: token, fetch: undefined } : createSandbox();

export const company = { apiToken, fetch };
