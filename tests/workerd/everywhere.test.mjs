// The scenarios of every runtime in workerd.
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { inParts, KINDS } from "../js/support/everywhere/index.mjs";
import { start } from "./start.mjs";

const dist = dirname(fileURLToPath(import.meta.resolve("pipedrive-users")));

/** Runs a part of a kind in an isolate of its own. */
async function inIsolate(part) {
  const worker = await start(dist);
  try {
    const { result, unhandled } = await worker.ask(`/everywhere?part=${encodeURIComponent(JSON.stringify(part))}`);
    assert.deepEqual(unhandled, []);
    return result;
  } finally {
    await worker.stop();
  }
}

// It has one realm only.
const { realms, ...kinds } = KINDS;

for (const [kind, scenarios] of Object.entries(kinds)) {
  test(`${kind} in workerd`, { timeout: 120_000 }, async () => {
    assert.deepEqual(await inParts(kind, inIsolate), { count: Object.keys(scenarios).length, failed: {} });
  });
}
