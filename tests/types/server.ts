// A backend that holds the tokens: OAuth, the stores, and the proxy.
import type { CurrentUser, UsersClient } from "pipedrive-users";
import * as server from "pipedrive-users/server";
import type { Expect, Same } from "./assert.js";

export type Shapes = [
  Expect<Same<ReturnType<server.OAuth["handleInstall"]>, Promise<Response>>>,
  Expect<Same<ReturnType<server.OAuth["handleCallback"]>, Promise<Response>>>,
  Expect<Same<ReturnType<server.OAuth["handleUninstall"]>, Promise<Response>>>,
  Expect<Same<ReturnType<server.OAuth["isAuthorized"]>, Promise<boolean>>>,
  Expect<Same<ReturnType<typeof server.verifySignedToken>, Promise<server.SignedToken>>>,
  Expect<Same<server.UsersProxy, (request: Request) => Promise<Response>>>,
  Expect<Same<ReturnType<typeof server.errorResponse>, Response>>,
];

declare const kv: server.DenoKv;
declare const namespace: server.ObjectNamespace;
declare const redis: { eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>; sendCommand(): void };

export const stores: server.TokenStore[] = [
  server.memoryStore(),
  server.redisStore(redis),
  server.redisStore(redis, { prefix: "mine:" }),
  server.redisStore(async (script, keys, args) => [script, keys, args]),
  server.denoKvStore(kv),
  server.durableObjectStore(namespace),
];

/** Cloudflare's own namespace, where its type names no class: its objects are known by their `fetch` alone. */
declare const untyped: { newUniqueId(): { readonly name?: string }; idFromName(name: string): { readonly name?: string }; get(id: { readonly name?: string }): { fetch(request: Request): Promise<Response> } };
export const onWorkers = [server.durableObjectStore(untyped), server.durableObjectLimits(untyped)] as const;
// @ts-expect-error a KV namespace has no objects
server.durableObjectStore({ get: async (key: string) => key });

/** What a request may lack is refused at run time. */
export const fromHeader = (request: Request) => server.verifySignedToken(request.headers.get("authorization")?.replace(/^Bearer /, ""), "secret");
export const fromQuery = (url: URL) => server.verifySignedToken(url.searchParams.get("token"), "secret");

/** A company with its users' tokens, as a Durable Object. */
export class Company extends server.TokenObject {
  async fetch(): Promise<Response> {
    return new Response(String(await this.store.get("7:13")));
  }
}

export async function use(request: Request) {
  const oauth = new server.OAuth({ clientId: "id", clientSecret: "secret", redirectUri: "https://app.example/callback", encryptionKey: new Uint8Array(32), store: stores[0] });
  let user: CurrentUser | undefined;
  await oauth.handleCallback(request, { installed: (found) => ((user = found), "/installed"), denied: () => new Response("denied") });
  await oauth.handleCallback(request, { installed: "/installed", denied: new URL("https://app.example/denied") });
  const { id: userId, company_id: companyId } = user!;
  const client: UsersClient = oauth.client({ companyId, userId }, { maxRetries: 0 });
  await oauth.revoke({ companyId, userId });
  const { expiresAt, ...identity } = await server.verifySignedToken("a.b.c", "secret");
  const proxies = [
    server.createUsersProxy({ oauth, signedTokenSecret: "secret", allow: ["updateUser"], allowedOrigins: ["https://app.example"] }),
    server.createUsersProxy({ oauth, authenticate: async () => identity, basePath: "/pipedrive" }),
  ];
  // @ts-expect-error there is no such operation
  server.createUsersProxy({ oauth, signedTokenSecret: "secret", allow: ["deleteUser"] });
  // @ts-expect-error a user's id alone identifies no user
  oauth.client({ userId });
  // @ts-expect-error the app's secret is needed
  new server.OAuth({ clientId: "id", redirectUri: "https://app.example/callback", encryptionKey: "none" });
  // @ts-expect-error a key is needed, or "none"
  new server.OAuth({ clientId: "id", clientSecret: "secret", redirectUri: "https://app.example/callback" });
  new server.OAuth({ clientId: "id", clientSecret: "secret", redirectUri: "https://app.example/callback", encryptionKey: [new Uint8Array(32), "base64"] });
  const query: server.ExtensionQuery = server.parseExtensionQuery(new URL(request.url));
  const responses = await Promise.all(proxies.map((proxy) => proxy(request)));
  return [client.usage, expiresAt.getTime(), query.selectedIds.length, responses.map(({ status }) => status), server.errorResponse(new Error("no"))];
}
