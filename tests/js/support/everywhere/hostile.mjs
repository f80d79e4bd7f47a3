// What a server, a `fetch`, a hook or the program around the client can do to it: in every runtime, a call ends with its data or
// with an error of this package, and no other client's call ends with it.
import { check, newClient, same, showsNo } from "./checks.mjs";
import { good, held, respond, scripted } from "../script.mjs";
import { until } from "../wait.mjs";

const MARK = "5ecre7";
const SECRET = "v1u:5ecre7c0ffee5ecre7c0ffee";
export const GOOD = '{"success":true,"data":{"id":7}}';

/** Makes a call while another client's call is in flight, which must not notice. Returns its error, or its data. */
export async function beside(sdk, fetch, { call = (client) => client.getUser(7), ...config } = {}) {
  const other = held();
  const bystander = newClient(sdk, { apiToken: "bystander", fetch: other.fetch }).getUser(1);
  await until(() => other.requests.length === 1);
  const client = newClient(sdk, { accessToken: SECRET, fetch, maxRetries: 0, timeoutMs: 1_000, ...config });
  const result = await Promise.resolve(call(client)).catch((error) => error);
  other.requests[0].give(good({ id: 1 }));
  same(await bystander, { id: 1 }, "the other client's call");
  return result;
}

/** Checks what every error of this package has to be. */
export function checkError(sdk, error, kind, world) {
  check(sdk.isPipedriveError(error, kind), `not of kind ${kind}: ${world?.inspect?.(error) ?? error?.stack ?? String(error)}`);
  check(/^\w+: ./.test(error.message) && !/\[object|undefined|NaN/.test(error.message), error.message);
  showsNo(MARK, error, world);
  return error;
}

export const failingGetter = (object, name) => Object.defineProperty(object, name, { enumerable: true, configurable: true, get() { throw new Error(`getter of ${name}`); } });
const closedProxy = () => {
  const refuse = () => { throw new Error("the proxy refuses"); };
  return new Proxy(new Error("x"), { get: refuse, has: refuse, ownKeys: refuse, getPrototypeOf: refuse, getOwnPropertyDescriptor: refuse });
};
const cycle = () => {
  const error = new Error("around");
  return Object.assign(error, { cause: error, self: { error } });
};
const deepCause = () => Array.from({ length: 50 }).reduce((cause, _, depth) => new Error(`at ${depth}`, { cause }), new Error("the first"));

// What a fetch throws: with the request's headers where the function takes them.
const THROWN = {
  undefined: () => undefined,
  null: () => null,
  "a number": () => 7,
  "a bigint": () => 7n,
  "a symbol": () => Symbol("x"),
  "a string": () => "a text",
  "a function": () => () => {},
  "an empty object": () => ({}),
  "an array": () => [1],
  "an object without a prototype": () => Object.create(null),
  "an error with an empty message": () => new Error(""),
  "an error with a getter that throws": () => failingGetter(new Error("boom"), "request"),
  "an error whose message throws": () => failingGetter(new Error("x"), "message"),
  "an error whose name throws": () => failingGetter(new Error("x"), "name"),
  "an error whose stack throws": () => failingGetter(new Error("x"), "stack"),
  "an error whose cause throws": () => failingGetter(new Error("x"), "cause"),
  "an error whose response throws": () => failingGetter(new Error("x"), "response"),
  "a proxy that refuses everything": closedProxy,
  "an error in a circle": cycle,
  "an error with causes 50 deep": deepCause,
  "an error whose message is an object": () => Object.defineProperty(new Error("x"), "message", { value: { toString() { throw new Error("y"); } } }),
  "a cause whose message is an object": () => new Error("x", { cause: { message: { toString() { throw new Error("y"); } } } }),
  "a DOMException that quotes the token": (init) => new DOMException(`cannot send ${init.headers.get("authorization")}`, "NetworkError"),
  "an AggregateError that quotes the token": (init) => new AggregateError([new Error(`x ${init.headers.get("authorization")}`)], ""),
  "a frozen error": () => Object.freeze(new Error("frozen")),
  "an error with the request": (init) => Object.assign(new Error("boom"), { request: new Request("https://x.example", init) }),
  "an error with the options of fetch": (init) => Object.assign(new Error("boom"), { options: init }),
  "an error with the headers as an object": (init) => Object.assign(new Error("boom"), { config: { headers: Object.fromEntries(init.headers) } }),
  "an error with the headers as a Map": (init) => Object.assign(new Error("boom"), { headers: new Map(init.headers) }),
  "an error with the raw request": (init) => Object.assign(new Error("boom"), { raw: new TextEncoder().encode([...init.headers].join()) }),
  "an error with the headers at a symbol": (init) => Object.assign(new Error("boom"), { [Symbol("headers")]: Object.fromEntries(init.headers) }),
  "an error with the token seven objects deep": (init) => Object.assign(new Error("boom"), { a: { b: { c: { d: { e: { f: { g: init.headers.get("authorization") } } } } } } }),
  "the request itself": (init) => new Request("https://x.example", init),
  "an error whose name, code and stack quote the token": (init) => {
    const token = init.headers.get("authorization");
    return Object.assign(new Error("boom"), { name: token, code: token, stack: `Error: ${token}\n    at ${token}` });
  },
  "an error whose cause quotes the token": (init) => new Error("boom", { cause: new Error("beneath", { cause: `it was ${init.headers.get("authorization")}` }) }),
};

const headers = (members = {}) => ({ get: () => null, entries: () => [].values(), ...members });
const response = (members) => ({ status: 200, headers: headers(), text: async () => GOOD, ...members });

// What a fetch returns: [what, a Response that is none, the kind of the error or the data]
const RETURNED = [
  ["undefined", () => undefined, "connection"],
  ["a string", () => "text", "connection"],
  ["an empty object", () => ({}), "connection"],
  ["a proxy that refuses everything", closedProxy, "connection"],
  ["no text()", () => response({ text: undefined }), "connection"],
  ["no headers", () => response({ headers: null }), "connection"],
  ["headers as a plain object", () => response({ headers: {} }), "connection"],
  ["a status as a string", () => response({ status: "200" }), "connection"],
  ["a status that throws", () => failingGetter(response(), "status"), "connection"],
  ["an error of the platform's", () => Response.error(), "unexpected_status"],
  ["headers whose get() throws", () => response({ headers: headers({ get() { throw new Error("get"); } }) }), { id: 7 }],
  ["headers whose get() returns numbers", () => response({ status: 404, headers: headers({ get: () => 5 }) }), "not_found"],
  ["headers whose entries() throws", () => response({ status: 404, headers: headers({ entries() { throw new Error("entries"); } }) }), "not_found"],
  ["headers whose entries are no pairs", () => response({ status: 404, headers: headers({ entries: () => [1, 2].values() }) }), "not_found"],
  ["a text() that throws", () => response({ text() { throw new Error("text"); } }), "connection"],
  ["a text() that rejects", () => response({ text: () => Promise.reject(new Error("text")) }), "connection"],
  ["a text() that returns an object", () => response({ text: async () => ({}) }), "decode"],
  ["a text() that is not async", () => response({ text: () => GOOD }), { id: 7 }],
  ["a text() that never ends", () => response({ text: () => new Promise(() => {}) }), "timeout"],
  ["a fetch that never ends", () => new Promise(() => {}), "timeout"],
  ["status NaN", () => response({ status: NaN }), "unexpected_status"],
  ["status -1", () => response({ status: -1 }), "unexpected_status"],
  ["status 1e99", () => response({ status: 1e99 }), "server"],
  ["status 999", () => response({ status: 999 }), "server"],
  ["status 0", () => response({ status: 0 }), "unexpected_status"],
  ["lone surrogates in an error", () => respond(404, '{"success":false,"error":"\\ud800 \\udfff"}'), "not_found"],
  ["an error of 5 MB without a blank", () => respond(404, JSON.stringify({ success: false, error: "x".repeat(5_000_000) })), "not_found"],
  ["an error of 5 MB of blanks", () => respond(404, JSON.stringify({ success: false, error: `${" \n".repeat(2_500_000)}x` })), "not_found"],
  ["a code that is infinite", () => respond(400, '{"success":false,"error":"x","code":1e400}'), "validation"],
  ["an error of odd types", () => respond(400, '{"success":false,"error":{"message":{"a":1},"code":{}},"error_info":{},"errorCode":[]}'), "validation"],
  ["__proto__ in its data", () => respond(200, '{"__proto__":{"success":false},"success":true,"data":{"id":7,"__proto__":{"is_admin":true}}}'), undefined],
];

// What programs put in the place of Error.prepareStackTrace.
const STACKS = {
  "the frames": (_, frames) => frames,
  undefined: () => undefined,
  null: () => null,
  "an object": () => ({ a: 1 }),
  "a number": () => 7,
  "an empty string": () => "",
  "a string of one line": () => "one line",
  "an object that throws": () => closedProxy(),
  "what it throws": () => { throw new Error("no stack"); },
};

// Odd arguments: refused with an error of this package, sent as what they are, or rejected with what the caller's own object throws.
const email = "q@mi6.example";
const ARGUMENTS = {
  "an id with valueOf": [(client) => client.getUser({ valueOf: () => 1 }), "argument"],
  "options that refuse everything": [(client) => client.getUser(1, new Proxy({}, { ownKeys() { throw new Error("ownKeys"); } }))],
  "options with a getter that throws": [(client) => client.getUser(1, failingGetter({}, "signal"))],
  "headers that refuse everything": [(client) => client.getUser(1, { headers: new Proxy({}, { ownKeys() { throw new Error("ownKeys"); } }) })],
  "a header with a line break": [(client) => client.getUser(1, { headers: { "x-a": "a\r\nx-b: c" } }), "argument"],
  "a user with a getter that throws": [(client) => client.addUser(failingGetter({ email }, "access"))],
  "a user with a toJSON": [(client) => client.addUser({ email, toJSON: () => ({ evil: 1 }) }), "argument"],
  "access with a toJSON": [(client) => client.addUser({ email, access: [{ app: "sales", toJSON: () => ({ app: "global" }) }] }), "argument"],
  "a list with a toJSON": [(client) => client.addUser({ email, access: Object.assign([{ app: "sales" }], { toJSON: () => "x" }) }), '{"email":"q@mi6.example","access":[{"app":"sales"}]}'],
  "a signal whose listeners throw": [(client) => client.getUser(1, { signal: { addEventListener() { throw new Error("signal"); } } })],
};

const nested = (depth) => "[".repeat(depth) + "]".repeat(depth);

/** The scenarios by their names. */
export const HOSTILE = {
  ...Object.fromEntries(Object.entries(THROWN).flatMap(([what, thrown]) => [
    [`a fetch that throws ${what}`, async (sdk, world) => {
      for (const fetch of [(_, init) => { throw thrown(init); }, async (_, init) => { throw thrown(init); }]) {
        const error = checkError(sdk, await beside(sdk, fetch), "connection", world);
        same(error.attempts, 1);
        for (let cause = error.cause, depth = 0; cause instanceof Error; cause = cause.cause, depth++) {
          check(depth < 10, "the causes have no end");
          for (const name of ["name", "message", "stack"]) same(typeof cause[name], "string", name);
          // SpiderMonkey's and JavaScriptCore's errors have members of their own.
          const more = Reflect.ownKeys(cause).filter((key) => !["name", "message", "code", "stack", "cause", ...Reflect.ownKeys(new Error("x"))].includes(key));
          same(more.map(String), []);
        }
      }
    }],
    [`a credential function that throws ${what}`, async (sdk, world) => {
      const init = { headers: new Headers({ authorization: "Bearer other" }) };
      const error = checkError(sdk, await beside(sdk, async () => new Response(GOOD), { accessToken: () => { throw thrown(init); } }), "authentication", world);
      check(error.message.includes("nothing was sent"), error.message);
    }],
  ])),

  ...Object.fromEntries(RETURNED.map(([what, make, expected]) => [`a fetch that returns ${what}`, async (sdk, world) => {
    const result = await beside(sdk, async () => make(), { timeoutMs: 300 });
    if (typeof expected === "string") checkError(sdk, result, expected, world);
    else if (expected) same(result, expected);
    else same([result.id, result.is_admin, {}.is_admin, Object.keys(result)], [7, undefined, undefined, ["id", "__proto__"]]);
  }])),

  "a fetch that throws where the status is bad, with the response on its error, is as good as any": async (sdk, world) => {
    const fetch = async () => { throw Object.assign(new Error("Request failed with status code 404"), { response: respond(404, { success: false, error: "User not found" }, { "x-correlation-id": "abc" }) }); };
    const error = checkError(sdk, await beside(sdk, fetch), "not_found", world);
    same([error.status, error.requestId, error.attempts], [404, "abc", 1]);
    check(error.message.includes("User not found"), error.message);
  },

  "bodies that are nested deep": async (sdk, world) => {
    for (const depth of [100, 1_000, 3_000, 5_000, 7_000, 20_000, 200_000]) {
      for (const [status, kind] of [[400, "validation"], [404, "not_found"], [200, "api"]]) {
        const error = await beside(sdk, async () => respond(status, `{"success":false,"errors":${nested(depth)}}`));
        // Where the nesting is too deep for the engine's own parser, the body of a good status cannot be read.
        if (status === 200 && sdk.isPipedriveError(error, "decode")) continue;
        checkError(sdk, error, kind, world);
      }
      for (const member of ["unknown", "access"]) {
        const result = await beside(sdk, async () => respond(200, `{"success":true,"data":{"id":7,"${member}":${nested(depth)}}}`), { onDrift() {} });
        if (result instanceof Error) checkError(sdk, result, "decode", world);
        else same(result.id, 7);
      }
    }
  },

  "data of another kind than was asked for": async (sdk, world) => {
    for (const [data, call] of [["[]", (client) => client.getUser(7)], ["{}", (client) => client.getUsers()], ["null", (client) => client.getUser(7)], ['"text"', (client) => client.getUserFollowers(7)], ["7", (client) => client.updateUser(7, { active_flag: true })]]) {
      checkError(sdk, await beside(sdk, async () => respond(200, `{"success":true,"data":${data}}`), { call }), "decode", world);
    }
  },

  ...Object.fromEntries(Object.entries(STACKS).map(([what, prepare]) => [`Error.prepareStackTrace that returns ${what} changes no call's end`, async (sdk) => {
    const before = Error.prepareStackTrace;
    const { fetch } = scripted(({ path }) => (path.includes("404") ? respond(404, { success: false, error: "User not found" }) : good({ id: 7 })));
    const client = newClient(sdk, { accessToken: SECRET, fetch });
    await client.getUser(7);
    const outcomes = [];
    Error.prepareStackTrace = prepare;
    try {
      for (const call of [() => client.getUser(404), () => client.getUser("x"), () => client.getUser(404).withResponse(), () => client.getUserFollowers(404).toArray({ limit: 5 }), () => client.getUsers({ timeout: 1 }), () => client.getUser(8)]) {
        outcomes.push(await Promise.resolve(call()).then(({ id }) => id, ({ kind }) => kind));
      }
      const lost = newClient(sdk, { accessToken: SECRET, fetch: () => Promise.reject(new Error("lost")), maxRetries: 0 });
      outcomes.push(await lost.getUser(7).catch(({ kind }) => kind));
    } finally {
      Error.prepareStackTrace = before;
    }
    same(outcomes, ["not_found", "argument", "not_found", "not_found", "argument", 7, "connection"]);
  }])),

  "Error.stackTraceLimit 0 changes no call's end": async (sdk) => {
    const before = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      const error = await newClient(sdk, { accessToken: SECRET, fetch: async () => respond(404, "{}") }).getUser(7).catch((error) => error);
      same(error.kind, "not_found");
    } finally {
      Error.stackTraceLimit = before;
    }
  },

  ...Object.fromEntries(Object.entries(ARGUMENTS).map(([what, [call, expected]]) => [`a call with ${what}`, async (sdk, world) => {
    const { fetch, requests } = scripted(() => good({ id: 7 }));
    const result = await beside(sdk, fetch, { call });
    if (expected?.startsWith("{")) same([result, requests[0].body], [{ id: 7 }, expected]);
    else if (expected) checkError(sdk, result, expected, world);
    else check(sdk.isPipedriveError(result, "argument") || /^(ownKeys|getter of \w+|signal)$/.test(result.message), String(result?.stack));
    same(requests.length, result instanceof Error ? 0 : 1);
  }])),
};
