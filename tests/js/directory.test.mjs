// The directory: what a lookup costs, how old its answer may be, and what it finds.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ArgumentError, ConfigError, ConnectionError, DecodeError, NotFoundError, ServerError, TimeoutError, UsersClient } from "pipedrive-users";
import { UserDirectory } from "pipedrive-users/directory";
import { createSandbox } from "pipedrive-users/sandbox";
import { HOUR, stopClock } from "./support/clock.mjs";
import { deferred, rejection, settle } from "./support/wait.mjs";

const MINUTE = 60_000;

// The modules are loaded before any clock is stopped.
await new UserDirectory({ getUsers: async () => [], getUser: async () => ({}), getCurrentUser: async () => ({}) }).all();

const person = (id, more = {}) => ({ id, name: `Person ${id}`, email: `p${id}@mi6.example`, active_flag: true, is_deleted: false, is_you: id === 1, modified: "2026-11-01 10:00:00", ...more });

/** A stand-in for a client: how often it was called, and what it returns. */
function standIn(people = [person(1), person(2)], companyId = 70_001) {
  const calls = { getUsers: 0, getUser: 0, getCurrentUser: 0 };
  const client = {
    people,
    calls,
    inFlight: 0,
    most: 0,
    failure: undefined,
    wait: undefined,
    waitForOne: undefined,
    get tokens() {
      return calls.getUsers * 20 + (calls.getUser + calls.getCurrentUser) * 2;
    },
    async getUsers() {
      calls.getUsers++;
      client.most = Math.max(client.most, ++client.inFlight);
      const list = structuredClone(client.people);
      await client.wait;
      client.inFlight--;
      if (client.failure) throw client.failure;
      return list;
    },
    async getUser(id) {
      calls.getUser++;
      if (client.failure) throw client.failure;
      const found = structuredClone(client.people.find((user) => user.id === id));
      await client.waitForOne;
      if (!found) throw new NotFoundError("getUser: no such user");
      return found;
    },
    async getCurrentUser() {
      calls.getCurrentUser++;
      return { ...client.people[0], company_id: companyId };
    },
  };
  return client;
}

test("a thousand lookups cost at most 20 tokens, on the sandbox's own counter", async () => {
  for (const inTurn of [true, false]) {
    const sandbox = createSandbox();
    const remaining = async () => Number((await sandbox.fetch("/v1/users/me", { headers: { "x-api-token": sandbox.apiToken } })).headers.get("x-daily-ratelimit-token-remaining"));
    const before = await remaining();
    const directory = new UserDirectory(new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch }));
    const look = [
      async (id) => assert.equal((await directory.byId(id)).id, id),
      async (id) => assert.equal(typeof (await directory.nameOf(id)), "string"),
      async (id) => assert.equal((await directory.byEmail((await directory.byId(id)).email)).id, id),
      async (id) => assert.ok((await directory.search((await directory.nameOf(id)).split(" ")[0])).length > 0),
    ];
    const lookups = Array.from({ length: 1_000 }, (_, index) => () => look[index % look.length](1 + (index % 25)));
    if (inTurn) for (const lookup of lookups) await lookup();
    else await Promise.all(lookups.map((lookup) => lookup()));
    // The question itself costs 2.
    assert.ok(before - (await remaining()) - 2 <= 20);
  }
});

test("what is fresh comes from memory, what is stale is given while one refresh runs behind, and then callers wait", async (t) => {
  const pass = stopClock(t);
  const client = standIn();
  const directory = new UserDirectory(client);
  assert.equal(await directory.nameOf(1), "Person 1");
  client.people = [person(1, { name: "Renamed" })];
  await pass(5 * MINUTE - 1_000);
  assert.equal(await directory.nameOf(1), "Person 1");
  assert.equal(client.calls.getUsers, 1, "still fresh");
  await pass(1_000);
  const { promise, resolve } = deferred();
  client.wait = promise;
  assert.deepEqual(await Promise.all([directory.nameOf(1), directory.byEmail("p1@mi6.example").then(({ name }) => name), directory.search("person").then(({ length }) => length)]), ["Person 1", "Person 1", 2]);
  assert.equal(client.calls.getUsers, 2, "one refresh behind");
  resolve();
  await settle();
  assert.equal(await directory.nameOf(1), "Renamed");
  await pass.jump(HOUR);
  client.people = [person(1, { name: "Again" })];
  assert.deepEqual(await Promise.all([directory.nameOf(1), directory.nameOf(1)]), ["Again", "Again"]);
  assert.deepEqual([client.calls.getUsers, client.most], [3, 1]);
});

