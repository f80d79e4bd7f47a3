#!/usr/bin/env node
// `npx pipedrive-users sandbox`: the sandbox behind Node.js's HTTP server.
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { APP_FLAGS, FLAGS } from "../generated/sandbox-flags.js";
import { createSandbox } from "./index.js";
import { callbackOf, PANEL_PAGE, panelPage } from "./panel-page.js";

const OTHERS = {
  port: { type: "number", about: "Port on 127.0.0.1. Default: 0, any that is free." },
  fail: { type: "json", about: 'A failure of the next requests as JSON, such as {"status":503,"times":2}; several come in this order.' },
  panel: { type: "string", about: `The URL of an app extension's panel. ${PANEL_PAGE} is then a page that simulates Pipedrive around it.` },
  help: { type: "boolean", about: "Shows this." },
};
const ALL = { ...OTHERS, ...FLAGS, ...APP_FLAGS };

const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const help = () =>
  [
    "Usage: pipedrive-users sandbox [options]",
    "",
    "Serves an in-memory Pipedrive on 127.0.0.1 until it is stopped, OAuth included. The one line on stdout is JSON: its url, its tokens and its",
    "OAuth app. POST /sandbox/fail takes what --fail takes.",
    "",
    "Options:",
    ...Object.entries(ALL).map(([name, { type, about }]) => `  --${kebab(name)}${type === "boolean" ? "" : ` <${type}>`}\n        ${about}`),
  ].join("\n");

const number = (text) => (/^\d+$/.test(text) ? Number(text) : NaN);

/** Reads the values of flags; what is not a number is refused by the sandbox, in its own words. */
function read(flags, values) {
  const entries = Object.entries(flags).map(([name, { type }]) => {
    const value = values[kebab(name)];
    return [name, type === "number" && value !== undefined ? number(value) : value];
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Handles a request as the sandbox's `fetch` does, whatever becomes of its connection. */
async function handle(sandbox, page, request, response) {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = Object.entries(request.headersDistinct).flatMap(([name, values]) => values.map((value) => [name, value]));
    const { method = "GET", url = "/" } = request;
    const body = method === "GET" || method === "HEAD" ? undefined : Buffer.concat(chunks);
    const origin = `http://${request.headers.host ?? "127.0.0.1"}`;
    const made = (await page?.(method, url)) ?? (await sandbox.fetch(`${origin}${url}`, { method, headers, body, signal: gone.signal }));
    response.writeHead(made.status, [...made.headers].flat());
    if (made.body) for await (const chunk of made.body) await new Promise((resolve) => response.write(chunk, resolve));
    response.end();
  } catch {
    // A reset of the connection before the response, or the end of it within.
    if (response.headersSent) response.socket?.destroy();
    else response.socket?.resetAndDestroy();
  }
}

async function main() {
  const options = Object.fromEntries(
    Object.entries(ALL).map(([name, { type }]) => [kebab(name), { type: type === "boolean" ? "boolean" : "string", multiple: type === "json" }]),
  );
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help || positionals.length !== 1 || positionals[0] !== "sandbox") {
    (values.help ? console.log : console.error)(help());
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const { panel, port: portText = "0" } = values;
  if (!(number(portText) <= 65_535)) throw new Error(`--port must be an integer from 0 to 65535, got ${JSON.stringify(portText)}`);
  if (panel !== undefined && !URL.canParse(panel)) throw new Error(`--panel must be a URL, such as http://127.0.0.1:8787/, got ${panel}`);
  const app = { ...(panel !== undefined && { redirectUri: callbackOf(panel) }), ...read(APP_FLAGS, values) };
  const sandbox = createSandbox({ ...read(FLAGS, values), app });
  for (const failure of values.fail ?? []) sandbox.fail(JSON.parse(failure));
  // What only the module can refuse is refused before there is a port.
  await sandbox.fetch("/sandbox/oauth");
  const page = panel === undefined ? undefined : await panelPage(sandbox, panel);
  const { apiToken, accessToken, nonAdminToken, baseToken } = sandbox;
  const server = createServer((request, response) => void handle(sandbox, page, request, response));
  server.once("error", fail);
  server.listen(number(portText), "127.0.0.1", () => {
    const { port } = server.address();
    const url = `http://127.0.0.1:${port}`;
    console.log(JSON.stringify({ url, apiToken, accessToken, nonAdminToken, baseToken, ...sandbox.app, ...(page && { panel: `${url}${PANEL_PAGE}` }) }));
  });
}

function fail(error) {
  console.error(`pipedrive-users: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

await main().catch(fail);
