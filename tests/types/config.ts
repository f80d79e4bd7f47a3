// What a client is made of, and what does not compile.
import { type AnyPipedriveError, cachedToken, formattingLocale, identityKey, isAdmin, isPipedriveError, languageTag, NotFoundError, parseTimestamp, PipedriveError, type OperationId, type RateLimitError, type Token, type TokenRequest, type UsersClientConfig, UsersClient, type UsersEvent } from "pipedrive-users";
import { createSandbox, type Sandbox, type SandboxOptions } from "pipedrive-users/sandbox";
import type { Expect, Same } from "./assert.js";

declare const me: Awaited<ReturnType<UsersClient["getCurrentUser"]>>;

export const good = [
  new UsersClient({ apiToken: "t" }),
  new UsersClient({ apiToken: () => "t" }),
  new UsersClient({ apiToken: async () => "t" }),
  new UsersClient({ accessToken: "t", companyDomain: "casinoroyale" }),
  new UsersClient({ accessToken: async () => "t", baseUrl: "https://backend.example" }),
  new UsersClient({ baseUrl: "https://backend.example" }),
  new UsersClient({ accessToken: async ({ refused, signal }) => `${refused ?? "t"}${signal?.aborted ?? ""}` }),
  new UsersClient({ accessToken: cachedToken(() => "t") }),
  new UsersClient({ accessToken: cachedToken(async ({ refused }) => ({ token: refused ?? "t", expiresAt: new Date() })) }),
  new UsersClient({ accessToken: cachedToken(async () => ({ token: "t", expiresAt: 1_795_348_805_000 })) }),
  // As an environment gives it: undefined is refused when the client is made.
  new UsersClient({ apiToken: undefined as string | undefined }),
  new UsersClient({ apiToken: "t", fetch, headers: { a: "b" }, timeoutMs: 1, maxRetries: 0, maxConcurrency: 1, dailyTokenBudget: 1, dangerouslyAllowBrowser: true, logger: console, logLevel: "debug", onEvent: (event: UsersEvent) => void event }),
];

export function bad() {
  // @ts-expect-error two credentials
  new UsersClient({ apiToken: "t", accessToken: "t" });
  // @ts-expect-error two credentials, with a base URL too
  new UsersClient({ apiToken: "t", accessToken: "t", baseUrl: "https://backend.example" });
  // @ts-expect-error no credential and no base URL
  new UsersClient({});
  // @ts-expect-error no credential and no base URL
  new UsersClient({ companyDomain: "casinoroyale" });
  // @ts-expect-error nothing
  new UsersClient();
  // @ts-expect-error a token is text
  new UsersClient({ apiToken: 7 });
  // @ts-expect-error a token function gives text
  new UsersClient({ apiToken: () => 7 });
  // @ts-expect-error a cached token is text
  new UsersClient({ apiToken: cachedToken(() => 7) });
  // @ts-expect-error no promise of a token
  new UsersClient({ apiToken: Promise.resolve("t") });
  // @ts-expect-error an unknown setting
  new UsersClient({ apiToken: "t", timeout: 5 });
  // @ts-expect-error another case
  new UsersClient({ apiToken: "t", baseURL: "https://backend.example" });
  // @ts-expect-error an unknown level
  new UsersClient({ apiToken: "t", logLevel: "verbose" });
  // @ts-expect-error a number
  new UsersClient({ apiToken: "t", maxRetries: "2" });
  // @ts-expect-error a header's value is text
  new UsersClient({ apiToken: "t", headers: { a: 1 } });
  // @ts-expect-error read only
  good[0]!.usage = good[0]!.usage;
  // @ts-expect-error the sandbox's options
  createSandbox({ user: 3 });
  // @ts-expect-error a number
  createSandbox({ users: "3" });
  // @ts-expect-error "rolling" or "fixed"
  createSandbox({ window: "sliding" });
}