test("a failing refresh leaves what is there, and says so", async (t) => {
  const pass = stopClock(t);
  const client = standIn();
  const directory = new UserDirectory(client);
  const events = [];
  directory.subscribe((event) => events.push(event));
  await directory.all();
  assert.deepEqual(events, [{ type: "changed" }]);
  client.failure = new ServerError("getUsers: 500");
  await pass.jump(6 * MINUTE);
  assert.equal(await directory.nameOf(1), "Person 1");
  await settle();
  assert.equal(directory.error, client.failure);
  assert.deepEqual(events.at(-1), { type: "failed", error: client.failure });
  // It is not tried again with every lookup.
  for (let time = 0; time < 10; time++) assert.equal(await directory.nameOf(2), "Person 2");
  assert.equal(client.calls.getUsers, 2);
  await pass.jump(1_000);
  await directory.nameOf(1);
  await settle();
  assert.equal(client.calls.getUsers, 3);
  await pass.jump(HOUR);
  assert.equal(await rejection(directory.nameOf(1)), client.failure, "too old to be given");
  assert.equal(directory.entries().length, 2, "and still there");
  client.failure = undefined;
  assert.equal(await directory.nameOf(1), "Person 1");
  assert.equal(directory.error, undefined);
});

test("an unknown id is asked for once, many of them with the list, and a 404 is remembered", async (t) => {
  const pass = stopClock(t);
  const client = standIn(Array.from({ length: 5 }, (_, index) => person(index + 1)));
  const directory = new UserDirectory(client);
  assert.deepEqual((await directory.byIds([3, 99, 1])).map((user) => user?.id), [3, undefined, 1]);
  assert.equal(client.tokens, 20, "the list that was asked for then does not have it");
  await pass.jump(1_000);
  client.people.push(...Array.from({ length: 20 }, (_, index) => person(index + 6)));
  assert.deepEqual((await Promise.all([directory.byId(6), directory.byId(6), directory.byIds([6, 7])])).flat().map(({ id }) => id), [6, 6, 6, 7]);
  assert.equal(client.tokens, 24);
  assert.equal((await directory.search("person 7")).length, 1, "and they are found then");
  assert.equal((await directory.byIds(Array.from({ length: 9 }, (_, index) => index + 8))).filter(Boolean).length, 9);
  assert.equal(client.tokens, 24 + 18, "nine are cheaper one by one");
  assert.deepEqual(await directory.byIds([999, 998]), [undefined, undefined]);
  assert.equal(client.tokens, 46);
  assert.deepEqual(await directory.byIds([999, 998]), [undefined, undefined]);
  assert.equal(client.tokens, 46, "remembered");
  await pass.jump(1_000);
  client.people.push(...Array.from({ length: 20 }, (_, index) => person(index + 100)));
  assert.equal((await Promise.all(Array.from({ length: 10 }, (_, index) => directory.nameOf(index + 100)))).at(-1), "Person 109");
  assert.equal(client.tokens, 66, "ten cost as much as the list");
  await pass.jump(4 * MINUTE);
  assert.equal(await directory.byId(999), undefined);
  await pass.jump(2 * MINUTE);
  client.people.push(person(999));
  await directory.all();
  await settle();
  assert.equal(await directory.nameOf(999), "Person 999", "after a while it counts no more");
});

test("an error of a single user rejects for those who asked, and is not remembered", async (t) => {
  const pass = stopClock(t);
  const client = standIn();
  const directory = new UserDirectory(client);
  await directory.all();
  await pass.jump(1_000);
  client.failure = new ServerError("getUser: 500");
  assert.deepEqual(await Promise.all([rejection(directory.byId(9)), rejection(directory.byId(9))]), [client.failure, client.failure]);
  assert.equal(client.calls.getUser, 1);
  client.failure = undefined;
  client.people.push(person(9));
  assert.equal(await directory.nameOf(9), "Person 9");
});

