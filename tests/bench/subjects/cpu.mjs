// User and system time of the process for a small call, in milliseconds, and whose code took it. Only Node.js reports it.
import { startProfile } from "../profile.mjs";

export default async function cpu(client, { calls = 1_500, warmUp = 300, isProfiled } = {}) {
  for (let id = 1; id <= warmUp; id++) await client.getUser((id % 100) + 1);
  const stop = isProfiled && (await startProfile());
  const before = process.cpuUsage();
  for (let id = 1; id <= calls; id++) await client.getUser((id % 100) + 1);
  const { user, system } = process.cpuUsage(before);
  return stop ? stop() : (user + system) / 1000 / calls;
}
