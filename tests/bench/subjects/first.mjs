// The first call: milliseconds from the script's first line, at `started`, to the moment when the platform is handed the request.
export default async function first(client) {
  const { fetch } = globalThis;
  let sent;
  globalThis.fetch = (...all) => ((sent ??= performance.now()), fetch(...all));
  await client.getUser(1);
  globalThis.fetch = fetch;
  return sent - globalThis.started;
}
