/** The page's Content-Security-Policy requires a TrustedScriptURL for a worker. */
const rules = { createScriptURL: (path) => new URL(path, import.meta.url).href };
const policy = globalThis.trustedTypes?.createPolicy("threads", rules) ?? rules;

/** Has a script of this folder do its work in a new thread, and returns what it responds. `what` names it in an error. */
export function inThread(script, what, message = {}) {
  const worker = new Worker(policy.createScriptURL(script), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error === undefined ? resolve(data) : reject(new Error(`${what}: ${data.error}`)));
    worker.onerror = (event) => reject(new Error(`${what}: ${event.message ?? "its script could not be loaded"}`));
    worker.postMessage(message);
  }).finally(() => worker.terminate());
}
