// Lists in pages: requested when needed, never endless, and an error has the place to continue at.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CursorPage, isPipedriveError, OffsetPage, UsersClient } from "pipedrive-users";
import { gc } from "./support/gc.mjs";
import { respond, good, scripted } from "./support/script.mjs";
import { rejection, settle } from "./support/wait.mjs";

const newClient = (config) => new UsersClient({ apiToken: "secret", logLevel: "off", maxRetries: 0, ...config });
const query = ({ path }) => new URLSearchParams(path.split("?")[1]);
const items = (from, count) => Array.from({ length: count }, (_, index) => ({ user_id: from + index }));
const SIZE = 3;

// The two kinds of lists, each with a server that has so many items in pages of three.
const KINDS = {
  "a list with a cursor": {
    operation: "getUserFollowers",
    list: (client, options) => client.getUserFollowers(7, options),
    Page: CursorPage,
    key: "cursor",
    next: "nextCursor",
    at: (place) => `at-${place}`,
    page: (data, next) => good(data, {}, { additional_data: { next_cursor: next ?? null } }),
    server: (count) => (request) => {
      const from = Number(query(request).get("cursor")?.slice(3) ?? 0);
      const page = items(from, Math.min(SIZE, count - from));
      return good(page, {}, { additional_data: { next_cursor: from + SIZE < count ? `at-${from + SIZE}` : null } });
    },
  },
  "a list with a start": {
    operation: "getUserRoleAssignments",
    list: (client, options) => client.getUserRoleAssignments(7, options),
    Page: OffsetPage,
    key: "start",
    next: "nextStart",
    at: (place) => place,
    page: (data, next) => good(data, {}, { additional_data: { pagination: { start: 0, limit: SIZE, more_items_in_collection: next !== undefined, next_start: next } } }),
    server: (count) => (request) => {
      const from = Number(query(request).get("start") ?? 0);
      const page = items(from, Math.min(SIZE, count - from));
      return good(page, {}, { additional_data: { pagination: { start: from, limit: SIZE, more_items_in_collection: from + SIZE < count, ...(from + SIZE < count && { next_start: from + SIZE }) } } });
    },
  },
};