test("e-mails whatever their case, names whatever their accents, the best first", async () => {
  const directory = new UserDirectory(standIn([
    person(1, { name: "Łukasz Żółć", email: "Lukasz@MI6.example" }),
    person(2, { name: "Søren Ærø", email: "old@mi6.example", active_flag: false }),
    person(3, { name: "Jürgen Müller", email: "OLD@mi6.example" }),
    person(4, { name: "Mary Sørensen\tJones", email: "m@mi6.example" }),
    person(5, { name: "Søren", email: "gone@mi6.example", active_flag: false, is_deleted: true }),
    person(6, { name: "Nguyễn Thị Ánh", email: "lukas@mi6.example" }),
    person(7, { name: "李小龍", email: "bruce@mi6.example" }),
  ]));
  const ids = async (text) => (await directory.search(text)).map(({ id }) => id);
  assert.equal((await directory.byEmail(" LUKASZ@mi6.EXAMPLE ")).id, 1);
  assert.equal((await directory.byEmail("old@mi6.example")).id, 3, "who is active comes first");
  assert.equal(await directory.byEmail("nobody@mi6.example"), undefined);
  assert.deepEqual(await ids("lukasz zolc"), [1]);
  assert.deepEqual(await ids("LUKAS"), [1, 6]);
  assert.deepEqual(await ids("soren"), [4, 5, 2], "those who left come last");
  assert.deepEqual(await ids("müller"), [3]);
  assert.deepEqual(await ids("anh nguyen"), [6]);
  assert.deepEqual(await ids("龍"), [7]);
  assert.deepEqual(await ids("sorensen\tjones"), [4]);
  assert.deepEqual((await ids("mi6 lukas")), [1, 6]);
  assert.equal((await ids("  ")).length, 7);
  assert.deepEqual(await ids("\0\n%"), []);
  for (const length of [1_000, 1_024, 1_025, 1_000_000]) assert.deepEqual(await ids("x".repeat(length)), [], "and a text of any length");
  assert.deepEqual(await ids("lukasz"), [1]);
});

test("everybody is there, marked, and nothing depends on the caller", async () => {
  const people = [person(1), person(2, { active_flag: false }), person(3, { active_flag: false, is_deleted: true }), person(4, { is_deleted: undefined, is_new: [1] })];
  const client = standIn(people);
  const directory = new UserDirectory(client);
  const all = await directory.all();
  assert.deepEqual(all.map(({ status }) => status), ["active", "deactivated", "deleted", "active"]);
  for (const [index, entry] of all.entries()) {
    const { is_you, ...rest } = people[index];
    assert.deepEqual({ ...entry }, { ...rest, status: entry.status });
    assert.ok(!("is_you" in entry));
    assert.equal(await directory.byId(entry.id), entry, "one object for all");
  }
  assert.equal(directory.entries(), all);
  assert.ok(Object.isFrozen(all));
  assert.equal(directory.peek(3), all[2]);
  assert.equal(people[0].is_you, true, "what the client returned is left as it is");
});

test("memory is asked without a call, and there is none before the first", async () => {
  const client = standIn();
  const directory = new UserDirectory(client);
  assert.deepEqual([directory.entries(), directory.entries() === directory.entries(), directory.peek(1), directory.error, client.tokens], [[], true, undefined, undefined, 0]);
});

test("what is declared invalid is asked for again, even while a refresh is under way", async (t) => {
  const pass = stopClock(t);
  const client = standIn();
  const directory = new UserDirectory(client);
  await directory.all();
  client.people[0].name = "One";
  directory.invalidate(1);
  assert.deepEqual([await directory.nameOf(1), await directory.nameOf(2), client.tokens], ["One", "Person 2", 22]);
  assert.equal(await directory.nameOf(1), "One");
  assert.equal(client.tokens, 22);
  client.people[1].name = "Two";
  directory.invalidate();
  assert.deepEqual([await directory.nameOf(2), client.calls.getUsers], ["Two", 2]);
  directory.invalidate();
  const { promise, resolve } = deferred();
  client.wait = promise;
  const waiting = directory.nameOf(1);
  await settle();
  // The answer is on its way already.
  client.people[0].name = "Uno";
  directory.invalidate();
  resolve();
  assert.equal(await waiting, "Uno");
  assert.deepEqual([client.calls.getUsers, client.most], [4, 1]);
  await pass.jump(1_000);
  assert.equal(await directory.byId(9), undefined);
  client.people.push(person(9));
  directory.invalidate(9);
  assert.equal(await directory.nameOf(9), "Person 9", "a 404 is forgotten");
});

