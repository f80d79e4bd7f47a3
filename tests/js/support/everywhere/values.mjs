// Values that nobody expects, wherever a program, a server or a replaced `fetch` can put one. In every runtime, each call ends with its
// data or with an error of this package that shows no token, nothing stays unhandled, and no other client's call notices.
import { check, newClient, same, showsNo } from "./checks.mjs";

export const TOKEN = "v1u:5ecre7c0ffee5ecre7c0ffee";
export const GOOD = '{"success":true,"data":{"id":7}}';
const BRAND = Symbol.for("pipedrive-users.error");

export const fail = () => { throw new Error("it refuses"); };
export const revoked = (target) => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
export const closed = (target) => new Proxy(target, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail, set: fail, defineProperty: fail });
const cycle = () => {
  const list = [];
  return Object.assign(list, [list, { list }]);
};

/** Makes each of them. */
export const VALUES = {
  undefined: () => undefined, null: () => null, true: () => true, "-0": () => -0, NaN: () => NaN, Infinity: () => Infinity, "a bigint": () => 10n, "a symbol": () => Symbol("s"),
  "an empty string": () => "", "a string": () => "text", "half a pair": () => "\ud800", "a long string": () => "x".repeat(100_000), "a String": () => new String("x"),
  "a function": () => () => 1, "a list": () => [1], "an object": () => ({}), "no prototype": () => Object.create(null), "an invalid Date": () => new Date(NaN), "a Map": () => new Map([[1, 2]]), "a cycle": cycle,
  "a revoked object": () => revoked({}), "a revoked function": () => revoked(() => 1), "a revoked list": () => revoked([]), "a closed object": () => closed({}), "a closed list": () => closed([1]), "a closed function": () => closed(() => 1),
  "a value that refuses to be one": () => ({ valueOf: fail, toString: fail, toJSON: fail, [Symbol.toPrimitive]: fail }), "entries that fail": () => ({ entries: fail }), "entries of anything": () => ({ entries: () => [[Symbol("x"), 1], [undefined, "y"], revoked([])].values() }), "a get that fails": () => ({ get: fail }), "an iterator that fails": () => ({ [Symbol.iterator]: fail }),
  "a then that fails": () => ({ get then() { return fail(); } }), "a then that throws": () => ({ then: fail }), "a then that does nothing": () => ({ then() {} }), "a then that settles twice": () => ({ then(resolve, reject) { resolve("x"); reject(new Error("y")); resolve("z"); } }), "a promise that never settles": () => new Promise(() => {}),
  "a brand": () => ({ [BRAND]: true }), "a brand of a kind that is none": () => ({ [BRAND]: true, kind: "constructor" }), "a brand whose kind fails": () => Object.defineProperty({ [BRAND]: true }, "kind", { enumerable: true, get: fail }),
  "an error of no kind": (sdk) => new sdk.PipedriveError("it has no kind"), "an error with a kind of its own": (sdk) => new sdk.PipedriveError("x", { kind: "another", detail: TOKEN }), "an error with fields that fail": (sdk) => new sdk.AuthenticationError("x", { headers: closed({}), detail: TOKEN, body: TOKEN }),
  "errors that are revoked": () => Object.assign(new Error("x"), { errors: revoked([]), cause: { errors: revoked([]) } }), "errors that fail": () => Object.assign(new Error(""), { errors: closed([1]) }), "errors of anything": () => Object.assign(new Error(""), { errors: [revoked({}), closed({}), null] }),
  "a cause that is revoked": () => new Error("x", { cause: revoked({}) }), "a response that is revoked": () => Object.assign(new Error("x"), { response: revoked({}) }), "names that are none": () => Object.assign(new Error("x"), { stack: {}, code: 1n, name: Symbol("n") }),
};

