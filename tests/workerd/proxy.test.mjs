// The proxy of an API token in a Worker, where a request that only waits for another is ended, and one whose client has gone stops without a word.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Miniflare } from "miniflare";
import { serve } from "../js/support/server.mjs";

const dist = join(fileURLToPath(import.meta.resolve("pipedrive-users")), "..");
const module = async (type, name) => ({ type, path: name, contents: await readFile(join(dist, name)) });

let server, miniflare;
before(async () => {
  server = await serve(async ({ path }, response) => {
    await sleep(200);
    response.writeHead(200, { "content-type": "application/json", "x-ratelimit-limit": "1000", "x-ratelimit-remaining": "999" }).end(JSON.stringify({ success: true, data: { id: Number(path.split("/").at(-1)) } }));
  });
  const contents = `import { createUsersProxy } from "./server.workerd.js";
    const proxy = createUsersProxy({
      apiToken: "0123456789abcdef0123456789abcdef01234567", baseUrl: ${JSON.stringify(server.url)}, maxConcurrency: 2,
      authenticate: (request) => ({ companyId: 7, userId: Number(request.headers.get("x-user")) }),
    });
    export default { fetch: (request) => proxy(request) };`;
  const modules = [{ type: "ESModule", path: "worker.mjs", contents }, ...(await Promise.all([module("ESModule", "server.workerd.js"), module("ESModule", "drift.js"), module("CompiledWasm", "server.wasm")]))];
  miniflare = new Miniflare({ modules, compatibilityDate: "2026-01-01", cf: false });
  await miniflare.ready;
});
after(async () => {
  await miniflare?.dispose();
  await server?.close();
});

const ask = async (id, signal) => {
  const response = await miniflare.dispatchFetch(`http://worker.example/v1/users/${id}`, { headers: { "x-user": String((id % 3) + 1) }, signal });
  return [response.status, (await response.text()).slice(0, 80)];
};
const good = (id) => [200, `{"success":true,"data":{"id":${id}}}`];

test("more requests than places: all get their response", { timeout: 60_000 }, async () => {
  assert.deepEqual(await ask(1), good(1));
  const ids = [2, 3, 4, 5, 6, 7, 8, 9];
  assert.deepEqual(await Promise.all(ids.map((id) => ask(id))), ids.map(good));
});

test("clients that have gone, with a place or without, hold nobody up for longer than a few seconds", { timeout: 60_000 }, async () => {
  const gone = Array.from({ length: 8 }, (_, index) => ask(20 + index, AbortSignal.timeout(100)).then(() => undefined, () => undefined));
  await Promise.all(gone);
  const began = Date.now();
  assert.deepEqual(await Promise.all([40, 41, 42].map((id) => ask(id))), [40, 41, 42].map(good));
  assert.ok(Date.now() - began < 8_000, `${Date.now() - began} ms`);
});
