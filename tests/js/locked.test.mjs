// Programs whose engine, globals and prototypes are locked, or are another's.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("support/everything.mjs", import.meta.url));

/** Runs the program with flags, after a script, and returns what it prints. */
function run(flags, before = "") {
  const imported = before && [`--import=data:text/javascript,${encodeURIComponent(before)}`];
  const { stdout, stderr } = spawnSync(process.execPath, ["--no-warnings", ...flags, ...imported, program], { encoding: "utf8", timeout: 60_000 });
  return stdout || stderr;
}

/** Modules that a script of a data address cannot name by itself. */
const SES = import.meta.resolve("ses");
const HAPPY_DOM = import.meta.resolve("happy-dom");

/** Freezes a global and all that is reachable from it. */
const FREEZE = `
  const freeze = (it) => {
    if ((typeof it !== "object" && typeof it !== "function") || it === null || Object.isFrozen(it)) return;
    Object.freeze(it);
    for (const { value, get, set } of Reflect.ownKeys(it).map((key) => Object.getOwnPropertyDescriptor(it, key))) [value, get, set].forEach(freeze);
  };
  for (const name of ["Object", "Function", "Array", "Error", "TypeError", "Promise", "Map", "Set", "WeakMap", "Date", "RegExp", "Symbol", "Proxy", "Reflect", "JSON", "Math", "Number", "String", "WebAssembly", "Headers", "Response", "Request", "AbortController", "AbortSignal", "URL", "TextEncoder", "TextDecoder", "Uint8Array", "ArrayBuffer"]) freeze(globalThis[name]);`;

for (const [name, flags, before] of [
  ["nothing locked", [], ""],
  ["--frozen-intrinsics", ["--frozen-intrinsics"], ""],
  ["--disallow-code-generation-from-strings", ["--disallow-code-generation-from-strings"], ""],
  ["--disable-proto=throw", ["--disable-proto=throw"], ""],
  ["every global frozen", [], FREEZE],
  ["SES lockdown", [], `import "${SES}"; lockdown();`],
  ["SES lockdown, severe", [], `import "${SES}"; lockdown({ overrideTaming: "severe", errorTaming: "safe", stackFiltering: "concise" });`],
  ["happy-dom's window and document", [], `import { Window } from "${HAPPY_DOM}"; globalThis.window = new Window(); globalThis.document = window.document;`],
  [
    "happy-dom's classes in the place of Node's",
    [],
    `import { Window } from "${HAPPY_DOM}"; const window = new Window({ url: "http://localhost/" }); for (const name of ["document", "location", "Headers", "Response", "Request", "AbortController", "AbortSignal", "Event", "EventTarget", "URL", "URLSearchParams"]) globalThis[name] = window[name]; globalThis.window = globalThis;`,
  ],
]) {
  test(name, { timeout: 90_000 }, () => assert.equal(run(flags, before), "done\n"));
}
