import { createSandbox } from "pipedrive-users/sandbox";

/** The answers of a sandbox in this page, made once: what is measured is the clients, not what answers them. */
export async function makeAnswers() {
  const sandbox = createSandbox({ users: 10_000, burst: 1_000_000_000, daily: 4_000_000_000 });
  const paths = ["/v1/users", ...Array.from({ length: 100 }, (_, index) => `/v1/users/${index + 1}`)];
  const answers = [];
  for (const path of paths) {
    const response = await sandbox.fetch(path, { headers: { "x-api-token": sandbox.apiToken } });
    answers.push([path, { status: response.status, headers: [...response.headers], body: await response.arrayBuffer() }]);
  }
  return { token: sandbox.apiToken, answers };
}
