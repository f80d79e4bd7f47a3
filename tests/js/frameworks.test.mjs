// The recipes of FRAMEWORKS.md, as they stand there.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { QueryClient } from "@tanstack/query-core";
import { UsersClient } from "pipedrive-users";
import { createSandbox } from "pipedrive-users/sandbox";

const guide = await readFile(new URL("../../FRAMEWORKS.md", import.meta.url), "utf8");

/** Runs the block below a heading, and returns what it declares. */
function recipe(heading, given, ...declared) {
  const [, code] = new RegExp(`## ${heading}\\n[^]*?\`\`\`js\\n([^]*?)\`\`\``).exec(guide);
  return new Function(...Object.keys(given), `${code}\nreturn { ${declared.join(", ")} };`)(...Object.values(given));
}

function open(more) {
  const sandbox = createSandbox();
  return { sandbox, client: new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch, logLevel: "off", ...more }) };
}

test("TanStack Query: one layer retries, a cancelled query ends its call, and pages follow each other", async () => {
  const { sandbox, client } = open();
  const { queryClient, userQuery, followersQuery } = recipe("TanStack Query", { QueryClient, client }, "queryClient", "userQuery", "followersQuery");
  assert.equal((await queryClient.fetchQuery(userQuery(1))).id, 1);
  await assert.rejects(queryClient.fetchQuery(userQuery(999)), { kind: "not_found" });
  assert.equal(client.usage.callsSent, 2, "a 404 is asked for once");
  sandbox.fail({ operation: "getUser", fault: "timeout" });
  const waiting = queryClient.fetchQuery(userQuery(2));
  setTimeout(() => void queryClient.cancelQueries({ queryKey: ["user", 2] }), 20);
  await assert.rejects(waiting, { message: "CancelledError" });
  const data = await queryClient.fetchInfiniteQuery({ ...followersQuery(1), pages: 2 });
  assert.equal(data.pages.length, 2);
  assert.notDeepEqual(data.pages[0].items, data.pages[1].items);
});

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
