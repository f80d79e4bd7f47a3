// When the WebAssembly is loaded, how often, and what happens when it cannot be.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runScript } from "./support/child.mjs";

/** Node's own fetch has a module of its own, which it loads when it is first touched: before anything is counted. */
const WARM_UP = `
const { createServer } = await import("node:http");
const server = createServer((_, response) => response.end("{}")).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
await (await fetch("http://127.0.0.1:" + server.address().port)).json();
server.close();
server.closeAllConnections();
`;

/** Counts what could be an effect, before anything of the package is loaded. */
const COUNT = `${WARM_UP}
const counts = { compile: 0, instantiate: 0, fetch: 0, timers: 0, decompress: 0, module: 0 };
const wrap = (object, name, key) => {
  const real = object[name];
  // Timers of the runtime's own are no matter: only those that the package sets count.
  object[name] = function (...args) { if (key !== "timers" || new Error().stack.includes("pipedrive-users/dist")) counts[key]++; return real.apply(this, args); };
};
wrap(WebAssembly, "compile", "compile");
wrap(WebAssembly, "compileStreaming", "compile");
wrap(WebAssembly, "instantiate", "instantiate");
wrap(WebAssembly, "instantiateStreaming", "instantiate");
for (const [name, key] of [["Module", "module"], ["Instance", "module"]]) WebAssembly[name] = new Proxy(WebAssembly[name], { construct(...all) { counts[key]++; return Reflect.construct(...all); } });
globalThis.DecompressionStream = new Proxy(DecompressionStream, { construct(...all) { counts.decompress++; return Reflect.construct(...all); } });
wrap(globalThis, "fetch", "fetch");
for (const name of ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"]) wrap(globalThis, name, "timers");
const now = () => ({ ...counts });
`;
const FETCH = `globalThis.fetch = async () => Response.json({ success: true, data: { id: 7 } });`;
const NOTHING = { compile: 0, instantiate: 0, fetch: 0, timers: 0, decompress: 0, module: 0 };

test("importing and constructing load nothing, send nothing and leave nothing behind", async () => {
  const { atImport, atConstruction, afterwards, globals, prototypes } = await runScript(`${COUNT}
    const before = Reflect.ownKeys(globalThis).length;
    const shapes = () => [Object, Array, Promise, Error, Function, String, Symbol].map((one) => Reflect.ownKeys(one).length + Reflect.ownKeys(one.prototype).length).join();
    const shape = shapes();
    const { UsersClient } = await import("pipedrive-users");
    const { createSandbox } = await import("pipedrive-users/sandbox");
    const atImport = now();
    for (let index = 0; index < 10; index++) new UsersClient({ apiToken: "secret" });
    createSandbox();
    const atConstruction = now();
    await new Promise((resolve) => process.nextTick(resolve));
    console.log(JSON.stringify({ atImport, atConstruction, afterwards: now(), globals: Reflect.ownKeys(globalThis).length - before, prototypes: shapes() === shape }));
  `);
  assert.deepEqual([atImport, atConstruction, afterwards], [NOTHING, NOTHING, NOTHING]);
  assert.equal(globals, 0, "new globals");
  assert.equal(prototypes, true, "built-in prototypes were changed");
});

test("an import keeps no process alive", async () => {
  assert.deepEqual(await runScript(`
    await import("pipedrive-users");
    await import("pipedrive-users/sandbox");
    console.log(JSON.stringify(process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate|Worker|Message/.test(name))));
  `), []);
});

test("a call that ended keeps no process alive, a long timeoutMs neither", async () => {
  const started = Date.now();
  await runScript(`${FETCH}
    const { UsersClient } = await import("pipedrive-users");
    await new UsersClient({ apiToken: "secret", fetch, timeoutMs: 60_000 }).getUser(7);
    console.log("0");
  `);
  assert.ok(Date.now() - started < 20_000);
});

test("a bad timeoutMs is refused by the first call too, and is not the time in which the module has to load", async () => {
  const kinds = await runScript(`${FETCH}
    const { UsersClient } = await import("pipedrive-users");
    const client = new UsersClient({ apiToken: "secret", fetch });
    const calls = [0, -1, 0.5, 1.5, 2 ** 31, NaN, "5", null, true, [1]].map((timeoutMs) => client.getUser(7, { timeoutMs }).catch(({ kind }) => kind));
    console.log(JSON.stringify(await Promise.all(calls)));
  `);
  assert.deepEqual(kinds, Array(10).fill("argument"));
});