for (const [kind, { operation, list, Page, key, next, at, page, server }] of Object.entries(KINDS)) {
  const open = (script) => {
    const state = scripted(script);
    return { ...state, client: newClient({ fetch: state.fetch }) };
  };

  test(`${kind}: awaited it is the first page`, async () => {
    const { client, requests } = open(server(5));
    const first = await list(client);
    assert.ok(first instanceof Page);
    assert.deepEqual([first.items, first.hasNextPage, first[next]], [items(0, 3), true, at(3)]);
    const second = await first.getNextPage();
    assert.ok(second instanceof Page);
    assert.deepEqual([second.items, second.hasNextPage, second[next]], [items(3, 2), false, undefined]);
    assert.equal(requests.length, 2);
    const error = await rejection(second.getNextPage());
    assert.ok(isPipedriveError(error, "argument"));
    assert.match(error.message, /hasNextPage/);
    assert.equal(requests.length, 2);
  });

  test(`${kind}: getNextPage().withResponse() gives the page and the response of its own request`, async () => {
    const { client } = open((request, number) => {
      const given = server(9)(request);
      given.headers.set("x-correlation-id", `id-${number}`);
      return given;
    });
    const first = await list(client).withResponse();
    assert.equal(first.response.requestId, "id-1");
    const second = await first.data.getNextPage().withResponse();
    assert.ok(second.data instanceof Page);
    assert.deepEqual([second.data.items, second.response.requestId, second.response.status, second.response.cost], [items(3, 3), "id-2", 200, 10]);
    assert.deepEqual((await second.data.getNextPage()).items, items(6, 3));
  });

  test(`${kind}: for await gives all items, and asks for a page when it is needed and not before`, async () => {
    const { client, requests } = open(server(8));
    const seen = [];
    for await (const item of list(client)) {
      seen.push(item);
      await settle(3);
      assert.equal(requests.length, Math.ceil(seen.length / SIZE), `after item ${seen.length}`);
    }
    assert.deepEqual(seen, items(0, 8));
    assert.equal(requests.length, 3);
  });

  test(`${kind}: break stops asking`, async () => {
    for (const stop of [1, 3, 4]) {
      const { client, requests } = open(server(100));
      let count = 0;
      for await (const _ of list(client)) if (++count === stop) break;
      await settle();
      assert.equal(requests.length, Math.ceil(stop / SIZE));
    }
    const { client, requests } = open(server(100));
    for await (const { items: first } of list(client).pages()) {
      assert.equal(first.length, 3);
      break;
    }
    await settle();
    assert.equal(requests.length, 1);
  });

  test(`${kind}: pages() gives the pages`, async () => {
    const { client } = open(server(8));
    const pages = [];
    for await (const one of list(client).pages()) {
      assert.ok(one instanceof Page);
      pages.push([one.items.length, one.hasNextPage, one[next]]);
    }
    assert.deepEqual(pages, [[3, true, at(3)], [3, true, at(6)], [2, false, undefined]]);
  });

  test(`${kind}: toArray stops at its limit, and asks for no page more than it needs`, async () => {
    for (const [limit, requested] of [[1, 1], [3, 1], [4, 2], [6, 2], [7, 3], [8, 3], [9, 3], [10_000, 3]]) {
      const { client, requests } = open(server(8));
      assert.deepEqual(await list(client).toArray({ limit }), items(0, Math.min(limit, 8)), `limit ${limit}`);
      await settle();
      assert.equal(requests.length, requested, `limit ${limit}`);
    }
  });

  test(`${kind}: a promise that is used twice asks for its first page once`, async () => {
    const { client, requests } = open(server(2));
    const promise = list(client);
    assert.deepEqual(await promise.toArray({ limit: 10 }), items(0, 2));
    assert.deepEqual((await promise).items, items(0, 2));
    assert.deepEqual(await promise.toArray({ limit: 1 }), items(0, 1));
    assert.equal(requests.length, 1);
  });

  test(`${kind}: what was given for the list holds for each page`, async () => {
    const { client, requests } = open(server(8));
    await list(client, { limit: 3, [key]: at(3), headers: { "x-mine": "1" } }).toArray({ limit: 100 });
    assert.deepEqual(requests.map((request) => [query(request).get("limit"), query(request).get(key), request.headers["x-mine"]]), [["3", `${at(3)}`, "1"], ["3", `${at(6)}`, "1"]]);
  });

  test(`${kind}: an error in the third page has the place where it began, and the list can be continued there`, async () => {
    let broken = true;
    const { client, requests } = open((request, number) => (number === 3 && broken ? respond(500, { success: false, error: "no" }) : server(11)(request)));
    const seen = [];
    const error = await rejection((async () => {
      for await (const item of list(client)) seen.push(item);
    })());
    assert.deepEqual([error.name, error.operation, error.status, error[key], seen.length], ["ServerError", operation, 500, at(6), 6]);
    assert.equal(JSON.parse(JSON.stringify(error))[key], at(6));
    broken = false;
    seen.push(...(await list(client, { [key]: error[key] }).toArray({ limit: 100 })));
    assert.deepEqual(seen, items(0, 11));
    assert.equal(requests.length, 5);
  });

  test(`${kind}: an error in the first page has no place`, async () => {
    const { client } = open(() => respond(500, "{}"));
    const error = await rejection(list(client));
    assert.deepEqual([key in error], [false]);
  });

  test(`${kind}: a page without additional_data, or with one that names no next page, is the last`, async () => {
    for (const additional_data of [undefined, null, {}, [], "more", 7, { next_cursor: null }, { next_cursor: "" }, { next_cursor: 7 }, { pagination: null }, { pagination: {} }, { pagination: { more_items_in_collection: false, next_start: 3 } }, { pagination: { more_items_in_collection: "true", next_start: 3 } }]) {
      const { client, requests } = open(() => good(items(0, 3), {}, { additional_data }));
      assert.deepEqual(await list(client).toArray({ limit: 100 }), items(0, 3), JSON.stringify(additional_data));
      assert.equal(requests.length, 1);
    }
  });

  test(`${kind}: an empty page is the last, also where there should be more`, async () => {
    for (const data of [[], null]) {
      const { client, requests } = open((_, number) => (number === 1 ? page(items(0, 3), at(3)) : page(data, at(number * 3))));
      assert.deepEqual(await list(client).toArray({ limit: 100 }), items(0, 3));
      assert.equal(requests.length, 2);
    }
  });

  /** Reads on and on, in each way, and gives the error that ends it. */
  async function endOf(script, options) {
    const outcomes = [];
    for (const read of [(all) => all.toArray({ limit: 100 }), async (all) => { for await (const _ of all); }, async (all) => { for await (const _ of all.pages()); }]) {
      const { client, requests } = open((request, number) => {
        if (number > 20) throw new Error("it never ends");
        return script(request, number);
      });
      const error = await rejection(read(list(client, options)));
      assert.ok(isPipedriveError(error, "decode"), String(error));
      assert.match(error.message, /never end/);
      outcomes.push({ error, requests: requests.length });
    }
    assert.equal(new Set(outcomes.map(({ requests }) => requests)).size, 1);
    return outcomes[0];
  }

  test(`${kind}: a page that continues at itself is an error`, async () => {
    const { error, requests } = await endOf(() => page(items(0, 3), at(3)));
    assert.deepEqual([error.operation, error[key], requests], [operation, at(3), 2]);
    assert.equal((await endOf(() => page(items(0, 3), at(3)), { [key]: at(3) })).requests, 1);
  });

  test(`${kind}: pages in a circle are an error`, async () => {
    // A, B, A for a cursor; a start goes back only where a server lies, and that is an error at once.
    const { error, requests } = await endOf((request) => page(items(0, 3), query(request).get(key) === `${at(3)}` ? at(6) : at(3)));
    assert.equal(error.operation, operation);
    assert.ok(requests <= 3);
    assert.ok(error[key] === at(3) || error[key] === at(6), `${error[key]}`);
    assert.ok((await endOf((request) => page(items(0, 3), query(request).get(key) === `${at(3)}` ? at(6) : at(3)), { [key]: at(3) })).requests <= 3);
  });

  test(`${kind}: no more than a page or two are kept in memory`, async () => {
    const { client } = open(server(30));
    const pages = [];
    for await (const one of list(client).pages()) {
      pages.push(new WeakRef(one.items));
      await settle();
    }
    await settle();
    gc();
    assert.equal(pages.length, 10);
    assert.deepEqual(pages.slice(1, 8).map((ref) => ref.deref()), Array(7).fill(undefined));
  });
}

