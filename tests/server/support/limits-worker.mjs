// A Worker that serves the Durable Objects of the limits to processes outside: the path is the object's name.
import { LimitsObject } from "./server.workerd.js";

export class Limits extends LimitsObject {}

export default {
  async fetch(request, env) {
    const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
    const values = await request.json();
    return Response.json(await env.LIMITS.get(env.LIMITS.idFromName(name)).reserveSlots(...values));
  },
};