test("the module loads once, for many clients and concurrent first calls", async () => {
  const counts = await runScript(`${COUNT}${FETCH}
    const { UsersClient } = await import("pipedrive-users");
    const clients = Array.from({ length: 10 }, () => new UsersClient({ apiToken: "secret", fetch }));
    await Promise.all(clients.flatMap((client) => [1, 2, 3].map((id) => client.getUser(id))));
    await new UsersClient({ apiToken: "secret", fetch }).getUser(7);
    console.log(JSON.stringify({ ...now(), timers: 0 }));
  `);
  // Its text is decoded by a small module, and one instance of that.
  assert.deepEqual(counts, { ...NOTHING, instantiate: 1, module: 3 });
});

test("a bad configuration and unknown options need no module", async () => {
  const counts = await runScript(`${COUNT}${FETCH}
    const { UsersClient } = await import("pipedrive-users");
    try { new UsersClient({}); } catch {}
    await new UsersClient({ apiToken: "secret", fetch }).getUsers({ timeout: 1 }).catch(() => {});
    console.log(JSON.stringify(now()));
  `);
  assert.deepEqual({ ...counts, timers: 0 }, NOTHING);
});

/** Refuses the next module, as a Content-Security-Policy does. */
const REFUSE = `
const refuse = (message) => {
  const { Module } = WebAssembly;
  WebAssembly.Module = function () { WebAssembly.Module = Module; throw new WebAssembly.CompileError(message); };
};
`;

/** The errors of calls in a process where loading fails once, and the outcome of a later call. */
const failing = (broken) =>
  runScript(`${WARM_UP}${FETCH}
    const { UsersClient, LoadError, isPipedriveError } = await import("pipedrive-users");
    ${REFUSE}${broken}
    const client = new UsersClient({ apiToken: "secret", fetch });
    const other = new UsersClient({ apiToken: "secret", fetch });
    const settled = await Promise.allSettled([client.getUser(7), client.getUsers(), other.getUserFollowers(7)]);
    const later = await Promise.all([client.getUser(7), other.getUser(7)]);
    console.log(JSON.stringify({ errors: settled.map(({ reason }) => ({ name: reason.name, kind: reason.kind, is: reason instanceof LoadError && isPipedriveError(reason, "load"), message: reason.message, cause: reason.cause?.message, operation: reason.operation, attempts: reason.attempts })), later, distinct: new Set(settled.map(({ reason }) => reason)).size }));
  `);

const MESSAGES = {
  Chrome: "WebAssembly.Module(): Compiling or instantiating WebAssembly module violates the following Content Security policy directive because 'unsafe-eval' is not an allowed source of script in the following Content Security Policy directive: \\\"script-src 'self'\\\"",
  Firefox: "call to WebAssembly.Module() blocked by CSP",
  Safari: "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source of script",
  "V8 without code generation": "WebAssembly.Module(): Wasm code generation disallowed by embedder",
};

for (const [engine, message] of Object.entries(MESSAGES)) {
  test(`a Content-Security-Policy as ${engine} words it: the LoadError names what to add, and a later call works`, async () => {
    const { errors, later } = await failing(`refuse("${message}");`);
    for (const error of errors) {
      assert.deepEqual([error.name, error.kind, error.is, error.attempts], ["LoadError", "load", true, 0]);
      assert.ok(error.message.includes("'wasm-unsafe-eval'") && error.message.includes("script-src"), error.message);
      assert.equal(error.cause, message.replaceAll("\\", ""));
    }
    assert.deepEqual(later, [{ id: 7 }, { id: 7 }]);
  });
}

test("an instantiation that fails once", async () => {
  const { errors, later } = await failing(`
    const real = WebAssembly.instantiate;
    WebAssembly.instantiate = async () => { WebAssembly.instantiate = real; throw new RangeError("WebAssembly.instantiate(): Out of memory"); };`);
  for (const { kind, message, cause } of errors) {
    assert.equal(kind, "load");
    assert.match(message, /Out of memory/);
    assert.match(cause, /Out of memory/);
  }
  assert.deepEqual(later, [{ id: 7 }, { id: 7 }]);
});

test("a runtime without WebAssembly, which has it later", async () => {
  const { errors, later } = await failing(`
    const real = WebAssembly;
    delete globalThis.WebAssembly;
    const { allSettled } = Promise;
    Promise.allSettled = (all) => allSettled.call(Promise, all).finally(() => (globalThis.WebAssembly = real));`);
  for (const { kind, message } of errors) {
    assert.equal(kind, "load");
    assert.match(message, /no WebAssembly/);
  }
  assert.deepEqual(later, [{ id: 7 }, { id: 7 }]);
});

