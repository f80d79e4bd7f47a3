// A call is a real promise: in every runtime, what reads a promise's own state, and never calls its `then`, sees the outcome of the call too.
import { check, newClient, pause, same } from "./checks.mjs";
import { good, respond, scripted } from "../script.mjs";
import { rejection } from "../wait.mjs";

const clientOf = (sdk) => newClient(sdk, { apiToken: "secret", fetch: scripted(async ({ path }) => (await pause(1), path.includes("404") ? respond(404, { success: false, error: "User not found" }) : good(/followers/.test(path) ? [{ user_id: 1 }] : { id: 7, name: "James Bond" }))).fetch });

// Each kind of promise that the client returns.
const CALLS = {
  "a read": (client, id) => client.getUser(id),
  "a write": (client, id) => client.updateUser(id, { active_flag: true }),
  "a paged call": (client, id) => client.getUserFollowers(id),
};

/** The scenarios by their names. */
export const NATIVE = {
  ...Object.fromEntries(Object.entries(CALLS).flatMap(([what, make]) => [
    [`the platform's own then, catch and finally work on ${what}`, async (sdk) => {
      const client = clientOf(sdk);
      const call = (id) => make(client, id);
      const { then, catch: caught, finally: last } = Promise.prototype;
      check(await then.call(call(7), (value) => value), "then");
      check(await last.call(call(7), () => {}), "finally");
      check(await new Promise((resolve) => resolve(call(7))), "resolve");
      check(await Promise.resolve(call(7)), "Promise.resolve");
      same((await Promise.all([call(7), call(8)])).length, 2);
      for (const outcome of [caught.call(call(404), ({ kind }) => kind), Promise.race([call(404)]).catch(({ kind }) => kind)]) same(await outcome, "not_found");
    }],
    [`what comes of ${what} is a plain promise`, async (sdk) => {
      const client = clientOf(sdk);
      for (const next of [make(client, 7).then((value) => value), make(client, 7).catch(() => {}), make(client, 7).finally(() => {})]) {
        check(next.constructor === Promise, "not a plain promise");
        await next;
      }
      const call = make(client, 7);
      check(call instanceof Promise && call.constructor[Symbol.species] === Promise, "not a promise");
      same(Object.prototype.toString.call(call), "[object Promise]");
      await call;
    }],
  ])),

  "streams wait for a call, and fail with it": async (sdk) => {
    const client = clientOf(sdk);
    const writer = new WritableStream({ write: () => client.getUser(404) }).getWriter();
    const closed = rejection(writer.closed);
    same((await rejection(writer.write("x"))).kind, "not_found");
    await closed;
    const readable = new ReadableStream({ start: () => client.getUser(404) });
    same((await rejection(readable.getReader().read())).kind, "not_found");
    const transform = new TransformStream({ transform: (_, controller) => client.getUser(7).then((user) => controller.enqueue(user)) });
    const input = transform.writable.getWriter();
    input.write("x").catch(() => undefined);
    same((await transform.readable.getReader().read()).value.id, 7);
  },

  "iteration waits for a call": async (sdk) => {
    const client = clientOf(sdk);
    async function* users() {
      yield client.getUser(7);
    }
    for await (const user of users()) same(user.id, 7);
    for await (const user of [client.getUser(7)]) same(user.id, 7);
  },

  "locks are held as long as a call lasts, where there are any": async (sdk) => {
    const { locks } = globalThis.navigator ?? {};
    if (!locks) return;
    const client = clientOf(sdk);
    let isOver = false;
    const held = locks.request("a call", () => client.getUser(7).finally(() => (isOver = true)));
    await locks.request("a call", () => check(isOver, "the lock was free before the call was over"));
    same((await held).id, 7);
    same((await locks.request("a call", () => client.getUser(7))).id, 7);
    same((await rejection(locks.request("a call", () => client.getUser(404)))).kind, "not_found");
  },

  "withResponse() alone handles the rejection, of every kind of promise and at any time": async (sdk) => {
    const client = clientOf(sdk);
    for (const call of [() => client.getUser(404), () => client.updateUser(404, { active_flag: true }), () => client.getUser(0)]) {
      check((await rejection(call().withResponse())).kind, "no error of the package");
    }
    same((await rejection(client.getUserFollowers(0).withResponse())).kind, "argument");
    const late = client.getUser(404);
    late.catch(() => undefined);
    await pause(20);
    same((await rejection(late.withResponse())).kind, "not_found");
    const page = await client.getUserFollowers(7);
    same((await rejection(page.getNextPage().withResponse())).kind, "argument");
  },

  "withResponse() can be called twice, and beside then": async (sdk) => {
    const call = clientOf(sdk).getUser(7);
    const [first, second, data] = await Promise.all([call.withResponse(), call.withResponse(), call]);
    check(first.data === data && second.data === data, "not the same data");
    same(first.response.status, 200);
  },

  "a handler that is added at once is in time": async (sdk) => {
    const client = clientOf(sdk);
    await Promise.all([client.getUser(0), client.getUser(404), client.getUserFollowers(0), client.getUsers({ timeout: 5 })].map(rejection));
    for (const call of [() => client.getUser(0), () => client.getUsers({ timeout: 5 })]) same(await (async () => await call())().catch(({ kind }) => kind), "argument");
  },

  "an error's stack shows the caller": async (sdk) => {
    const client = clientOf(sdk);
    async function theCaller() {
      return await client.getUser(404);
    }
    await rejection(theCaller());
    const { stack, name, message } = await rejection(theCaller());
    check(stack.startsWith(`${name}: ${message}`) && stack.includes("theCaller"), stack);
  },
};

/** What the test runner of Node.js does not stand: it runs in a process of its own there. */
export const UNHANDLED = {
  "a rejection that nothing handles is reported as unhandled, once": async (sdk, { unhandled }) => {
    const client = clientOf(sdk);
    client.getUser(404);
    client.getUser(0);
    client.getUserFollowers(0);
    client.getUser(404).then(() => {});
    await pause(300);
    same(unhandled.splice(0).map(({ kind }) => kind).sort(), ["argument", "argument", "not_found", "not_found"]);
  },
};
