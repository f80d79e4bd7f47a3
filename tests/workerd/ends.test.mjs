// How calls end in workerd, where I/O belongs to the request that began it.
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { serve } from "../js/support/server.mjs";
import { start } from "./start.mjs";

let worker;
before(async () => (worker = await start(dirname(fileURLToPath(import.meta.resolve("pipedrive-users"))))));
after(() => worker?.stop());

test("a client at module level recovers by itself after calls of several requests have met in its queue", { timeout: 60_000 }, async () => {
  let isLow = true;
  const server = await serve(async ({ path }, response) => {
    await sleep(100);
    const limits = isLow ? { "x-ratelimit-limit": "1", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" } : {};
    response.writeHead(200, { "content-type": "application/json", ...limits }).end(JSON.stringify({ success: true, data: { id: Number(path.split("/").at(-1)) } }));
  });
  const ask = (id) => worker.ask(`/module-level?id=${id}&base=${encodeURIComponent(server.url)}`);
  try {
    assert.equal((await ask(1)).result, 1);
    // The runtime may give up requests that wait for another's timer.
    const met = await Promise.all([2, 3, 4, 5, 6, 7].map((id) => Promise.race([ask(id).then(({ result }) => result === id, () => "given up"), sleep(8_000, "waits")])));
    assert.ok(met.every((outcome) => outcome === true || outcome === "given up" || outcome === "waits"), String(met));
    isLow = false;
    const began = Date.now();
    const outcomes = [];
    while (outcomes.at(-1) !== 8 && Date.now() - began < 20_000) outcomes.push(await Promise.race([ask(8).then(({ result }) => result, (error) => error.message), sleep(8_000, "waits")]));
    assert.equal(outcomes.at(-1), 8, outcomes.join("; "));
    assert.equal((await ask(9)).result, 9);
  } finally {
    await server.close();
  }
});
