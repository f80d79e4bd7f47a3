// The recipes of the guide to frameworks that need no framework, as they stand there. The others are projects in www/examples.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { UsersClient } from "pipedrive-users";
import { createSandbox } from "pipedrive-users/sandbox";

const guide = await readFile(new URL("../../www/docs/guide/frameworks.md", import.meta.url), "utf8");

/** Runs the block below a heading, and returns what it declares. */
function recipe(heading, given, ...declared) {
  const [, code] = new RegExp(`## ${heading}\\n[^]*?\`\`\`js\\n([^]*?)\`\`\``).exec(guide);
  return new Function(...Object.keys(given), `${code.replaceAll("export ", "")}\nreturn { ${declared.join(", ")} };`)(...Object.values(given));
}

function open(more) {
  const sandbox = createSandbox();
  return { sandbox, client: new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch, logLevel: "off", ...more }) };
}

test("OpenTelemetry: a span for each attempt, with its status", async () => {
  const ended = [];
  const tracer = {
    startSpan: (name, { attributes }) => ({ setAttribute: (key, value) => (attributes[key] = value), setStatus: (status) => (attributes.status = status.code), end: () => ended.push({ name, ...attributes }) }),
  };
  const { onEvent } = recipe("OpenTelemetry", { tracer }, "onEvent");
  const { sandbox, client } = open({ onEvent });
  sandbox.fail({ status: 503 });
  await client.getUser(1);
  const common = { name: "pipedrive getUser", "http.request.method": "GET", "pipedrive.cost": 2 };
  assert.deepEqual(ended, [
    { ...common, "http.request.resend_count": 0, "http.response.status_code": 503, status: 2 },
    { ...common, "http.request.resend_count": 1, "http.response.status_code": 200 },
  ]);
});
