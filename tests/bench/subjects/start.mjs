// From before the import to the first request on the wire, in a fresh process: the server reports when it came.
const { PEER, URL: url, TOKEN: token } = process.env;
const started = Number(process.hrtime.bigint()) / 1e6;
const { open } = await import(`../peers/${PEER}.mjs`);
await open({ url, token }).getUser(1);
console.log(JSON.stringify({ started }));
process.exit();
