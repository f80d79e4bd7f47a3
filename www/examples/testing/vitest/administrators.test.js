import { ApiPromise, NotFoundError, UsersClient } from "pipedrive-users";
import { createSandbox, fakePage } from "pipedrive-users/sandbox";
import { beforeEach, expect, test, vi } from "vitest";
import { administrators } from "../administrators.js";

let sandbox, client;

beforeEach(() => {
  sandbox = createSandbox({ users: 5 });
  client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch, dangerouslyAllowBrowser: true, logLevel: "off" });
});

test("the administrators of a whole company in memory", async () => {
  expect(await administrators(client)).not.toHaveLength(0);
});

test("Pipedrive fails once: the client tries again", async () => {
  sandbox.fail({ status: 503 });
  expect(await administrators(client)).not.toHaveLength(0);
});

test("Pipedrive's daily budget is spent", async () => {
  sandbox.fail({ operation: "getUsers", fault: "daily" });
  const log = vi.fn();
  expect(await administrators(client, log)).toEqual([]);
  expect(log).toHaveBeenCalledWith("rate_limit after 1 attempts");
});

test("a method of a client, mocked", async () => {
  const user = await client.getUser(1);
  vi.spyOn(client, "getUsers").mockReturnValue(ApiPromise.resolve([{ ...user, name: "Q" }]));
  vi.spyOn(client, "getUserFollowers").mockReturnValue(fakePage([{ user_id: 7, add_time: "2026-01-01T00:00:00Z" }]));
  expect(await administrators(client)).toEqual(["Q"]);
  expect(await client.getUserFollowers(1).toArray({ limit: 5 })).toHaveLength(1);
});

test("no client at all: a plain object is enough", async () => {
  const getUsers = async () => Promise.reject(new NotFoundError("no such company", { attempts: 1 }));
  expect(await administrators({ getUsers }, () => {})).toEqual([]);
});
