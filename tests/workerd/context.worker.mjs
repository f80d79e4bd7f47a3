// A client at module level in a Worker of several users, what waits for its calls, and a Durable Object.
import { AsyncLocalStorage } from "node:async_hooks";
import { DurableObject, env } from "cloudflare:workers";
import { UsersClient } from "./index.workerd.js";

const unhandled = [];
addEventListener("unhandledrejection", (event) => unhandled.push(String(event.reason)));

const session = new AsyncLocalStorage();
const client = new UsersClient({
  baseUrl: env.BASE,
  logLevel: "off",
  async accessToken({ refused }) {
    const user = session.getStore();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
    if (session.getStore() !== user) throw new Error(`it was ${user}, and is ${session.getStore()}`);
    return `${user}-${refused ? 2 : 1}`;
  },
});
const own = new UsersClient({ baseUrl: env.BASE, apiToken: "secret", logLevel: "off" });

/** A user's calls: the same reads as another's, and writes to a record of their own. */
const work = (user, id) =>
  session.run(user, () =>
    Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        const { name } = await (index % 2 ? client.getCurrentUser() : client.updateUser(id, { active_flag: index % 4 === 0 }));
        return [name, session.getStore()];
      }),
    ),
  );

export class Keeper extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(() => own.getUser(7).then(({ id }) => (this.first = id)));
    ctx.blockConcurrencyWhile(() => own.getUser(8));
  }

  user(id) {
    return own.getUser(id);
  }

  async both() {
    return [this.first, (await this.ctx.blockConcurrencyWhile(() => own.getUser(9))).id];
  }
}

const keeper = () => env.KEEPER.get(env.KEEPER.idFromName("one"));

const PATHS = {
  "/users": (url) => work(url.searchParams.get("user"), Number(url.searchParams.get("id"))),
  // Several users in one request, as of a queue's batch.
  "/batch": () => Promise.all([1, 2, 3].map((id) => work(`user-${id}`, id))),
  "/waits": (url, ctx) => {
    const id = Number(url.searchParams.get("id"));
    ctx.waitUntil(url.searchParams.has("pages") ? own.getUserFollowers(id) : own.updateUser(id, { active_flag: false }));
  },
  "/object": async () => [(await keeper().user(7)).id, await keeper().both(), await keeper().user(404).catch(({ message }) => message)],
};

export default {
  async fetch(request, _, ctx) {
    const url = new URL(request.url);
    const result = await PATHS[url.pathname](url, ctx);
    return Response.json({ result, unhandled: unhandled.splice(0) });
  },
};
