// The work of a process with a store: begins an authorization, makes calls, or crashes between a refresh and its write.

/** The `cookie` header that a browser sends after a response. */
const cookieOf = (response) => response.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; ");

/** Carries out work, and returns the results of its calls. `die` ends the process as a crash does. */
export async function carryOut({ OAuth, isPipedriveError }, store, work, die) {
  const { app, url, key, identity, calls = 1, crash, contract } = work;
  if (contract) return contractOf(store);
  const watched = crash ? { ...store, put: () => die() } : store;
  const oauth = new OAuth({ ...app, redirectUri: "http://127.0.0.1/callback", oauthUrl: url, store: watched, encryptionKey: key });
  if (work.begin) {
    const begun = await oauth.handleInstall(new Request("http://127.0.0.1/install"));
    return { url: begun.headers.get("location"), cookie: cookieOf(begun) };
  }
  if (work.callback) {
    let me;
    const installed = (user) => ((me = user), new Response("installed"));
    const response = await oauth.handleCallback(new Request(work.callback, { headers: { cookie: work.cookie } }), { installed });
    return me ? { companyId: me.company_id, userId: me.id } : { status: response.status };
  }
  const client = oauth.client(identity, { maxRetries: 0 });
  const ask = (_, index) => client.getUser(1, { headers: { "x-call": String(index) } });
  const ended = await Promise.allSettled(Array.from({ length: calls }, ask));
  const failures = ended.flatMap(({ reason }) => (reason ? [reason] : []));
  return { good: calls - failures.length, kinds: [...new Set(failures.map((error) => (isPipedriveError(error) ? error.kind : String(error))))], texts: [...new Set(failures.map((error) => `${error.message} ${error.cause?.message ?? ""}`))] };
}

/** Checks the contract of a store, and returns what is wrong. */
async function contractOf(store) {
  const wrong = [];
  const expect = (what, is, should) => JSON.stringify(is) === JSON.stringify(should) || wrong.push(`${what}: ${JSON.stringify(is)}`);
  const at = `contract:${crypto.randomUUID()}`;
  expect("no record at first", (await store.get(at)) ?? null, null);
  const first = await store.put(at, "{\"a\":\"é💡\"}", undefined);
  expect("a version is a string", typeof first, "string");
  expect("a record that exists is not created", (await store.put(at, "b", undefined)) ?? null, null);
  expect("a record is returned as written", await store.get(at), { record: "{\"a\":\"é💡\"}", version: first });
  const many = await Promise.all(Array.from({ length: 10 }, (_, index) => store.put(at, `c${index}`, first)));
  const won = many.flatMap((version, index) => (version === undefined || version === null ? [] : [index]));
  expect("one of ten writers wins", won.length, 1);
  expect("the winner's record is stored", (await store.get(at)).record, `c${won[0]}`);
  await store.delete(at);
  expect("a record is deleted", (await store.get(at)) ?? null, null);
  expect("an old version of a deleted record", (await store.put(at, "d", many[won[0]])) ?? null, null);
  const again = await store.put(at, "e", undefined);
  await store.delete(at, first);
  expect("an old version deletes nothing", (await store.get(at))?.record, "e");
  await store.delete(at, again);
  expect("the version that it has deletes it", (await store.get(at)) ?? null, null);
  expect("a version is never used again", again === first, false);
  await store.put(`${at}:short`, "f", undefined, 150);
  const leases = await Promise.all(Array.from({ length: 5 }, () => store.lease(at, 60_000)));
  expect("one of five has the lease", leases.filter(Boolean).length, 1);
  await leases.find(Boolean)();
  const short = await store.lease(at, 150);
  expect("a released lease can be taken again", typeof short, "function");
  expect("but not while it is held", (await store.lease(at, 150)) === undefined, true);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const next = await store.lease(at, 60_000);
  expect("a lease expires", typeof next, "function");
  await short();
  expect("releasing an expired lease does not release the next one", (await store.lease(at, 60_000)) === undefined, true);
  await next();
  if (!store.expiresLater) expect("a record with a ttlMs expires", (await store.get(`${at}:short`)) ?? null, null);
  return { wrong };
}
