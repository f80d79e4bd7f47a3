// Timers that a program has replaced by what throws or returns anything: in every runtime, each call ends, with its data or with an error
// of this package.
import { newClient, pause, same } from "./checks.mjs";
import { good, respond, scripted } from "../script.mjs";

const { setTimeout } = globalThis;
const refuse = () => {
  throw new Error("replaced");
};
const returning = (value) => ({ setTimeout: (...all) => (setTimeout(...all), value()) });

// What replaces them, and whether that ends the calls.
const REPLACED = {
  "a setTimeout that throws": [{ setTimeout: refuse }, true],
  "a clearTimeout that throws": [{ clearTimeout: refuse }, false],
  "a clearTimeout that does nothing": [{ clearTimeout: () => undefined }, false],
  "a setTimeout that returns nothing": [returning(() => undefined), false],
  "a setTimeout that returns a bigint": [returning(() => 5n), false],
  "a setTimeout that returns a symbol": [returning(() => Symbol("timer")), false],
  "a setTimeout that fires twice": [{ setTimeout: (...all) => (setTimeout(...all), setTimeout(...all)) }, false],
  "a setTimeout that fires late": [{ setTimeout: (work, milliseconds, ...all) => setTimeout(work, milliseconds + 100, ...all) }, false],
};

// Where a call waits while they are replaced, and how it ends where they do no harm.
const WAITS = {
  "for a response": [(client) => client.getUser(9, { maxRetries: 0 }), "timeout"],
  "to be sent again": [(client) => client.getUser(5), 7],
  "for its turn": [(client) => Promise.all([client.getUser(9, { maxRetries: 0 }), client.getUser(1)]).then(([, user]) => user), "timeout"],
  "for a credential": [(client) => client.getUser(1, { maxRetries: 0 }), "timeout", async (number) => (number === 1 ? "secret" : new Promise(() => {}))],
  "for a response, after it has waited for a credential": [(client) => client.getUser(3, { maxRetries: 0 }), 7, (number) => (number === 1 ? "secret" : pause(130).then(() => "secret"))],
};

/** A replaced global, while some work is done. */
async function replacing(replaced, work) {
  const before = Object.fromEntries(Object.keys(replaced).map((name) => [name, globalThis[name]]));
  Object.assign(globalThis, replaced);
  try {
    return await work();
  } finally {
    Object.assign(globalThis, before);
  }
}

/** The scenarios by their names. */
export const TIMERS = Object.fromEntries(Object.entries(REPLACED).flatMap(([what, [replaced, isEnd]]) => Object.entries(WAITS).map(([where, [call, expected, credential = async () => "secret"]]) => [`${what}, while a call waits ${where}`, async (sdk) => {
  let [asked, fives] = [0, 0];
  const { fetch } = scripted(({ path }) => {
    if (path.endsWith("/9")) return new Promise(() => {});
    if (path.endsWith("/3")) return pause(130).then(() => good({ id: 7 }));
    return path.endsWith("/5") && ++fives === 1 ? respond(503, "{}") : good({ id: 7 });
  });
  const client = newClient(sdk, { accessToken: () => credential(++asked), fetch, maxConcurrency: 1, timeoutMs: 200 });
  await client.getUser(1);
  const outcome = await replacing(replaced, () => Promise.resolve(call(client)).then(({ id }) => id, (error) => error.kind));
  same(outcome, isEnd ? "config" : expected);
  client.close();
}])));
