// What linters of a consumer's project say: of the package, nothing.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { command } from "./support/command.mjs";
import { installed, project } from "./support/project.mjs";

/** A library that calls, narrows, iterates, mocks, and has the package's types in its own declarations. */
const SOURCE = `import { ApiPromise, type AnyPipedriveError, type CallOptions, type CursorPage, ENDPOINTS, type Follower, isAdmin, isPipedriveError, NotFoundError, PipedriveError, RateLimitError, type User, UsersClient, type UsersEvent, type UsersOperations } from "pipedrive-users";
import { UserDirectory } from "pipedrive-users/directory";
import { createSandbox, fakePage } from "pipedrive-users/sandbox";
import { createUsersProxy, memoryStore, OAuth, toNodeListener, type UsersProxy, verifySignedToken } from "pipedrive-users/server";

/** @public */
export type { CursorPage, Follower, User, UsersOperations };

/** What has the client of a company. @public */
export class Company {
  readonly #client: UsersClient;
  /** The last line of each event. @public */
  readonly lines: string[] = [];

  constructor(apiToken: string | undefined) {
    this.#client = new UsersClient({ apiToken, onEvent: (event) => this.lines.push(lineOf(event)), dangerouslyAllowBrowser: true });
  }

  /** The users, or none where there is no permission. @public */
  async users(options?: CallOptions): Promise<User[]> {
    try {
      return await this.#client.getUsers(options);
    } catch (error) {
      if (isPipedriveError(error, "permission")) return [];
      throw error;
    }
  }

  /** The first page of followers. @public */
  async followers(id: number): Promise<CursorPage<Follower>> {
    return this.#client.getUserFollowers(id, { limit: 5 });
  }

  /** All followers. @public */
  async *allFollowers(id: number): AsyncGenerator<number> {
    for await (const follower of this.#client.getUserFollowers(id)) yield follower.user_id;
    for await (const page of this.#client.getUserFollowers(id).pages()) if (page.hasNextPage) yield page.items.length;
  }

  /** The status of a response. @public */
  async status(id: number): Promise<number> {
    const { data, response } = await this.#client.getUser(id).withResponse();
    return data.active_flag ? response.status : response.attempts;
  }

  /** Both at once. @public */
  async both(id: number): Promise<[User, boolean]> {
    const [user, users] = await Promise.all([this.#client.getUser(id), this.#client.getUsers()]);
    return [user, users.some((one) => isAdmin(one, "global"))];
  }

  /** @public */
  close(): void {
    this.#client.close();
  }
}

function lineOf(event: UsersEvent): string {
  switch (event.type) {
    case "response":
      return \`\${event.operation} \${String(event.status)} after \${String(event.attempt)}\`;
    default:
      return \`\${event.type} \${event.method} \${String(ENDPOINTS[event.operation].cost)}\`;
  }
}

/** What a person may read of an error. @public */
export function explain(error: unknown): string {
  if (error instanceof RateLimitError) return \`\${error.scope} until \${error.resetAt.toISOString()}\`;
  if (error instanceof PipedriveError) return error.message;
  return isPipedriveError(error) ? kindOf(error) : "unknown";
}

function kindOf(error: AnyPipedriveError): string {
  switch (error.kind) {
    case "rate_limit":
      return error.scope;
    case "not_found":
      return error.message;
    default:
      return error.kind;
  }
}

/** A name. @public */
export async function nameOf(users: Pick<UsersOperations, "getUser">, id: number): Promise<string> {
  if (id === 0) throw new NotFoundError("no such user", { status: 404 });
  return (await users.getUser(id)).name;
}

/** A directory. @public */
export const directoryOf = (client: UsersClient): UserDirectory => new UserDirectory(client, { maxAgeMs: 60_000 });

/** A company for tests. @public */
export function forTests(): { client: UsersClient; page: Promise<unknown>; one: ApiPromise<number> } {
  const { apiToken, fetch, fail } = createSandbox({ users: 5 });
  fail({ status: 503 });
  return { client: new UsersClient({ apiToken, fetch, dangerouslyAllowBrowser: true }), page: fakePage([1, 2]), one: ApiPromise.resolve(1) };
}

/** A backend. @public */
export function backend(clientId: string, clientSecret: string): UsersProxy {
  const oauth = new OAuth({ clientId, clientSecret, redirectUri: "https://app.example/callback", store: memoryStore(), encryptionKey: "none" });
  const proxy = createUsersProxy({ oauth, signedTokenSecret: clientSecret });
  toNodeListener(proxy);
  return proxy;
}

/** The user of a token. @public */
export const userOf = async (token: string, secret: string): Promise<number> => (await verifySignedToken(token, secret)).userId;
`;

