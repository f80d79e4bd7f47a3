/** What a Durable Object extends. In Workers, the build puts Cloudflare's `DurableObject` in its place, without which an object has no RPC. */
export class BaseObject {
  constructor(_state: unknown, _env: unknown) {}
}