export const headers = (members) => ({ get: () => null, entries: () => [].values(), ...members });
export const response = (members, prototype = Object.prototype) => Object.setPrototypeOf({ status: 200, headers: headers(), ...members }, { __proto__: prototype, text: () => GOOD });
const reading = (read) => response({ body: { getReader: () => ({ read }) } });
/** Four pieces, then the end. */
const pieces = (piece) => {
  let count = 0;
  return reading(async () => ({ done: ++count > 4, ...piece }));
};

/** Where the runtime's own fetch sends nothing: no runtime connects to this port. */
const NOWHERE = { baseUrl: "http://127.0.0.1:9" };

// Where a value can be: makes a call with it there. `client` takes a configuration.
const PLACES = {
  "an id": (value, client) => client().getUser(value),
  "a term": (value, client) => client().findUsersByName(value),
  "a new user": (value, client) => client().addUser(value),
  "a user's e-mail": (value, client) => client().addUser({ email: value }),
  "a user's access": (value, client) => client().addUser({ email: "q@mi6.example", access: value }),
  "an entry of access": (value, client) => client().addUser({ email: "q@mi6.example", access: [value] }),
  "a member of an entry": (value, client) => client().addUser({ email: "q@mi6.example", access: [{ app: value, admin: value }] }),
  "changes": (value, client) => client().updateUser(7, value),
  "a change": (value, client) => client().updateUser(7, { active_flag: value }),
  "options": (value, client) => client().getUser(7, value),
  ...Object.fromEntries(["signal", "timeoutMs", "maxRetries", "headers"].map((name) => [`the option ${name}`, (value, client) => client().getUser(7, { [name]: value })])),
  "the headers of a call": (value, client) => client().getUser(7, { headers: { a: value } }),
  "the names of a call's headers": (value, client) => client().getUser(7, { headers: new Map([[value, "x"]]) }),
  "limit and cursor": (value, client) => client().getUserFollowers(7, { limit: value, cursor: value }),
  "start": (value, client) => client().getUserRoleAssignments(7, { start: value }),
  "the limit of toArray": (value, client) => client({ fetch: async () => new Response('{"success":true,"data":[]}') }).getUserFollowers(7).toArray({ limit: value }),
  "what a credential function returns": (value, client) => client({ accessToken: () => value }).getUser(7),
  "what a credential function throws": (value, client) => client({ accessToken: () => { throw value; } }).getUser(7),
  "what it throws after a 401": (value, client) => client({ fetch: async () => new Response("{}", { status: 401 }), accessToken: async ({ refused }) => { if (refused) throw value; return TOKEN; } }).getUser(7),
  "what cachedToken is given": (value, client, sdk) => client({ accessToken: sdk.cachedToken(() => value) }).getUser(7),
  "what cachedToken's function throws": (value, client, sdk) => client({ accessToken: sdk.cachedToken(async () => { throw value; }) }).getUser(7),
  "an expiry": (value, client, sdk) => client({ accessToken: sdk.cachedToken(() => ({ token: TOKEN, expiresAt: value })) }).getUser(7),
  "what fetch throws": (value, client) => client({ fetch: () => { throw value; } }).getUser(7),
  "what fetch rejects with": (value, client) => client({ fetch: async () => { throw value; } }).getUser(7),
  "what fetch returns": (value, client) => client({ fetch: () => value }).getUser(7),
  "a status": (value, client) => client({ fetch: () => response({ status: value }) }).getUser(7),
  "headers": (value, client) => client({ fetch: () => response({ headers: value }) }).getUser(7).withResponse(),
  "what get() returns": (value, client) => client({ fetch: () => response({ headers: headers({ get: () => value }) }) }).getUser(7).withResponse(),
  "what get() and entries() throw": (value, client) => client({ fetch: () => response({ headers: headers({ get() { throw value; }, entries() { throw value; } }) }) }).getUser(7).withResponse(),
  "the same of an error": (value, client) => client({ fetch: () => response({ status: 429, headers: headers({ get() { throw value; }, entries() { throw value; } }) }) }).getUser(7),
  "what entries() returns": (value, client) => client({ fetch: () => response({ headers: headers({ entries: () => value }) }) }).getUser(7).withResponse(),
  "an entry": (value, client) => client({ fetch: () => response({ status: 404, headers: headers({ entries: () => [value, ["a", value], [value, "b"]].values() }) }) }).getUser(7),
  "what text() returns": (value, client) => client({ fetch: () => ({ ...response(), text: () => value }) }).getUser(7),
  "what text() throws": (value, client) => client({ fetch: () => ({ ...response(), text() { throw value; } }) }).getUser(7),
  "text": (value, client) => client({ fetch: () => ({ ...response(), text: value }) }).getUser(7),
  "a body": (value, client) => client({ fetch: () => response({ body: value }) }).getUser(7),
  "a reader": (value, client) => client({ fetch: () => response({ body: { getReader: () => value } }) }).getUser(7),
  "what read() returns": (value, client) => client({ fetch: () => reading(() => value) }).getUser(7),
  "a piece": (value, client) => client({ fetch: () => pieces({ value }) }).getUser(7),
  "the bytes of a piece": (value, client) => client({ fetch: () => pieces({ value: { byteLength: value } }) }).getUser(7),
  "what a hook throws": (value, client) => client({ onEvent() { throw value; } }).getUser(7),
  "what a hook returns": (value, client) => client({ onEvent: () => value }).getUser(7),
  "what onDrift throws": (value, client) => client({ onDrift() { throw value; } }).getUser(7),
  "what a logger throws": (value, client) => client({ logLevel: "debug", logger: Object.fromEntries(["error", "warn", "info", "debug"].map((level) => [level, () => { throw value; }])) }).getUser(7),
  ...Object.fromEntries(["companyDomain", "baseUrl", "fetch", "timeoutMs", "maxRetries", "maxConcurrency", "maxBodyBytes", "dailyTokenBudget", "dangerouslyAllowBrowser", "logLevel", "onEvent", "onDrift"].map((name) => [`the setting ${name}`, (value, client) => client({ ...(name === "fetch" && NOWHERE), [name]: value }).getUser(7)])),
  "the headers of a client": (value, client) => client({ headers: { a: value } }).getUser(7),
  "all headers of a client": (value, client) => client({ headers: value }).getUser(7),
  "the names of a client's headers": (value, client) => client({ headers: new Map([[value, "x"]]) }).getUser(7),
  "a configuration": (value, _, sdk) => new sdk.UsersClient(value).getUser(7),
  "the setting logger": (value, client) => client({ logger: value }).getUser(7),
  "the setting limits": (value, client) => client({ limits: value }).getUser(7),
};

/** The scenarios by their names: every value in a place, all at once. */
export const VALUES_ANYWHERE = Object.fromEntries(Object.entries(PLACES).map(([place, call]) => [`values that nobody expects, as ${place}`, async (sdk, world) => {
  // The first load may take longer than these calls may.
  await sdk.preload();
  await Promise.all(Object.entries(VALUES).map(async ([name, value]) => {
    const bystander = newClient(sdk, { apiToken: "bystander", fetch: async () => new Response(GOOD) }).getUser(1);
    const client = (config) => newClient(sdk, { accessToken: TOKEN, timeoutMs: 150, maxRetries: 0, fetch: async () => new Response(GOOD), ...config });
    const [{ reason, status }] = await Promise.allSettled([(async () => call(value(sdk), client, sdk))()]);
    if (status === "rejected") {
      check(sdk.isPipedriveError(reason), `${name}: ${reason?.stack ?? String(reason)}`);
      check(!reason.message.includes("stopped on a fault"), `${name}: ${reason.message}`);
      showsNo("5ecre7", reason, world, name);
    }
    same(await bystander, { id: 7 }, `${name}: the other client's call`);
  }));
}]));