test("news of a user are seen at once, and the rest is asked for behind", async (t) => {
  const pass = stopClock(t);
  const client = standIn([person(1), person(2, { role_id: 1 })]);
  const directory = new UserDirectory(client);
  const before = await directory.all();
  let changes = 0;
  const stop = directory.subscribe(() => changes++);
  await pass.jump(1_000);
  const news = { id: 2, companyId: 70_001, at: Date.now(), members: { name: "Vesper", active_flag: false } };
  client.people[1] = person(2, { name: "Vesper", active_flag: false, role_id: 7 });
  assert.equal(await directory.merge(news), true);
  assert.notEqual(directory.entries(), before);
  assert.deepEqual([directory.peek(2).name, directory.peek(2).status, directory.peek(2).role_id, changes], ["Vesper", "deactivated", 1, 1]);
  assert.equal((await directory.search("vesper")).length, 1);
  const asked = client.calls.getUser;
  assert.equal((await directory.byId(2)).role_id, 1);
  await settle();
  assert.deepEqual([directory.peek(2).role_id, client.calls.getUser - asked], [7, 1]);
  for (const late of [news, { ...news, at: news.at - 1, members: { name: "Late" } }, { ...news, at: news.at + 1, companyId: 70_002 }, { ...news, id: 1, at: Date.UTC(2026, 9, 1) }]) assert.equal(await directory.merge(late), false);
  assert.equal(directory.peek(2).name, "Vesper");
  stop();
  await directory.merge({ ...news, at: news.at + 2, isDeleted: true, members: {} });
  assert.deepEqual([directory.peek(2).status, changes], ["deleted", 2]);
  client.people.push(person(3));
  await directory.merge({ ...news, id: 3, members: { name: "Person 3" } });
  assert.equal(directory.entries().length, 3, "one who is new is asked for at once");
});

test("a list that was asked for before the news does not undo them", async (t) => {
  const pass = stopClock(t);
  const client = standIn();
  const directory = new UserDirectory(client);
  await directory.all();
  await pass.jump(6 * MINUTE);
  const { promise, resolve } = deferred();
  client.wait = promise;
  await directory.all();
  await settle();
  await pass.jump(1);
  await directory.merge({ id: 2, companyId: 70_001, at: Date.now(), members: { name: "Vesper" } });
  resolve();
  await settle();
  assert.deepEqual([client.calls.getUsers, directory.peek(2).name, directory.peek(1).name], [2, "Vesper", "Person 1"]);
});

test("a listener that throws disturbs nothing, and the same function may listen twice", async () => {
  const directory = new UserDirectory(standIn());
  let calls = 0;
  const listener = () => {
    calls++;
    throw new Error("of its own");
  };
  const [stop] = [directory.subscribe(listener), directory.subscribe(listener)];
  await directory.all();
  assert.equal(calls, 2);
  stop();
  stop();
  directory.invalidate();
  await directory.all();
  assert.equal(calls, 3);
});