/** Its tests: methods mocked by Vitest, with their types. */
const MOCKS = `import { ApiPromise, type Follower, NotFoundError, type User, UsersClient, type UsersOperations } from "pipedrive-users";
import { createSandbox, fakePage } from "pipedrive-users/sandbox";
import { expect, test, vi } from "vitest";

test("methods of a client are mocked with their types", async () => {
  const { apiToken, fetch } = createSandbox({ users: 5 });
  const client = new UsersClient({ apiToken, fetch });
  const user: User = await client.getUser(1);
  vi.spyOn(client, "getUser").mockResolvedValueOnce(user).mockRejectedValueOnce(new NotFoundError("gone", { status: 404 })).mockImplementation((id) => ApiPromise.resolve({ ...user, id }));
  expect((await client.getUser(9)).id).toBe(1);
  await expect(client.getUser(9)).rejects.toMatchObject({ kind: "not_found" });
  expect((await client.getUser(9)).id).toBe(9);
  const follower: Follower = { user_id: 7, add_time: "2026-01-01T00:00:00Z" };
  vi.spyOn(client, "getUserFollowers").mockReturnValue(fakePage([follower]));
  expect(await client.getUserFollowers(1).toArray({ limit: 2 })).toEqual([follower]);
  const fake = { getUser: vi.fn((id: number) => Promise.resolve({ ...user, id })) } satisfies Partial<UsersOperations>;
  expect((await fake.getUser(3)).id).toBe(3);
});
`;

const ESLINT = `import tseslint from "typescript-eslint";
export default tseslint.config(tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked, {
  files: ["src/**/*.ts"],
  languageOptions: { parserOptions: { projectService: true } },
});
`;

const cwd = await project("lint", {
  "package.json": `${JSON.stringify({ name: "consumer", version: "1.0.0", private: true, type: "module", main: "./lib/index.js", types: "./lib/index.d.ts", exports: { ".": { types: "./lib/index.d.ts", default: "./lib/index.js" } }, dependencies: { "pipedrive-users": "*" }, devDependencies: { vitest: "*" } })}\n`,
  "src/index.ts": SOURCE,
  "src/mocks.test.ts": MOCKS,
  "tsconfig.json": JSON.stringify({ compilerOptions: { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noPropertyAccessFromIndexSignature: true, noImplicitOverride: true, isolatedModules: true, verbatimModuleSyntax: true, declaration: true, declarationMap: true, module: "nodenext", target: "es2022", rootDir: "src", outDir: "lib", types: [], lib: ["ES2022", "DOM"] }, include: ["src"] }),
  "eslint.config.js": ESLINT,
  "api-extractor.json": JSON.stringify({ mainEntryPointFilePath: "<projectFolder>/lib/index.d.ts", apiReport: { enabled: false }, docModel: { enabled: false }, dtsRollup: { enabled: true, untrimmedFilePath: "<projectFolder>/rollup.d.ts" }, tsdocMetadata: { enabled: false }, messages: { compilerMessageReporting: { default: { logLevel: "warning" } }, extractorMessageReporting: { default: { logLevel: "warning" } }, tsdocMessageReporting: { default: { logLevel: "warning" } } } }),
});
const run = async (path, ...args) => command(process.execPath, [installed(path), ...args], { cwd });

test("tsc takes a strict consumer, and its declarations name ours", { timeout: 60_000 }, async () => {
  await run("typescript/bin/tsc");
  assert.match(await readFile(join(cwd, "lib/index.d.ts"), "utf8"), /from "pipedrive-users\/server"/);
});

test("Vitest runs the consumer's mocks", { timeout: 60_000 }, async () => {
  assert.match(await run("vitest/vitest.mjs", "run", "--dir", "src"), /Tests +1 passed/);
});

test("typescript-eslint's strict and stylistic rules, with types, find nothing", { timeout: 90_000 }, async () => {
  const found = JSON.parse(await run("eslint/bin/eslint.js", "--format", "json", "src").catch(({ message }) => assert.fail(message)));
  assert.deepEqual(found.flatMap(({ messages }) => messages), []);
  assert.equal(found.length, 2);
});

test("API Extractor finds nothing, and rolls the consumer's declarations up", { timeout: 90_000 }, async () => {
  const printed = await run("@microsoft/api-extractor/bin/api-extractor", "run", "--local", "--verbose");
  assert.ok(!/\bwarning\b.*-/i.test(printed.replace(/.*TypeScript compiler version.*/g, "").replace(/^.*newer than the bundled compiler engine.*$/gm, "")), printed);
  assert.match(printed, /API Extractor completed successfully/);
});

test("knip and depcheck find the package used, and nothing missing", { timeout: 90_000 }, async () => {
  const found = JSON.parse(await run("knip/bin/knip.js", "--reporter", "json", "--include", "dependencies,unlisted,unresolved,binaries"));
  assert.deepEqual(found.issues.filter((issue) => JSON.stringify(issue).includes("pipedrive-users")), []);
  const { dependencies, missing, invalidFiles } = JSON.parse(await run("depcheck/bin/depcheck.js", "--json", "--ignores", "typescript-eslint", ".").catch((error) => assert.fail(error.message)));
  assert.deepEqual([dependencies, Object.keys(missing), invalidFiles], [[], [], {}]);
});
