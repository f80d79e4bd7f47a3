// The package inside a worker. Each path runs a part of a test.
import * as sdk from "./index.workerd.js";
import { createSandbox } from "./sandbox.workerd.js";
import { OPERATIONS } from "./operations.mjs";
import { inARow, report } from "./trap.mjs";
import { runAll } from "./everywhere/index.mjs";
import { makeCall } from "./make-call.mjs";
import { hangingLoad } from "./everywhere/loading.mjs";

const { UsersClient } = sdk;
const unhandled = [];
for (const name of ["unhandledrejection", "error"]) addEventListener(name, (event) => unhandled.push(event.reason ?? event.message));

const sandbox = createSandbox({ users: 30 });

let moduleLevel;

const PATHS = {
  "/operations": async () => {
    const drifts = [];
    const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch, onDrift: (drift) => drifts.push(drift) });
    const outcomes = [];
    for (const { name, call, paged } of OPERATIONS) {
      const { data, response } = await call(client).withResponse();
      outcomes.push({ name, data: paged ? data.items : data, status: response.status, cost: response.cost, requestId: response.requestId });
    }
    return { outcomes, drifts, usage: client.usage };
  },
  "/pages": async () => {
    const client = new UsersClient({ accessToken: async () => sandbox.accessToken, fetch: sandbox.fetch });
    const items = [];
    for await (const { user_id } of client.getUserFollowers(1, { limit: 2 })) items.push(user_id);
    return { items, all: (await client.getUserFollowers(1, { limit: 500 })).items.map(({ user_id }) => user_id) };
  },
  "/errors": async () => {
    const describe = async (call) => Promise.resolve(call).catch((error) => ({ name: error.name, status: error.status, text: `${error.message} ${JSON.stringify(error)} ${error.stack}` }));
    const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch });
    const controller = new AbortController();
    const aborted = client.getUser(1, { signal: controller.signal }).catch((reason) => reason);
    controller.abort("enough");
    const hanging = new UsersClient({ apiToken: "secret", timeoutMs: 50, maxRetries: 0, fetch: () => new Promise(() => {}) });
    return [await describe(client.getUser(4_000)), await describe(new UsersClient({ apiToken: "wrong-secret", fetch: sandbox.fetch }).getUser(1)), await describe(hanging.getUser(1)), await aborted];
  },
  "/awaited": async () => {
    const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch });
    await client.getUser(1);
    const names = [];
    const signal = AbortSignal.abort("enough");
    for (const call of [() => client.getUser(1, { unknown: 1 }), () => client.getUser(0), () => client.getUser(1, { signal }), () => client.getUserFollowers(1, { unknown: 1 }), () => client.getUser(4_000)]) {
      for (const wait of [call, () => call().withResponse(), () => call().then((data) => data)]) {
        try {
          await wait();
        } catch (error) {
          names.push(error.name ?? error);
        }
      }
    }
    return names;
  },
  "/own-fetch": async (url) => {
    const client = new UsersClient({ apiToken: "secret", baseUrl: url.searchParams.get("base"), maxRetries: 1 });
    const { data, response } = await client.getUser(7).withResponse();
    return { data, attempts: response.attempts };
  },
  "/shared": async () => {
    const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch });
    const users = await Promise.all(Array.from({ length: 100 }, () => client.getCurrentUser()));
    return { distinct: new Set(users).size, usage: client.usage };
  },
  "/everywhere": async (url) => {
    await hangingLoad(sdk);
    return runAll(JSON.parse(url.searchParams.get("part")), sdk, { unhandled });
  },
  "/call": (url) => makeCall(sdk, JSON.parse(url.searchParams.get("call"))),
  // One client for all requests of the isolate.
  "/module-level": async (url) => {
    moduleLevel ??= new UsersClient({ apiToken: "secret", baseUrl: url.searchParams.get("base"), logLevel: "off", timeoutMs: 5_000 });
    return (await moduleLevel.getUser(Number(url.searchParams.get("id")))).id;
  },
  "/faults": () => report(UsersClient),
  "/faults-in-a-row": () => inARow(UsersClient, 20),
};

export default {
  async fetch(request) {
    const url = new URL(request.url);
    const result = await PATHS[url.pathname](url);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return Response.json({ result, unhandled: unhandled.splice(0).map(String) });
  },
};
