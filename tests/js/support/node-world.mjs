// The scenarios of every runtime as tests in Node.js.
import { test } from "node:test";
import { inspect } from "node:util";
import { createContext, runInContext } from "node:vm";
import * as sdk from "pipedrive-users";
import { runScript } from "./child.mjs";
import { run } from "./everywhere/index.mjs";

const unhandled = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));

const context = createContext();
export const WORLD = { unhandled, inspect, evaluate: (text) => runInContext(`(${text})`, context) };

/** Makes a test of each. */
export function testEach(scenarios) {
  for (const [name, scenario] of Object.entries(scenarios)) test(name, { timeout: 60_000 }, () => run(scenario, sdk, WORLD));
}

/** Makes a test of each scenario of a kind, each in a process of its own. */
export function testEachAlone(kind, scenarios) {
  test(`${kind}, each in a process of its own`, { timeout: 120_000, concurrency: 4 }, (t) => Promise.all(Object.keys(scenarios).map((name) => t.test(name, () => runScript(`
    import * as sdk from "pipedrive-users";
    import { KINDS, run } from "./everywhere/index.mjs";
    const unhandled = [];
    process.on("unhandledRejection", (reason) => unhandled.push(reason));
    await run(KINDS[${JSON.stringify(kind)}][${JSON.stringify(name)}], sdk, { unhandled });
    console.log("0");`)))));
}
