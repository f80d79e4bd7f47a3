// One subject with one peer, in a fresh process of Node.js: prints the figure.
const { PEER, SUBJECT, URL: url, TOKEN: token, OPTIONS = "{}" } = process.env;

// The modules' memories, for those who look at them.
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...all) => {
  const instance = await instantiate(...all);
  const memory = Object.values(instance.exports ?? {}).find((value) => value instanceof WebAssembly.Memory);
  if (memory) (globalThis.memories ??= []).push(memory);
  return instance;
};
if (SUBJECT === "growth") globalThis.fetch = async () => new Response('{"success":true,"data":{"id":1}}');

const { open } = await import(`./peers/${PEER}.mjs`);
const { default: subject } = await import(`./subjects/${SUBJECT}.mjs`);
console.log(JSON.stringify(await subject(open({ url, token }), JSON.parse(OPTIONS))));
process.exit();
