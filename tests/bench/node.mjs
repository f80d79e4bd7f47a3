// One subject with one peer, in a fresh process of Node.js: prints the figure.
const { PEER, SUBJECT, URL: url, TOKEN: token, OPTIONS = "{}" } = process.env;

// The memory of the package's own module, for those who look at it: Node.js's fetch has a module too.
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (module, imports) => {
  const instance = await instantiate(module, imports);
  if (imports.a) (globalThis.memories ??= []).push(Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory));
  return instance;
};
if (SUBJECT === "growth") globalThis.fetch = async () => new Response('{"success":true,"data":{"id":1}}');

const { open } = await import(`./peers/${PEER}.mjs`);
const { default: subject } = await import(`./subjects/${SUBJECT}.mjs`);
console.log(JSON.stringify(await subject(open({ url, token }), JSON.parse(OPTIONS))));
process.exit();