test("bad input is refused with the package's own errors", async () => {
  const client = standIn();
  for (const [bad, text] of [
    [[], /^client must have getUsers\(\), got undefined$/],
    [[null], /^client must have getUsers\(\), got null$/],
    [[{ getUsers() {} }], /^client must have getUser\(\), got an object$/],
    [[client, null], /^options must be an object, got null$/],
    [[client, 5], /^options must be an object, got 5$/],
    [[client, { maxAge: 5 }], /^the directory has no option "maxAge"; it takes maxAgeMs, staleMs, store$/],
    [[client, { maxAgeMs: -1 }], /^maxAgeMs must be a whole number, got -1$/],
    [[client, { maxAgeMs: "1" }], /got a string$/],
    [[client, { staleMs: NaN }], /^staleMs .* got NaN$/],
    [[client, { maxAgeMs: 10, staleMs: 9 }], /^staleMs must be a whole number from maxAgeMs, got 9$/],
    [[client, { store: {} }], /^store must have get\(\)/],
    [[client, { store: null }], /^store must have get\(\), got null$/],
    [[client, { store: { get() {}, put() {} } }], /^store must have lease\(\)/],
  ]) {
    assert.throws(() => new UserDirectory(...bad), (error) => error instanceof ConfigError && text.test(error.message), String(text));
  }
  assert.equal((await new UserDirectory(client, { maxAgeMs: 2 * HOUR, staleMs: undefined, store: undefined }).all()).length, 2);
  const directory = new UserDirectory(client);
  for (const call of [() => directory.byId("1"), () => directory.byId(0), () => directory.byId(1.5), () => directory.byId(), () => directory.byId(2 ** 53), () => directory.nameOf(null), () => directory.byIds(5), () => directory.byIds(null), () => directory.byIds([1, "2"]), () => directory.byIds("12"), () => directory.byEmail(), () => directory.search(5)]) {
    const error = await rejection(call());
    assert.ok(error instanceof ArgumentError, `${call}: ${error}`);
  }
  for (const call of [() => directory.invalidate("1"), () => directory.subscribe()]) assert.throws(call, ArgumentError);
  assert.equal((await rejection(directory.byEmail(["secret@mi6.example"]))).message, "email must be a string, got an array", "no value is shown");
  // A body that is no list of users is a failed refresh.
  for (const getUsers of [async () => null, async () => [null], async () => ({})]) {
    const broken = new UserDirectory({ ...client, getUsers });
    const error = await rejection(broken.all());
    assert.ok(error instanceof DecodeError && broken.error === error);
    assert.equal(await rejection(broken.byId(1)).then(({ kind }) => kind), "decode", "and the next one asks again");
  }
});

test("two directories share nothing", async () => {
  const [one, other] = [standIn([person(1, { name: "One" })], 1), standIn([person(1, { name: "Other" })], 2)].map((client) => new UserDirectory(client));
  assert.deepEqual([await one.nameOf(1), await other.nameOf(1)], ["One", "Other"]);
  assert.deepEqual([(await one.search("other")).length, (await other.search("other")).length], [0, 1]);
});

test("ten thousand: the first fill, a lookup, a search, and the memory", async () => {
  // In a program of its own: the test runner follows every promise, which costs more than a lookup does.
  const measure = async () => JSON.parse((await promisify(execFile)(process.execPath, ["--expose-gc", "--no-warnings", fileURLToPath(new URL("support/directory-figures.mjs", import.meta.url))])).stdout);
  const tooSlow = ({ listMs, fillMs, lookupUs, searchMs }) =>
    [
      [fillMs <= 1.3 * listMs, `filled in ${fillMs.toFixed(1)} ms, the list in ${listMs.toFixed(1)} ms`],
      [lookupUs < 1, `a lookup in ${lookupUs.toFixed(3)} us`],
      [searchMs < 2, `a search in ${searchMs} ms`],
    ].flatMap(([isKept, text]) => (isKept ? [] : [text]));
  let figures = await measure();
  // A machine that is busy for seconds makes everything slower: then the least of several programs counts.
  for (let again = 0; again < 3 && tooSlow(figures).length > 0; again++) {
    const other = await measure();
    figures = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.min(value, other[name])]));
  }
  assert.deepEqual(tooSlow(figures), []);
  const { listBytes, directoryBytes } = figures;
  assert.ok(directoryBytes <= 2.5 * listBytes, `${directoryBytes} bytes, the list ${listBytes}`);
});

test("ids that do not exist cost no more than a list, however many they are and however they come", async (t) => {
  const pass = stopClock(t);
  const client = standIn();
  const directory = new UserDirectory(client, { maxAgeMs: MINUTE });
  await directory.all();
  await pass.jump(1_000);
  for (let id = 1_000; id < 1_500; id++) assert.equal(await directory.byId(id), undefined);
  assert.equal(client.tokens, 20 + 20);
  assert.deepEqual(await directory.byIds([1, 2_000, 2_001].values()).then((found) => found.map((user) => user?.id)), [1, undefined, undefined]);
  for (let burst = 0; burst < 20; burst++) await Promise.all(Array.from({ length: 9 }, (_, index) => directory.nameOf(3_000 + burst * 9 + index)));
  assert.equal(client.tokens, 40);
  client.people.push(person(1_001));
  await pass.jump(MINUTE);
  await directory.all();
  await settle();
  assert.equal(await directory.nameOf(1_001), "Person 1001", "the next list has them");
  assert.equal(client.tokens, 60);
});

