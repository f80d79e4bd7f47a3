// `maxBodyBytes`, and text in pieces: in every runtime, a body that is larger is not read to its end, however small it is on the wire.
import { check, newClient, same } from "./checks.mjs";
import { rejection } from "../wait.mjs";

const MIB = 1 << 20;
const clientOf = (sdk, config) => newClient(sdk, { apiToken: "secret", ...config });
const bytesOf = (text) => new TextEncoder().encode(text);

/** A stream of what a function gives, until that is nothing. */
const streamOf = (next) =>
  new ReadableStream({
    pull(controller) {
      const piece = next();
      if (piece) controller.enqueue(piece);
      else controller.close();
    },
  });

/** A body of so many MiB that the runtime's own decompression makes of a thousandth, and what was read of it. */
async function bomb(mebibytes) {
  const blanks = new Uint8Array(MIB).fill(32);
  const plain = streamOf(() => mebibytes-- > 0 && blanks);
  const packed = new Uint8Array(await new Response(plain.pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
  const read = { bytes: 0, packed: packed.length };
  let at = 0;
  const received = streamOf(() => at < packed.length && packed.slice(at, (at += 1_024)));
  const count = new TransformStream({ transform: (piece, controller) => ((read.bytes += piece.byteLength), controller.enqueue(piece)) });
  return { body: received.pipeThrough(new DecompressionStream("gzip")).pipeThrough(count), read };
}

/** The scenarios by their names. */
export const BODIES = {
  "a body that is large only when it is unpacked is left where it is too large, good or bad": async (sdk) => {
    for (const [status, kind] of [[200, "decode"], [400, "validation"]]) {
      const { body, read } = await bomb(64);
      check(read.packed < MIB, `${read.packed} bytes`);
      const error = await rejection(clientOf(sdk, { maxBodyBytes: MIB, fetch: async () => new Response(body, { status }) }).getUser(1));
      same([error.kind, error.status, error.attempts], [kind, status, 1]);
      check(read.bytes < 8 * MIB, `${read.bytes} bytes were read`);
    }
  },

  "a body is read where it has just as many bytes as are allowed": async (sdk) => {
    const body = JSON.stringify({ success: true, data: { id: 1, name: "é".padEnd(17, "x") } });
    same(bytesOf(body).length, 60);
    const client = (maxBodyBytes) => clientOf(sdk, { maxBodyBytes, fetch: async () => new Response(body) });
    same((await client(60).getUser(1)).name[0], "é");
    same((await rejection(client(59).getUser(1))).kind, "decode");
  },

  "text is whole wherever its pieces are cut": async (sdk) => {
    const bytes = bytesOf('\ufeff{"success":true,"data":{"id":1,"name":"é💡 \ud800"}}');
    const stream = () => new ReadableStream({ start: (controller) => (bytes.forEach((byte) => controller.enqueue(Uint8Array.of(byte))), controller.close()) });
    same((await clientOf(sdk, { fetch: async () => new Response(stream()) }).getUser(1)).name, "é💡 \ufffd");
  },

  "a body that a wrapper of fetch has read is taken from its text()": async (sdk) => {
    const client = clientOf(sdk, {
      fetch: async () => {
        const response = new Response('{"success":true,"data":{"id":1,"name":"read"}}');
        const text = await response.text();
        response.text = async () => text.replace("read", "read before");
        return response;
      },
    });
    same((await client.getUser(1)).name, "read before");
  },

  "a body that breaks off is a ConnectionError, and is tried again": async (sdk) => {
    let count = 0;
    const broken = () => new ReadableStream({
      pull(controller) {
        controller.enqueue(bytesOf('{"succ'));
        controller.error(new TypeError("terminated"));
      },
    });
    const client = clientOf(sdk, { fetch: async () => new Response(++count === 1 ? broken() : '{"success":true,"data":{"id":1}}') });
    same((await client.getUser(1)).id, 1);
    same(count, 2);
    const error = await rejection(clientOf(sdk, { maxRetries: 0, fetch: async () => new Response(broken()) }).getUser(1));
    same([error.kind, error.status], ["connection", 200]);
  },

  "a body that never ends is a TimeoutError, and is left": async (sdk) => {
    let isLeft = false;
    const fetch = async (_, { signal }) => {
      signal.addEventListener("abort", () => (isLeft = true));
      return new Response(new ReadableStream({ start: (controller) => controller.enqueue(bytesOf('{"succ')) }));
    };
    same((await rejection(clientOf(sdk, { fetch, timeoutMs: 100, maxRetries: 0 }).getUser(1))).kind, "timeout");
    check(isLeft, "its request was not aborted");
  },

  "a Response of an error page, without a body, and one that was read": async (sdk) => {
    const kinds = [];
    const read = new Response("{}");
    await read.text();
    for (const response of [new Response(null, { status: 204 }), new Response(null, { status: 502 }), new Response("", { status: 200 }), read]) kinds.push((await rejection(clientOf(sdk, { maxRetries: 0, fetch: async () => response }).getUser(1))).kind);
    same(kinds, ["decode", "server", "decode", "connection"]);
  },
};
