// A thread has no import map.
import { createSandbox } from "/pipedrive-users/sandbox.js";

/** Records the sandbox's responses once, so that the measurements contain the clients' work and not the server's. */
async function recordResponses() {
  const sandbox = createSandbox({ users: 10_000, burst: 1_000_000_000, daily: 4_000_000_000 });
  const paths = ["/v1/users", ...Array.from({ length: 100 }, (_, index) => `/v1/users/${index + 1}`)];
  const responses = [];
  for (const path of paths) {
    const response = await sandbox.fetch(path, { headers: { "x-api-token": sandbox.apiToken } });
    responses.push([path, { status: response.status, headers: [...response.headers], body: await response.arrayBuffer() }]);
  }
  return { token: sandbox.apiToken, responses };
}

onmessage = async () => {
  try {
    const recording = await recordResponses();
    postMessage(recording, recording.responses.map(([, { body }]) => body));
  } catch (error) {
    postMessage({ error: String(error?.stack ?? error) });
  }
};