test("an engine that compiles only 4 KB at once, as Chromium before 114 in a page", async () => {
  const { compiled, data } = await runScript(`${COUNT}${FETCH}
    const { UsersClient } = await import("pipedrive-users");
    const { Module } = WebAssembly;
    WebAssembly.Module = function (bytes) {
      if (bytes.byteLength > 4_096) throw new RangeError("WebAssembly.Module is disallowed on the main thread, if the buffer size is larger than 4KB.");
      return new Module(bytes);
    };
    const data = await new UsersClient({ apiToken: "secret", fetch }).getUser(7);
    console.log(JSON.stringify({ compiled: now().compile, data }));
  `);
  assert.deepEqual({ compiled, data }, { compiled: 1, data: { id: 7 } });
});

test("every call that waits for a load that fails gets an error of its own, with its operation", async () => {
  const { errors, distinct } = await failing(`refuse("no");`);
  assert.equal(distinct, 3);
  assert.deepEqual(errors.map(({ operation }) => operation), ["getUser", "getUsers", "getUserFollowers"]);
});

test("the sandbox's module fails and loads in the same way", async () => {
  const { error, status } = await runScript(`${WARM_UP}
    const { createSandbox } = await import("pipedrive-users/sandbox");
    ${REFUSE}refuse("Wasm code generation disallowed by embedder");
    const sandbox = createSandbox();
    const ask = () => sandbox.fetch("https://x.example/v1/users/me", { headers: { "x-api-token": sandbox.apiToken } });
    const error = await ask().catch(({ name, kind, message }) => ({ name, kind, message }));
    console.log(JSON.stringify({ error, status: (await ask()).status }));
  `);
  assert.deepEqual([error.name, error.kind], ["LoadError", "load"]);
  assert.match(error.message, /'wasm-unsafe-eval'/);
  assert.equal(status, 200);
});

test("abort and close() while the module loads", async () => {
  const { reason, closed, sent } = await runScript(`
    let sent = 0;
    const fetch = async () => { sent++; return Response.json({ success: true, data: {} }); };
    const { UsersClient } = await import("pipedrive-users");
    const controller = new AbortController();
    const aborted = new UsersClient({ apiToken: "secret", fetch }).getUser(7, { signal: controller.signal });
    controller.abort("enough");
    const reason = await aborted.catch((reason) => reason);
    const client = new UsersClient({ apiToken: "secret", fetch });
    const call = client.getUser(8);
    client.close();
    const closed = await call.catch(({ name }) => name);
    await new UsersClient({ apiToken: "secret", fetch }).getUser(9);
    console.log(JSON.stringify({ reason, closed, sent }));
  `);
  assert.deepEqual({ reason, closed, sent }, { reason: "enough", closed: "ConfigError", sent: 1 });
});

test("a module that does not finish loading falls under timeoutMs, and a later call works", { timeout: 20_000 }, async () => {
  const { stalled, sent, took, data } = await runScript(`
    const { UsersClient } = await import("pipedrive-users");
    const real = WebAssembly.instantiate;
    let finish;
    WebAssembly.instantiate = (...given) => new Promise((resolve) => (finish = () => resolve(real(...given))));
    let sent = 0;
    const fetch = async () => { sent++; return Response.json({ success: true, data: { id: 7 } }); };
    const client = new UsersClient({ apiToken: "secret", fetch, timeoutMs: 5_000 });
    const started = performance.now();
    const stalled = await client.getUser(1, { timeoutMs: 200 }).catch(({ name, kind, message, attempts }) => ({ name, kind, message, attempts }));
    const took = performance.now() - started;
    WebAssembly.instantiate = real;
    setTimeout(finish, 50);
    const data = await client.getUser(2);
    console.log(JSON.stringify({ stalled, sent, took, data }));
  `);
  assert.deepEqual([stalled.name, stalled.kind, stalled.attempts, sent, data], ["TimeoutError", "timeout", 0, 1, { id: 7 }]);
  assert.match(stalled.message, /^getUser: .*\b200 ms\b.*timeoutMs.*nothing was sent/);
  assert.ok(took >= 195 && took < 4_000, `${took} ms`);
});

test("a module that never finishes loading is loaded anew by a call after the one that timed out", { timeout: 20_000 }, async () => {
  const { stalled, data } = await runScript(`
    const { UsersClient } = await import("pipedrive-users");
    const real = WebAssembly.instantiate;
    WebAssembly.instantiate = () => new Promise(() => {});
    const client = new UsersClient({ apiToken: "secret", fetch: async () => Response.json({ success: true, data: { id: 7 } }), timeoutMs: 500 });
    const stalled = await client.getUser(1).catch(({ kind }) => kind);
    WebAssembly.instantiate = real;
    const data = await client.getUser(2).catch(({ kind }) => kind);
    console.log(JSON.stringify({ stalled, data }));
    process.exit();
  `);
  assert.deepEqual({ stalled, data }, { stalled: "timeout", data: { id: 7 } });
});

