// The memory of a proxy: flat while it works, and given back when its users are idle. `REQUESTS=200000` makes it longer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gc } from "../js/support/gc.mjs";

// The memories of the package's modules, from the first instance on.
const memories = [];
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (module, imports) => {
  const instance = await instantiate(module, imports);
  const memory = Object.values((instance.instance ?? instance).exports).find((value) => value instanceof WebAssembly.Memory);
  if (imports?.a && memory) memories.push(memory);
  return instance;
};

const { createUsersProxy, memoryStore, OAuth } = await import("pipedrive-users/server");

const COMPANIES = Number(process.env.COMPANIES ?? 5_000);
const REQUESTS = Number(process.env.REQUESTS ?? 50_000);
const AT_ONCE = 50;

/** Bytes of the heap and of WebAssembly. */
async function measure() {
  for (let time = 0; time < 4; time++) {
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
  return { heap: process.memoryUsage().heapUsed, wasm: memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0) };
}

test(`${REQUESTS} requests of ${COMPANIES} companies leave nothing behind, and idle ones give their memory back`, { timeout: 600_000 }, async (t) => {
  // The proxy's own timers and the time of day are the test's: users are idle for minutes. Not by mocks, which remember each call.
  let [passed, timers] = [0, new Set()];
  const { setTimeout, clearTimeout } = globalThis;
  const { now } = Date;
  Date.now = () => now.call(Date) + passed;
  globalThis.setTimeout = (work, ms, ...more) => {
    if (ms < 60_000) return setTimeout(work, ms, ...more);
    const timer = { work, unref() {} };
    timers.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => void (timers.delete(timer) || clearTimeout(timer));
  t.after(() => Object.assign(globalThis, { setTimeout, clearTimeout }) && Object.assign(Date, { now }));

  const store = memoryStore();
  for (let company = 1; company <= COMPANIES; company++) {
    const record = { companyId: company, userId: 1, grantId: "grant", grantedAt: 1, generation: 1, isRevoked: false, accessToken: `v1u:token-of-company-${company}`, refreshToken: `${company}:1:refresh`, expiresAt: Number.MAX_SAFE_INTEGER, apiDomain: "https://casinoroyale.pipedrive.com" };
    await store.put(`${company}:1`, JSON.stringify(record), undefined);
  }
  const fetch = async () => new Response('{"success":true,"data":{"id":1,"name":"James Bond"}}', { headers: { "content-type": "application/json", "x-ratelimit-limit": "1000000", "x-ratelimit-remaining": "999999", "x-ratelimit-reset": "2" } });
  const oauth = new OAuth({ clientId: "app", clientSecret: "secret", redirectUri: "https://app.example/callback", encryptionKey: "none", store, fetch });
  const proxy = createUsersProxy({ oauth, authenticate: (request) => ({ companyId: Number(request.headers.get("x-company")), userId: 1 }), dailyTokenBudget: 1_000_000 });

  let sent = 0;
  const send = async () => {
    const company = (sent++ % COMPANIES) + 1;
    const response = await proxy(new Request(`https://app.example/v1/users/${(sent % 30) + 1}`, { headers: { "x-company": String(company) } }));
    assert.equal(response.status, 200);
    await response.text();
  };
  const sendUntil = async (count) => {
    while (sent < count) await Promise.all(Array.from({ length: AT_ONCE }, send));
  };

  const before = await measure();
  // Each company has been served, and the engine has compiled everything.
  await sendUntil(REQUESTS / 2);
  const half = await measure();
  await sendUntil(REQUESTS);
  const full = await measure();
  assert.ok(memories.length === 1, "the module's memory is measured");
  const perRequest = (full.heap - half.heap) / (REQUESTS / 2);
  assert.ok(perRequest < 10, `a request leaves ${perRequest.toFixed(1)} bytes in the heap`);
  assert.equal(full.wasm, half.wasm, "a request leaves nothing in the module's memory");
  const perCompany = (full.heap - before.heap) / COMPANIES;
  assert.ok(perCompany < 8_000, `a company takes ${perCompany.toFixed(0)} bytes of the heap`);

  // All are idle: at most two sweeps later their clients are closed.
  for (let sweep = 0; sweep < 3 && timers.size; sweep++) {
    passed += 120_000;
    const due = timers;
    timers = new Set();
    for (const { work } of due) work();
    await measure();
  }
  const idle = await measure();
  const returned = (full.heap - idle.heap) / COMPANIES;
  assert.ok(returned > 1_000, `an idle company gives back ${returned.toFixed(0)} of ${perCompany.toFixed(0)} bytes`);
  t.diagnostic(`${perRequest.toFixed(1)} bytes a request, ${perCompany.toFixed(0)} bytes a company, of which an idle one gives back ${returned.toFixed(0)}`);
});
