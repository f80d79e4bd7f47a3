// A module whose loading hangs: in every runtime, the calls that wait for it end by their own time, and a later call loads it anew. It runs
// where nothing has loaded the module yet.
import { check, newClient, same } from "./checks.mjs";
import { good, scripted } from "../script.mjs";
import { rejection } from "../wait.mjs";

/** Hangs, and loads. */
export async function hangingLoad(sdk) {
  const { fetch, requests } = scripted(() => good({ id: 7 }));
  const client = newClient(sdk, { apiToken: "secret", fetch });
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = () => new Promise(() => {});
  try {
    const errors = await Promise.all([client.getUser(7, { timeoutMs: 100 }), client.updateUser(7, { active_flag: true }, { timeoutMs: 150 })].map(rejection));
    for (const { kind, message } of errors) check(kind === "timeout" && /WebAssembly was not loaded within 1[05]0 ms/.test(message), message);
  } finally {
    WebAssembly.instantiate = instantiate;
  }
  same(requests.length, 0);
  same((await client.getUser(7)).id, 7);
  same(requests.length, 1);
}
