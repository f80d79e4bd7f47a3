// A process with a directory of its own, whose time of day is what the test says.
import { createInterface } from "node:readline";
import { UsersClient } from "pipedrive-users";
import { UserDirectory } from "pipedrive-users/directory";
import { redisStore } from "pipedrive-users/server";
import { createClient } from "redis";

const { redis, url, apiToken } = JSON.parse(process.argv[2]);
const store = redisStore(await createClient({ url: redis }).connect());
const directory = new UserDirectory(new UsersClient({ apiToken, baseUrl: url }), { store });
let now = 0;
Date.now = () => now;

const settled = () =>
  new Promise((resolve) => {
    const stop = directory.subscribe(() => (stop(), resolve()));
  });

for await (const line of createInterface({ input: process.stdin })) {
  const step = JSON.parse(line);
  now = step.now;
  const refreshed = step.isStale ? settled() : undefined;
  const name = await directory.nameOf(step.id);
  await refreshed;
  console.log(JSON.stringify({ name, later: await directory.nameOf(step.id), error: directory.error && String(directory.error) }));
}
process.exit();
