// A fault of the module in workerd: all calls get an error, later ones work, and no error is unhandled.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { check, FAULTS } from "../js/support/trap.mjs";
import { start } from "./start.mjs";

const dist = process.env.PIPEDRIVE_USERS_FAULTY_DIST;
if (!dist) throw new Error("set PIPEDRIVE_USERS_FAULTY_DIST to a build that can fault on purpose (xtask)");

let worker;
let reported;
before(async () => (worker = await start(dist)));
after(() => worker?.stop());

for (const [index, fault] of FAULTS.entries()) {
  test(`${fault} in workerd: all calls of all clients get a LoadError, and later calls work`, { timeout: 60_000 }, async () => {
    const { result, unhandled } = await (reported ??= worker.ask("/faults"));
    assert.deepEqual(unhandled, []);
    assert.equal(result[index].fault, fault);
    check(assert, result[index]);
  });
}

test("20 faults in a row in workerd", { timeout: 60_000 }, async () => {
  const { result, unhandled } = await worker.ask("/faults-in-a-row");
  assert.deepEqual(unhandled, []);
  assert.deepEqual(result, Array(20).fill(["load", 1]).flat());
});

test("workerd itself logs nothing", () => assert.deepEqual(worker.lines, []));
