// One small call after the other: milliseconds a call.
export default async function small(client, { calls = 300 } = {}) {
  for (let id = 1; id <= 100; id++) await client.getUser(id);
  const started = performance.now();
  for (let id = 1; id <= calls; id++) await client.getUser((id % 100) + 1);
  return (performance.now() - started) / calls;
}
