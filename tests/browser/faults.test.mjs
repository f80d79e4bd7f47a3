import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { expected, FAULTS } from "../js/faults.table.mjs";
import { asData, check, makeCall, pool, serveFaults } from "../js/support/faults.mjs";
import { OPERATIONS } from "../js/support/operations.mjs";
import { launch, open } from "./browser.mjs";
import { serve } from "./server.mjs";

/** Each of the ten operations with each fault of the table, from a page on another origin. */

const CREDENTIALS = ["API token", "Bearer token", "token function"];
const SECRET = "v1u:AQIBAHj-5ecre7b70w5e7_LzTNK2yuuaaLqifzhWb9crUNKTpk4FlQ9rjnXqp";

let pages;
let server;
let browser;
let tab;

before(async () => {
  [server, pages, browser] = [await serveFaults(), await serve(), await launch()];
  tab = await open(browser, `${pages.origin}/test-pages/blank.html`);
  const content = `
    import * as sdk from "/pipedrive-users/index.js";
    globalThis.makeCall = (call) => (${makeCall})(sdk, call);
    document.documentElement.dataset.ready = "";`;
  await tab.page.addScriptTag({ type: "module", content });
  await tab.page.waitForSelector("html[data-ready]");
  // So that no attempt's time is spent on loading.
  await callInPage("good", OPERATIONS[0], 0);
});

after(async () => {
  await browser?.close();
  pages?.close();
  await server?.close();
});

// A browser makes six connections to a server at once: a call that waited for one would lose its time to others.
const queue = pool(6);
let runs = 0;

async function callInPage(fault, operation, place, more) {
  const run = `run-${++runs}`;
  const call = { baseUrl: server.url(fault, run), ...asData(operation), credential: CREDENTIALS[place % CREDENTIALS.length], secret: SECRET, ...more };
  const result = await tab.page.evaluate((call) => globalThis.makeCall(call), call);
  return { run, result };
}

let matrix;
/** All of it at once; each test then looks at its part. */
const start = () =>
  (matrix ??= FAULTS.map((row) => OPERATIONS.map((operation, place) => queue(() => callInPage(row.fault, operation, place, row.timeoutMs && { timeoutMs: row.timeoutMs })))));

for (const [index, row] of FAULTS.entries()) {
  test(`${row.fault}: ${row.what}`, { timeout: 90_000 }, async (t) => {
    const cells = start()[index];
    for (const [place, operation] of OPERATIONS.entries()) {
      await t.test(operation.name, async () => {
        const { run, result } = await cells[place];
        const { requests } = expected(row, operation.method, "page");
        check(row, operation, result, await server.reachedBy(run, requests), "page");
        for (const text of result.texts) assert.ok(!text.includes(SECRET.slice(4)), text.replaceAll(SECRET.slice(4), "<<<THE SECRET>>>"));
      });
    }
  });
}

test("nothing follows a redirect, nothing continues after its call has ended, and nothing is left uncaught", async () => {
  await Promise.all(start().flat());
  await sleep(300);
  assert.deepEqual(server.elsewhere, []);
  for (const [index, row] of FAULTS.entries()) {
    for (const [place, { name, method }] of OPERATIONS.entries()) {
      const { run } = await start()[index][place];
      assert.equal(server.reached(run).length, expected(row, method, "page").requests, `${row.fault}, ${name}`);
    }
  }
  // A browser reports each failed request by itself.
  assert.deepEqual(tab.faults.filter((fault) => !/^error: (Failed to load resource|Access to fetch)/.test(fault)), []);
});