// Instantiations of the package's module are held until the test completes them; Node.js has a module of its own behind fetch.
const HELD = `
const real = WebAssembly.instantiate;
const loads = [];
WebAssembly.instantiate = (module, imports) => ("a" in imports ? new Promise((resolve, reject) => loads.push(() => real(module, imports).then(resolve, reject))) : real(module, imports));
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
`;

test("a load that completes after its timeout does not affect later loads", { timeout: 20_000 }, async () => {
  const { kinds } = await runScript(`
    const { preload, UsersClient } = await import("pipedrive-users");
    ${HELD}
    const ask = () => new UsersClient({ apiToken: "secret", fetch: async () => Response.json({ success: true, data: { id: 7 } }), timeoutMs: 200 }).getUser(1).then(({ id }) => id, ({ kind }) => kind);
    const kinds = [await ask()];
    loads[0]();
    await pause(50);
    WebAssembly.instantiate = async () => { throw new RangeError("out of memory"); };
    kinds.push(await ask());
    WebAssembly.instantiate = () => new Promise(() => {});
    kinds.push(await ask());
    WebAssembly.instantiate = real;
    kinds.push(await ask(), await preload().then(() => "loaded", ({ kind }) => kind));
    console.log(JSON.stringify({ kinds }));
    process.exit();
  `);
  assert.deepEqual(kinds, ["timeout", "load", "timeout", 7, "loaded"]);
});

test("a client whose calls waited for two loads keeps to one core", { timeout: 20_000 }, async () => {
  for (const order of [[0, 1], [1, 0]]) {
    const { kinds, most, sent } = await runScript(`
      const { UsersClient } = await import("pipedrive-users");
      ${HELD}
      let [inFlight, most] = [0, 0];
      const fetch = async () => {
        most = Math.max(most, ++inFlight);
        await pause(50);
        inFlight--;
        return Response.json({ success: true, data: { id: 7 } });
      };
      const client = new UsersClient({ apiToken: "secret", fetch, maxConcurrency: 1, timeoutMs: 1_000 });
      const ask = (id) => client.getUser(id).then(({ id }) => id, ({ kind }) => kind);
      const first = ask(1);
      await pause(500);
      const second = ask(2);
      const kinds = [await first];
      const third = ask(3);
      await pause(15);
      for (const load of ${JSON.stringify(order)}) {
        loads[load]();
        await pause(15);
      }
      kinds.push(await second, await third);
      console.log(JSON.stringify({ kinds, most, sent: client.usage.callsSent }));
    `);
    assert.deepEqual([kinds, most, sent], [["timeout", 7, 7], 1, 2], `${order}`);
  }
});

// What replaces the timers while the first call loads the module, how that ends, and after how many requests.
const REPLACED = [
  ["clearTimeout = () => undefined", 7, 2],
  ["clearTimeout = () => { throw new Error('replaced'); }", 7, 2],
  ["setTimeout = () => { throw new Error('replaced'); }", "config", 0],
];

for (const [replaced, expected, requests] of REPLACED) {
  test(`the first call, with ${replaced}`, async () => {
    const { outcome, sent, unhandled } = await runScript(`
      const { UsersClient } = await import("pipedrive-users");
      let [sent, unhandled] = [0, 0];
      process.on("unhandledRejection", () => unhandled++);
      const later = setTimeout;
      // The time in which the module has to load passes while the call waits to be sent again.
      const fetch = async () => {
        if (++sent === 1) return new Response("{}", { status: 503, headers: { "retry-after": "1" } });
        await new Promise((resolve) => later(resolve, 400));
        return Response.json({ success: true, data: { id: 7 } });
      };
      const client = new UsersClient({ apiToken: "secret", fetch, logLevel: "off" });
      globalThis.${replaced};
      const outcome = await client.getUser(1, { timeoutMs: 1_000 }).then(({ id }) => id, ({ kind }) => kind);
      await new Promise((resolve) => later(resolve, 20));
      console.log(JSON.stringify({ outcome, sent, unhandled }));
      process.exit();
    `);
    assert.deepEqual([outcome, sent, unhandled], [expected, requests, 0]);
  });
}