test("a record that is ill makes no other so", async () => {
  const ill = [null, undefined, 7, "text", [], {}, { id: "7" }, { id: 1.5 }, { id: 1e300 }, { id: null, name: "x" }];
  const odd = [null, undefined, 7, true, {}, ["null"], "a\tb\nc"].flatMap((value, index) => [person(20 + 2 * index, { name: value }), person(21 + 2 * index, { email: value, modified: value, active_flag: value })]);
  const client = standIn([...ill, person(2), ...odd]);
  const directory = new UserDirectory(client);
  assert.deepEqual((await directory.all()).map(({ id }) => id), [2, ...odd.map(({ id }) => id)]);
  assert.equal((await directory.byEmail("P2@mi6.example")).id, 2);
  for (const nothing of ["", "null", "undefined", "7", "[object Object]"]) assert.equal(await directory.byEmail(nothing), undefined, nothing);
  for (const nothing of ["null", "undefined", "object"]) assert.deepEqual(await directory.search(nothing), [], nothing);
  assert.deepEqual((await directory.search("a b c")).map(({ id }) => id), [32, 33]);
  assert.equal((await directory.search("")).length, 1 + odd.length);
  for (const list of [null, undefined, {}, "text", 7, [null], [{}, 7]]) {
    client.getUsers = async () => list;
    assert.ok((await rejection(new UserDirectory(client).all())) instanceof DecodeError, JSON.stringify(list));
  }
});

test("the record of another user is no response to a question for one", async () => {
  for (const record of [person(2, { name: "Somebody else" }), {}, null, [person(9)], { ...person(9), id: "9" }]) {
    const client = standIn();
    const directory = new UserDirectory(client);
    await directory.all();
    // A list that is as new as the question would be the response.
    await new Promise((resolve) => setTimeout(resolve, 5));
    client.getUser = async () => record;
    assert.ok((await rejection(directory.byId(9))) instanceof DecodeError, JSON.stringify(record));
    assert.equal(directory.peek(9), undefined);
    assert.equal(directory.peek(2).name, "Person 2");
  }
});

test("whatever was asked for before a user was declared invalid, the user is asked for after it", async () => {
  /** Begins something that is held up, changes the people, and lets it end. */
  const during = async ({ people = [person(1), person(2)], options, begin, change }) => {
    const client = standIn(people);
    const directory = new UserDirectory(client, options);
    const { promise, resolve } = deferred();
    const first = await begin(client, directory, promise);
    client.wait = client.waitForOne = undefined;
    const found = change(client, directory);
    await settle();
    resolve();
    await first;
    return { client, directory, found: await found };
  };
  const rename = (client) => {
    client.people = client.people.map((user) => ({ ...user, name: "New" }));
  };
  // Several in the same millisecond: the first list, a list behind, a single user, and a user who did not exist.
  const list = await during({
    begin: (client, directory, promise) => ((client.wait = promise), [directory.byId(1)]),
    change: (client, directory) => (rename(client), directory.invalidate(1), directory.nameOf(1)),
  });
  assert.deepEqual([list.found, list.directory.peek(1).name], ["New", "New"]);
  const many = Array.from({ length: 12 }, (_, index) => person(index + 1));
  for (const people of [many.slice(0, 2), many]) {
    const behind = await during({
      people,
      options: { maxAgeMs: 0, staleMs: HOUR },
      begin: async (client, directory, promise) => {
        await directory.all();
        client.wait = promise;
        await directory.byId(1);
      },
      change: (client, directory) => {
        rename(client);
        for (const { id } of people) directory.invalidate(id);
        return directory.byIds(people.map(({ id }) => id));
      },
    });
    await settle();
    assert.deepEqual(new Set(behind.found.map(({ name }) => name)), new Set(["New"]), `${people.length} of them`);
    assert.equal(behind.directory.peek(1).name, "New", "a list that comes late is older");
  }
  const held = async (client, directory, promise, id) => {
    await directory.all();
    directory.invalidate(id);
    client.waitForOne = promise;
    const first = directory.byId(id);
    await settle();
    return [first];
  };
  const single = await during({
    begin: (client, directory, promise) => held(client, directory, promise, 1),
    change: (client, directory) => (rename(client), directory.invalidate(1), directory.nameOf(1)),
  });
  assert.deepEqual([single.found, await single.directory.nameOf(1)], ["New", "New"]);
  const missing = await during({
    begin: (client, directory, promise) => held(client, directory, promise, 3),
    change: (client, directory) => void (client.people.push(person(3)), directory.invalidate(3)),
  });
  assert.equal(await missing.directory.nameOf(3), "Person 3", "a 404 of before is not remembered");
  const everybody = await during({
    begin: (client, directory, promise) => held(client, directory, promise, 1),
    change: (client, directory) => (rename(client), directory.invalidate(), directory.all()),
  });
  assert.deepEqual([everybody.found[0].name, everybody.directory.peek(1).name], ["New", "New"], "a record of before does not replace that of the list");
  // Somebody who no longer exists is asked for once.
  const { client, directory } = await during({ begin: (_, directory) => directory.all(), change: () => undefined });
  client.people.pop();
  directory.invalidate(2);
  assert.deepEqual([await directory.byId(2), await directory.byId(2), client.calls.getUser], [undefined, undefined, 1]);
});