// A next_start that is no whole number past the page is a DecodeError; one that is no number is ignored.
for (const [what, next_start] of [["the same", 3], ["smaller", 1], ["zero", 0], ["negative", -3], ["a fraction that is the same", 3.5], ["a fraction past the page", 6.5], ["far too large", 1e300], ["infinite", Infinity], ["a text", "6"], ["null", null]]) {
  test(`next_start is ${what}: a DecodeError or the number of items, never a loop`, async () => {
    const { fetch, requests } = scripted((request, number) => {
      if (number > 20) throw new Error("it never ends");
      const start = Number(query(request).get("start") ?? 0);
      return start < 9 ? good(items(start, 3), {}, { additional_data: { pagination: { more_items_in_collection: true, next_start } } }) : good([]);
    });
    const all = newClient({ fetch }).getUserRoleAssignments(7, { start: 3 }).toArray({ limit: 1_000 });
    const outcome = await all.catch((error) => error);
    assert.ok(requests.length <= 4, `${requests.length} requests`);
    if (typeof next_start === "number" && Number.isFinite(next_start)) {
      assert.ok(isPipedriveError(outcome, "decode"), String(outcome));
      assert.equal(requests.length, 1);
      assert.match(outcome.message, /next_start/);
    } else assert.deepEqual(outcome, items(3, 6), "without a next_start the number of items counts");
  });
}
