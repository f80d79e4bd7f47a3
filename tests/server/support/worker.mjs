// A Worker whose store is in Durable Objects.
import * as server from "./server.workerd.js";
import { carryOut } from "./work.mjs";

export class Tokens extends server.TokenObject {}

export default {
  async fetch(request, env) {
    const work = await request.json();
    const crashed = new Promise((resolve) => (work.die = () => (resolve({ died: true }), new Promise(() => {}))));
    return Response.json(await Promise.race([crashed, carryOut(server, server.durableObjectStore(env.TOKENS), work, work.die)]));
  },
};
