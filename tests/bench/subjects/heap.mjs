// The heap that 10 000 users take while they are held, in megabytes; the growth of the module's memory beside it.
export default async function heap(client) {
  const collect = async () => {
    for (let turn = 0; turn < 4; turn++) {
      globalThis.gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await client.getUser(1);
  await collect();
  const before = process.memoryUsage().heapUsed;
  const memory = globalThis.memories?.at(-1)?.buffer.byteLength;
  const users = await client.getUsers();
  await collect();
  const taken = process.memoryUsage().heapUsed - before;
  const grown = globalThis.memories?.at(-1) ? globalThis.memories.at(-1).buffer.byteLength - memory : 0;
  if (users.length !== 10_000) throw new Error(`${users.length} users`);
  return { value: taken / 1e6, grown };
}
