// `maxBodyBytes`: a body that is larger is not read to its end, however small it is on the wire.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { test } from "node:test";
import { promisify } from "node:util";
import { createGzip, gzipSync } from "node:zlib";
import { DecodeError, UsersClient, ValidationError } from "pipedrive-users";
import { BODIES } from "./support/everywhere/bodies.mjs";
import { testEach } from "./support/node-world.mjs";
import { rejection } from "./support/wait.mjs";

testEach(BODIES);

const MIB = 1 << 20;

/** A server whose body is so many MiB of one letter, compressed to a thousandth. */
async function bomb(t, status, mebibytes) {
  const server = createServer((_, response) => {
    response.writeHead(status, { "content-type": "application/json", "content-encoding": "gzip" });
    const gzip = createGzip({ level: 9 });
    gzip.pipe(response);
    const piece = Buffer.alloc(MIB, 120);
    let left = mebibytes;
    const write = () => {
      while (left > 0) {
        left -= 1;
        if (!gzip.write(piece)) return void gzip.once("drain", write);
      }
      gzip.end();
    };
    write();
    response.on("error", () => {});
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

const newClient = (config) => new UsersClient({ apiToken: "secret", logLevel: "off", ...config });

test("300 MiB in a body of 300 KB are a DecodeError that says where to look, and are read once", async (t) => {
  const client = newClient({ baseUrl: await bomb(t, 200, 300), timeoutMs: 60_000 });
  let highest = 0;
  const before = process.memoryUsage().rss;
  const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss - before)), 20);
  const error = await rejection(client.getUser(1));
  clearInterval(watch);
  assert.ok(error instanceof DecodeError, `${error}`);
  assert.match(error.message, /larger than allowed.*maxBodyBytes/);
  assert.equal(error.status, 200);
  assert.equal(error.attempts, 1);
  assert.ok(highest < 200 * MIB, `${Math.round(highest / MIB)} MiB more`);
});

test("a body of 300 MB that is compressed to 300 KB costs less than 100 MB of memory, good or bad", { timeout: 120_000 }, async () => {
  // In a process of its own, whose memory is the client's alone: the server is in this one.
  const program = `
    import { UsersClient } from "pipedrive-users";
    const client = new UsersClient({ apiToken: "secret", logLevel: "off", baseUrl: process.argv[1], timeoutMs: 100_000, maxRetries: 0 });
    await client.getUser(1).catch(() => undefined);
    globalThis.gc();
    const before = process.memoryUsage().rss;
    let highest = 0;
    const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss - before)), 5);
    const { kind } = await client.getUser(2).catch((error) => error);
    clearInterval(watch);
    process.stdout.write(JSON.stringify({ kind, highest }));`;
  const body = gzipSync(Buffer.alloc(3e8, " "), { level: 9 });
  for (const [status, kind] of [[200, "decode"], [400, "validation"]]) {
    const server = createServer(({ url }, response) => {
      const headers = { "content-type": "application/json" };
      if (url.endsWith("/1")) return response.writeHead(200, headers).end('{"success":true,"data":{"id":1}}');
      response.writeHead(status, { ...headers, "content-encoding": "gzip" }).end(body);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const run = promisify(execFile);
      const { stdout } = await run(process.execPath, ["--expose-gc", "--input-type=module", "-e", program, `http://127.0.0.1:${server.address().port}`], { cwd: import.meta.dirname });
      const result = JSON.parse(stdout);
      assert.equal(result.kind, kind);
      assert.ok(result.highest < 100e6, `${status}: ${Math.round(result.highest / 1e6)} MB more`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }
});

test("a response whose status is an error keeps its meaning", async (t) => {
  const client = newClient({ baseUrl: await bomb(t, 400, 80), timeoutMs: 60_000 });
  const error = await rejection(client.getUser(1));
  assert.ok(error instanceof ValidationError, `${error}`);
  assert.equal(error.body.length, MIB);
});