test("preload() loads the module before the first call, and again after a failure", async () => {
  const { rejected, before, after } = await runScript(`${COUNT}${FETCH}
    const { preload, UsersClient } = await import("pipedrive-users");
    ${REFUSE}refuse("no");
    const rejected = await preload().catch(({ name, kind }) => [name, kind]);
    if ((await preload()) !== undefined) throw new Error("preload() returns something");
    const before = now();
    await new UsersClient({ apiToken: "secret", fetch }).getUser(7);
    console.log(JSON.stringify({ rejected, before, after: now() }));
  `);
  assert.deepEqual(rejected, ["LoadError", "load"]);
  assert.deepEqual([before.module, before.instantiate], [3, 1]);
  assert.deepEqual([after.module, after.instantiate], [3, 1]);
});

/** Gives the slim client its module in some form, and makes a call. */
const slim = (give) =>
  runScript(`${WARM_UP}
    const { readFile } = await import("node:fs/promises");
    const { fileURLToPath } = await import("node:url");
    const bytes = await readFile(fileURLToPath(import.meta.resolve("pipedrive-users/core.wasm")));
    const { init, UsersClient } = await import("pipedrive-users/slim");
    const call = () => new UsersClient({ apiToken: "secret", fetch: async () => Response.json({ success: true, data: { id: 7 } }) }).getUser(7).catch(({ name, message }) => ({ name, message }));
    const outcome = async (promise) => promise.then((value) => ({ value }), ({ name, kind, message }) => ({ name, kind, message }));
    ${give}
  `);

for (const [what, source] of Object.entries({
  "a compiled module": "await WebAssembly.compile(bytes)",
  bytes: "bytes",
  "a buffer": "bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)",
  "a promise of bytes": "Promise.resolve(bytes)",
  "a response of the right type": 'new Response(bytes, { headers: { "content-type": "application/wasm" } })',
  "a promise of a response of another type": 'Promise.resolve(new Response(bytes, { headers: { "content-type": "application/octet-stream" } }))',
  "a URL": 'new URL("data:application/wasm;base64," + bytes.toString("base64"))',
  "a URL as text": '"data:application/wasm;base64," + bytes.toString("base64")',
})) {
  test(`the slim client takes ${what}`, async () => {
    const { given, data } = await slim(`const given = await outcome(init(${source})); console.log(JSON.stringify({ given, data: await call() }));`);
    assert.deepEqual({ given, data }, { given: {}, data: { id: 7 } });
  });
}

test("the slim client without a module, with a wrong one, and with one after that", async () => {
  const { without, wrong, missing, still, data } = await slim(`
    const without = await call();
    const wrong = await outcome(init(new Uint8Array(8)));
    const missing = await outcome(init(new Response("", { status: 404 })));
    const still = await call();
    await init(bytes);
    console.log(JSON.stringify({ without, wrong, missing, still, data: await call() }));
  `);
  assert.equal(without.name, "LoadError");
  assert.match(without.message, /^getUser: .*init\(\).*core\.wasm/);
  assert.deepEqual([wrong.name, wrong.kind, missing.name], ["LoadError", "load", "LoadError"]);
  assert.match(missing.message, /responded with 404/);
  assert.equal(still.name, "LoadError");
  assert.deepEqual(data, { id: 7 });
});

test("an init() that never ends falls under timeoutMs, and a later one is used", { timeout: 20_000 }, async () => {
  const { stalled, data } = await slim(`
    init(new Promise(() => {}));
    const client = new UsersClient({ apiToken: "secret", timeoutMs: 200, fetch: async () => Response.json({ success: true, data: { id: 7 } }) });
    const stalled = await client.getUser(1).catch(({ kind }) => kind);
    await init(bytes);
    const data = await client.getUser(2, { timeoutMs: 5_000 }).catch(({ kind }) => kind);
    console.log(JSON.stringify({ stalled, data }));
    process.exit();
  `);
  assert.deepEqual({ stalled, data }, { stalled: "timeout", data: { id: 7 } });
});

test("both kinds of modules side by side: each has its own client, and errors of both are known to both", async () => {
  const result = await runScript(`
    const { createRequire } = await import("node:module");
    const esm = await import("pipedrive-users");
    const cjs = createRequire(import.meta.url)("pipedrive-users");
    const { createSandbox } = createRequire(import.meta.url)("pipedrive-users/sandbox");
    const { apiToken, fetch } = createSandbox();
    const errors = await Promise.all([esm, cjs].map(({ UsersClient }) => new UsersClient({ apiToken, fetch }).getUser(4_000).catch((error) => error)));
    console.log(JSON.stringify(errors.map((error) => [esm, cjs].map(({ isPipedriveError }) => isPipedriveError(error, "not_found")))));
  `);
  assert.deepEqual(result, [[true, true], [true, true]]);
});
