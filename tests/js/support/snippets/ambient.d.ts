// What a block on a page may take for granted: a client, an OAuth and a few values of the reader's own.
declare const client: import("pipedrive-users").UsersClient;
declare const me: import("pipedrive-users").CurrentUser;
declare const oauth: import("pipedrive-users/server").OAuth;
declare const store: import("pipedrive-users/server").TokenStore;
declare const OAuth: typeof import("pipedrive-users/server").OAuth;
declare const UsersClient: typeof import("pipedrive-users").UsersClient;
declare const createUsersProxy: typeof import("pipedrive-users/server").createUsersProxy;
declare const CLIENT_ID: string, CLIENT_SECRET: string, REDIRECT_URI: string, ENCRYPTION_KEY: string, OAUTH_URL: string, JWT_SECRET: string;
declare function sessionOf(request: Request): Promise<{ userId: number } | undefined>;
declare const process: { env: Record<string, string | undefined>; execPath: string };
declare module "node:http" {
  export function createServer(listener: (request: never, response: never) => void): { listen(port: number, host?: string): void; close(): void };
}
declare module "node:test" {
  export function test(name: string, body: () => Promise<void> | void): void;
}
declare module "node:assert/strict" {
  const assert: { equal(actual: unknown, expected: unknown): void; deepEqual(actual: unknown, expected: unknown): void; rejects(promise: Promise<unknown>, expected?: object): Promise<void> };
  export default assert;
}
declare module "vitest" {
  export function test(name: string, body: () => Promise<void> | void): void;
  export function expect(value: unknown): { toBe(value: unknown): void; toEqual(value: unknown): void; toMatchObject(value: unknown): void; rejects: { toMatchObject(value: unknown): Promise<void> } };
}
declare const tracer: { startSpan(name: string, options: object): { setAttribute(name: string, value: unknown): void; setStatus(status: { code: number; message?: string }): void; end(): void } };
