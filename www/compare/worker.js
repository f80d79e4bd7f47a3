/** Measures one client in a fresh thread: the time from import to first response, then small calls, then lists. */
onmessage = async ({ data: { peer, token, responses, calls } }) => {
  const recorded = new Map(responses);
  // Replaces the network. Building a Request costs what the platform's own fetch would spend on its arguments.
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const { body, ...head } = recorded.get(new URL(request.url).pathname);
    return new Response(body, head);
  };
  try {
    const startedAt = performance.now();
    const { open } = await import(`./peers/${peer}.js`);
    const client = open({ url: location.origin, token });
    await client.getUser(1);
    const first = performance.now() - startedAt;
    const { small, list } = await import("./peers/subjects.js");
    postMessage({ first, small: await small(client, { calls: calls.small }), list: await list(client, { calls: calls.list }) });
  } catch (error) {
    postMessage({ error: String(error?.stack ?? error) });
  }
};