test("ages of nothing cost a list for each question, and end", async () => {
  for (const [maxAgeMs, staleMs] of [[0, 0], [0, 1], [1, 1], [0, HOUR]]) {
    const client = standIn();
    const directory = new UserDirectory(client, { maxAgeMs, staleMs });
    const { getUsers } = client;
    client.getUsers = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return getUsers();
    };
    const names = await Promise.all([directory.nameOf(1), directory.nameOf(1), directory.byEmail("p1@mi6.example").then(({ name }) => name)]);
    assert.deepEqual(names, Array(3).fill("Person 1"));
    assert.equal(client.calls.getUsers, 1, "once for all who wait");
    await new Promise((resolve) => setTimeout(resolve, 3));
    assert.equal(await directory.nameOf(1), "Person 1");
    assert.equal(client.calls.getUsers, staleMs === HOUR ? 1 : 2);
  }
});

test("an e-mail is found in either form of its accents", async () => {
  const directory = new UserDirectory(standIn([person(1, { email: "\u00fcmit@b\u00fccher.example" })]));
  assert.equal((await directory.byEmail("U\u0308mit@bu\u0308cher.example")).id, 1);
});

test("a store that fails is an error of the package, and one that keeps nothing keeps nobody waiting", async (t) => {
  const failing = [
    [{ get() { throw new Error("down"); }, set() {} }, /^the directory's store failed: Error: down$/],
    [{ async get() { throw "down"; }, set() {} }, /^the directory's store failed: down$/],
    [{ get() {}, set() { throw null; } }, /^the directory's store failed: null$/],
  ];
  for (const [store, message] of failing) {
    const error = await rejection(new UserDirectory(standIn(), { store }).all());
    assert.ok(error instanceof ConnectionError, String(error));
    assert.match(error.message, message);
  }
  for (const found of ["junk", null, undefined, "[]", 5, {}]) {
    const client = standIn();
    assert.equal((await new UserDirectory(client, { store: { get: () => found, set() {} } }).all()).length, 2);
    assert.equal(client.calls.getUsers, 1);
  }
  const pass = stopClock(t);
  const late = rejection(new UserDirectory(standIn(), { store: { get: () => new Promise(() => {}), set() {} } }).all());
  await pass(11_000);
  assert.ok((await late) instanceof TimeoutError);
  // Another process that never releases its lease, nor fills the store.
  const taken = new UserDirectory(standIn(), { store: { get: async () => undefined, put: async () => undefined, lease: async () => undefined } }).all();
  await pass(2 * MINUTE);
  assert.equal((await taken).length, 2);
});