export async function sandbox() {
  const options: SandboxOptions = { users: 3, burst: 1, window: "fixed", daily: 1, seed: 1 };
  const sandbox: Sandbox = createSandbox(options);
  const client = new UsersClient({ apiToken: sandbox.apiToken, fetch: sandbox.fetch });
  const response: Response = await sandbox.fetch(new Request("https://api.pipedrive.com/v1/users"), { headers: { authorization: `Bearer ${sandbox.accessToken}` } });
  const platform: typeof fetch = sandbox.fetch;
  createSandbox();
  return [client, response, platform, sandbox.nonAdminToken, sandbox.baseToken] as const;
}

export function errors(error: unknown) {
  if (isPipedriveError(error)) {
    type Any = Expect<Same<typeof error, AnyPipedriveError>>;
  }
  if (isPipedriveError(error, "rate_limit")) {
    type Limited = Expect<Same<typeof error, RateLimitError>>;
    const scope: "burst" | "daily" = error.scope;
    const resetAt: Date = error.resetAt;
    return [scope, resetAt] as unknown as Limited;
  }
  if (isPipedriveError(error, "not_found")) {
    const is: NotFoundError = error;
    type Kind = Expect<Same<typeof error.kind, "not_found">>;
    return is as unknown as Kind;
  }
  // @ts-expect-error an unknown kind
  isPipedriveError(error, "nonsense");
  if (error instanceof NotFoundError) {
    const base: PipedriveError = error;
    const { kind, operation, status, code, detail, requestId, retryAfterSeconds, attempts, headers, body } = error;
    type Fields = [
      Expect<Same<typeof kind, "not_found">>, Expect<Same<typeof operation, OperationId | undefined>>, Expect<Same<typeof status, number | undefined>>,
      Expect<Same<typeof code, string | number | undefined>>, Expect<Same<typeof detail, string | undefined>>, Expect<Same<typeof requestId, string | undefined>>,
      Expect<Same<typeof retryAfterSeconds, number | undefined>>, Expect<Same<typeof attempts, number>>, Expect<Same<typeof headers, Readonly<Record<string, string>>>>, Expect<Same<typeof body, string | undefined>>,
    ];
    // @ts-expect-error fields do not change
    error.status = 1;
    return base as unknown as Fields;
  }
  return undefined;
}

/** A switch over the kinds is complete without a default. */
export function advice(kind: PipedriveError["kind"]): string {
  switch (kind) {
    case "config": case "argument": case "authentication": case "permission": case "blocked": case "not_found": case "validation": case "rate_limit":
    case "server": case "connection": case "timeout": case "decode": case "api": case "unexpected_status": case "load":
      return kind;
  }
}

export const helpers = [identityKey(me), languageTag(me), formattingLocale(me), isAdmin(me, "app_of_2030"), parseTimestamp(me.last_login), parseTimestamp(me.modified)] satisfies [string, string, string, boolean, Date | null, Date | null];
export type Tokens = [Expect<Same<Token, string | ((request: TokenRequest) => string | Promise<string>)>>, Expect<Same<UsersClientConfig["timeoutMs"], number | undefined>>];

// @ts-expect-error a user of a list has no company
identityKey(good as unknown as Awaited<ReturnType<UsersClient["getUser"]>>);

/** Each type of event has what it needs. */
export function describe(event: UsersEvent): string {
  const { callId, operation, method, attempt, cost } = event;
  const common = [callId, operation, method, attempt, cost] as const;
  type Common = [
    Expect<Same<typeof callId, number>>, Expect<Same<typeof operation, OperationId>>, Expect<Same<typeof method, "GET" | "POST" | "PUT" | "DELETE">>,
    Expect<Same<typeof attempt, number>>, Expect<Same<typeof cost, number>>,
  ];
  switch (event.type) {
    case "response": case "wait":
      return event.durationMs.toFixed();
    case "retry":
      return event.text + event.durationMs.toFixed();
    case "limited": case "drift": case "deprecated":
      return event.text;
    case "request": case "shared":
      // @ts-expect-error there is no duration
      event.durationMs.toFixed();
      return event.type;
  }
}
