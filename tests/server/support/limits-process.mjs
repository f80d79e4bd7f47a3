// A process with a client whose limits are shared: reads runs from its input, a line each, and writes what came of them.
import process from "node:process";
import { createInterface } from "node:readline";
import * as server from "pipedrive-users/server";

const isDeno = "Deno" in globalThis;

/** The round trip of a call, split at random between the way there and the way back. */
function delayed(milliseconds, counts) {
  return async (url, init) => {
    const slow = Math.random() < 0.02 ? 3 : 0.75 + Math.random() / 2;
    const there = milliseconds * slow * (0.1 + 0.8 * Math.random());
    const began = performance.now();
    await sleep(there);
    const response = await globalThis.fetch(url, init);
    const body = await response.arrayBuffer();
    await sleep(milliseconds * slow - there);
    counts.requests++;
    if (response.status === 429) counts.refused++;
    counts.roundTrips.set(url, performance.now() - began);
    return new Response(body, { status: response.status, headers: response.headers });
  };
}

const sleep = (milliseconds) => (milliseconds > 0 ? new Promise((resolve) => setTimeout(resolve, milliseconds)) : undefined);

const connections = new Map();

/** The limits of a run; `counts.trips` counts trips to their store, and `counts.tripMs` how long they took. */
async function limitsOf({ kind, location, prefix, lagMs = 0 }, counts) {
  if (kind === "none") return undefined;
  if (kind === "memory") return server.memoryLimits();
  const counted = async (work) => {
    counts.trips++;
    const began = performance.now();
    await sleep(lagMs / 2);
    const result = await work();
    await sleep(lagMs / 2);
    counts.tripMs.push(performance.now() - began);
    return result;
  };
  if (kind === "redis") {
    if (!connections.has(location)) {
      const { createClient } = await import("redis");
      const client = createClient({ url: location, socket: { reconnectStrategy: 100 }, disableOfflineQueue: true });
      client.on("error", () => {});
      connections.set(location, client.connect());
    }
    const client = await connections.get(location);
    const countedClient = {
      sendCommand() {},
      eval: (script, options) => client.eval(script, options),
      evalSha: (hash, options) => counted(() => client.evalSha(hash, options)),
    };
    return server.redisLimits(countedClient, { prefix });
  }
  if (kind === "object") {
    const namespace = {
      idFromName: (name) => prefix + name,
      get: (name) => ({ reserveSlots: (...values) => counted(async () => (await globalThis.fetch(`${location}/${encodeURIComponent(name)}`, { method: "POST", body: JSON.stringify(values) })).json()) }),
    };
    return server.durableObjectLimits(namespace);
  }
  const kv = (connections.get(location) ?? connections.set(location, Deno.openKv(location)).get(location));
  const opened = await kv;
  let reads = 0;
  return server.denoKvLimits({
    get: (key) => (reads++ % 2 === 0 ? counted(() => opened.get(key)) : opened.get(key)),
    atomic: () => opened.atomic(),
    delete: (key) => opened.delete(key),
  });
}

/** Measures how late this process is by itself: timers of 0 ms that fire later than one of an idle process. */
function measureLateness() {
  const late = [];
  let timer;
  const next = (after) => {
    timer = setTimeout(() => {
      const began = performance.now();
      timer = setTimeout(() => {
        late.push(Math.max(0, performance.now() - began - 1));
        next(15);
      }, 0);
    }, after);
  };
  next(0);
  return () => {
    clearTimeout(timer);
    return late;
  };
}

async function run({ store, token, url, births, roundTripMs, startAt, timeoutMs = 30_000, dailyTokenBudget, cost = 2, maxRetries = 5 }) {
  const counts = { trips: 0, tripMs: [], requests: 0, refused: 0, roundTrips: new Map() };
  const limits = await limitsOf(store, counts);
  const client = new server.UsersClient({ apiToken: token, baseUrl: url, fetch: delayed(roundTripMs, counts), timeoutMs, dailyTokenBudget, maxRetries, limits, logLevel: "off" });
  await server.preload();
  const failures = {};
  const stopMeasuring = measureLateness();
  const calls = births.map(async (birth, index) => {
    const begins = startAt + birth;
    await sleep(begins - Date.now());
    const began = performance.now();
    const marker = `call-${index}-${Math.random()}`;
    let address;
    // A request is found by an address of its own.
    const page = 1 + Math.floor(Math.random() * 2 ** 30);
    const ask = cost === 40 ? client.findUsersByName(marker) : cost === 20 ? client.getUsers({ headers: { "x-call": marker } }) : client.getUser(page).catch((error) => (error.kind === "not_found" ? undefined : Promise.reject(error)));
    address = cost === 40 ? `find?term=${marker}` : cost === 20 ? "users" : `users/${page}`;
    try {
      await ask;
    } catch (error) {
      const name = `${error.kind ?? "error"}${error.scope ? `/${error.scope}` : ""}`;
      failures[name] = { count: (failures[name]?.count ?? 0) + 1, message: error.message };
      return { failed: name };
    }
    const known = [...counts.roundTrips].find(([url]) => url.includes(address));
    return { ended: Date.now(), waited: performance.now() - began - (known?.[1] ?? roundTripMs) };
  });
  const results = await Promise.all(calls);
  const late = stopMeasuring();
  // What is returned afterwards is counted as well.
  await sleep(store.lingerMs ?? 3_000);
  client.close();
  const { trips, tripMs, requests, refused } = counts;
  return { trips, tripMs, requests, refused, failures, late, ends: results.flatMap(({ ended }) => ended ?? []), waits: results.flatMap(({ waited }) => waited ?? []) };
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  run(JSON.parse(line)).then(
    (result) => console.log(JSON.stringify(result)),
    (error) => console.log(JSON.stringify({ error: String(error?.stack ?? error) })),
  );
});
lines.on("close", () => (isDeno ? Deno.exit(0) : process.exit(0)));
