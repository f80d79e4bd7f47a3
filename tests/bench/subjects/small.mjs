// One small call after the other: milliseconds a call.
export default async function small(client, { calls = 300, warmUp = 100 } = {}) {
  for (let id = 1; id <= warmUp; id++) await client.getUser((id % 100) + 1);
  const started = performance.now();
  for (let id = 1; id <= calls; id++) await client.getUser((id % 100) + 1);
  return (performance.now() - started) / calls;
}
