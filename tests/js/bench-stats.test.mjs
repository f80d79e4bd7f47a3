// The arithmetic of the comparison with other clients.
import assert from "node:assert/strict";
import { test } from "node:test";
import { difference, keeps, median, noise, ratios, slope, spread } from "../bench/stats.mjs";
import { PARTS, partsOf, scriptsOf } from "../bench/profile.mjs";

test("the middle, and how far values are from it", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(spread([1, 1, 1, 1]), 0);
  assert.equal(spread([1, 2, 3, 4, 5]), 1);
});

test("ratios are taken round by round, so that a slow round counts for nothing", () => {
  assert.deepEqual(ratios([2, 20], [1, 10]), [2, 2]);
  assert.equal(noise([1, 10, 5], [1, 10, 5]), 0);
  assert.ok(noise([1.1, 11, 5.5], [1, 10, 5]) > 0.09);
});

test("a difference is as sure as its middles", () => {
  assert.deepEqual(difference([12, 12, 12], [2, 2, 2]), { value: 10, noise: 0 });
  const { value, noise } = difference([10, 11, 12, 13, 14], [2, 2, 2, 2, 2]);
  assert.equal(value, 10);
  assert.ok(noise > 0.03 && noise < 0.06, String(noise));
});

test("a line through points", () => {
  assert.equal(slope([[0, 5], [1, 7], [2, 9]]), 2);
  assert.equal(slope([[0, 5], [1, 5], [2, 5]]), 0);
});

test("a bound is kept, within the noise and no further", () => {
  assert.ok(keeps({ value: 1.05, most: 1.05 }));
  assert.ok(!keeps({ value: 1.06, most: 1.05 }));
  assert.ok(keeps({ value: 1.06, most: 1.05, noise: 0.02 }));
  assert.ok(!keeps({ value: 0.9, least: 0.95 }));
  assert.ok(keeps({ value: 0.94, least: 0.95, noise: 0.02 }));
  assert.ok(keeps({ value: 7 }));
});

test("a profile is divided by whose code ran, and idle time is left out", () => {
  const frame = (id, functionName, url) => ({ id, callFrame: { functionName, url } });
  const nodes = [frame(1, "(idle)", ""), frame(2, "parse", ""), frame(3, "fetch", "node:internal/fetch"), frame(4, "f1", "wasm://wasm/a"), frame(5, "f2", "wasm://wasm/b"), frame(6, "call", "file:///dist/index.js")];
  const scripts = scriptsOf({ nodes, samples: [1, 2, 3, 3, 4, 5, 6], timeDeltas: [50, 10, 10, 10, 10, 20, 40] });
  assert.equal(scripts["(native)"], 0.1);
  const parts = partsOf(scripts, { "wasm://wasm/a": 0.5 }).map((part) => Number(part.toFixed(3)));
  assert.deepEqual(parts, [0.3, 0.1, 0.4, 0.2], PARTS.join());
});
