// What a process does with a store: it begins an authorization, makes calls, or is killed between a refresh and its store.

/** `die` ends the process as a crash does. Gives what the calls came to. */
export async function carryOut({ OAuth, isPipedriveError }, store, work, die) {
  const { app, url, key, identity, calls = 1, crash, contract } = work;
  if (contract) return contractOf(store);
  const watched = crash ? { ...store, put: (at, ...more) => (at.startsWith("state:") ? store.put(at, ...more) : die()) } : store;
  const oauth = new OAuth({ ...app, redirectUri: "http://127.0.0.1/callback", oauthUrl: url, store: watched, encryptionKey: key });
  if (work.begin) return { url: await oauth.authorizationUrl() };
  if (work.callback) {
    const me = await oauth.handleCallback(work.callback);
    return { companyId: me.company_id, userId: me.id };
  }
  const client = oauth.client(identity, { maxRetries: 0 });
  const ask = (_, index) => client.getUser(1, { headers: { "x-call": String(index) } });
  const ended = await Promise.allSettled(Array.from({ length: calls }, ask));
  const failures = ended.flatMap(({ reason }) => (reason ? [reason] : []));
  return { good: calls - failures.length, kinds: [...new Set(failures.map((error) => (isPipedriveError(error) ? error.kind : String(error))))], texts: [...new Set(failures.map((error) => `${error.message} ${error.cause?.message ?? ""}`))] };
}

/** What every store must do, as a list of what it does not. */
async function contractOf(store) {
  const wrong = [];
  const expect = (what, is, should) => JSON.stringify(is) === JSON.stringify(should) || wrong.push(`${what}: ${JSON.stringify(is)}`);
  const at = `contract:${crypto.randomUUID()}`;
  expect("nothing is there", (await store.get(at)) ?? null, null);
  const first = await store.put(at, "{\"a\":\"é💡\"}", undefined);
  expect("a version is a text", typeof first, "string");
  expect("what is there is not new", (await store.put(at, "b", undefined)) ?? null, null);
  expect("it comes back", await store.get(at), { record: "{\"a\":\"é💡\"}", version: first });
  const many = await Promise.all(Array.from({ length: 10 }, (_, index) => store.put(at, `c${index}`, first)));
  const won = many.flatMap((version, index) => (version === undefined || version === null ? [] : [index]));
  expect("one of ten wins", won.length, 1);
  expect("and it is there", (await store.get(at)).record, `c${won[0]}`);
  await store.delete(at);
  expect("it is gone", (await store.get(at)) ?? null, null);
  expect("an old version of what is gone", (await store.put(at, "d", many[won[0]])) ?? null, null);
  const again = await store.put(at, "e", undefined);
  expect("a version never comes back", again === first, false);
  await store.put(`${at}:short`, "f", undefined, 150);
  const leases = await Promise.all(Array.from({ length: 5 }, () => store.lease(at, 60_000)));
  expect("one of five has the lease", leases.filter(Boolean).length, 1);
  await leases.find(Boolean)();
  const short = await store.lease(at, 150);
  expect("it can be had again", typeof short, "function");
  expect("but not at once", (await store.lease(at, 150)) === undefined, true);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const next = await store.lease(at, 60_000);
  expect("a lease ends", typeof next, "function");
  await short();
  expect("letting go of a lost one frees nothing", (await store.lease(at, 60_000)) === undefined, true);
  await next();
  if (!store.forgetsLater) expect("what has a time is forgotten", (await store.get(`${at}:short`)) ?? null, null);
  return { wrong };
}
