// The figures of a directory of ten thousand people, as JSON: times are processor time, the least of some rounds, so that what else the
// machine does is not counted.
import { UsersClient } from "pipedrive-users";
import { UserDirectory } from "pipedrive-users/directory";
import { createSandbox } from "pipedrive-users/sandbox";

const sandbox = createSandbox({ users: 10_000 });
const body = await (await sandbox.fetch("/v1/users", { headers: { "x-api-token": sandbox.apiToken } })).text();
const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: async () => new Response(body) });

async function least(work, rounds = 7) {
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}

async function heap() {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setTimeout(resolve));
    globalThis.gc();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

await client.getUsers();
const [listMs, fillMs] = [await least(() => client.getUsers()), await least(() => new UserDirectory(client).byId(1))];

const start = await heap();
let parsed = JSON.parse(body).data;
const listBytes = (await heap()) - start;
if (parsed.length !== 10_000) throw new Error(`${parsed.length} users`);
parsed = undefined;
const empty = await heap();
const directory = new UserDirectory(client);
await directory.all();
await directory.byEmail("x");
await directory.search("bon");
const directoryBytes = (await heap()) - empty;

const lookupUs =
  (await least(async () => {
    for (let id = 1; id <= 10_000; id++) await directory.byId(id);
  }, 20)) / 10;

const queries = (await directory.all()).filter((_, index) => index % 20 === 0).map(({ name }) => name.replace(/\W/g, "").slice(0, 3));
const times = [];
for (const query of queries) times.push(await least(() => directory.search(query), 3));
const searchMs = times.sort((one, other) => one - other)[Math.floor(times.length * 0.99)];

console.log(JSON.stringify({ listMs, fillMs, listBytes, directoryBytes, lookupUs, searchMs }));
