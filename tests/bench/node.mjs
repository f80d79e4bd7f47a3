// One subject with one peer, in a fresh process of Node.js: prints the figure.
const { PEER, SUBJECT, URL: url, TOKEN: token, OPTIONS = "{}" } = process.env;

// The memory of the package's own module, for those who look at it: Node.js's fetch has a module too.
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (module, imports) => {
  const instance = await instantiate(module, imports);
  if (imports.a) (globalThis.memories ??= []).push(Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory));
  return instance;
};
// Without a network, what is left is the client's own work.
const user = {
  id: 1, name: "James Bond", default_currency: "EUR", locale: "en_GB", lang: 1, email: "james@mi6.example", phone: null, activated: true,
  last_login: null, created: "2026-01-01 00:00:00", modified: null, has_created_company: true, access: [{ app: "sales", admin: true, permission_set_id: "1" }],
  active_flag: true, timezone_name: "Europe/London", role_id: 1, icon_url: null, is_you: true, is_deleted: false,
};
const body = JSON.stringify({ success: true, data: user });
const headers = { "content-type": "application/json", "x-ratelimit-limit": "100000", "x-ratelimit-remaining": "99999", "x-ratelimit-reset": "2" };
// A growing number of calls in the window would be memory that is free again two seconds later.
if (JSON.parse(OPTIONS).isStub) globalThis.fetch = async () => new Response(body, SUBJECT === "growth" ? {} : { headers });

const { open } = await import(`./peers/${PEER}.mjs`);
const { default: subject } = await import(`./subjects/${SUBJECT}.mjs`);
console.log(JSON.stringify(await subject(open({ url, token }), JSON.parse(OPTIONS))));
process.exit();
