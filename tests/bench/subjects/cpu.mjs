// User and system time of the process for a small call, in milliseconds. Only Node.js reports it.
export default async function cpu(client, { calls = 1_500 } = {}) {
  for (let id = 1; id <= 300; id++) await client.getUser((id % 100) + 1);
  const before = process.cpuUsage();
  for (let id = 1; id <= calls; id++) await client.getUser((id % 100) + 1);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / calls;
}
