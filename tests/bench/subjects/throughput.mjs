// 2 000 small calls, 64 at once: calls a second.
export default async function throughput(client, { calls = 2_000, atOnce = 64, warmUp = 100 } = {}) {
  for (let id = 1; id <= warmUp; id++) await client.getUser((id % 100) + 1);
  let next = 0;
  const started = performance.now();
  const worker = async () => {
    while (next < calls) await client.getUser((next++ % 1_000) + 1);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (calls / (performance.now() - started)) * 1000;
}
