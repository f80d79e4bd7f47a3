// What shared limits cost, with real processes and stores against the sandbox, and in the simulation of many more: `cargo xtask
// bench --limits`. With `--quick` less is measured; otherwise the tables of LIMITS.md are written.
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { openStore, runScenario, startProcess } from "../server/support/limits.mjs";

const isQuick = process.argv.includes("--quick");
const NAMES = { none: "none (one process)", redis: "Redis", object: "Durable Objects (workerd)", kv: "Deno KV" };
const HEAD = ["limits", "calls arrive", "calls / 2 s", "processes", "calls", "429s", "failed", "time / least", "trips / call", "p95 wait, ms (least)", "p95 trip, ms", "late timers, ms"];
const BUDGET_HEAD = ["limits", "processes", "calls", "cost of all calls", "`dailyTokenBudget`", "spent", "429s", "refused by the client"];

/** Store, numbers of processes, patterns, limits, round trips. */
const PARTS = isQuick
  ? [["redis", [1, 4], ["once"], [20], [80]]]
  : [
      ["none", [1], ["once", "0.5"], [20, 80], [80]],
      ["redis", [1, 2, 4, 8, 16], ["once", "0.5"], [20, 80], [80]],
      ["redis", [8], ["once"], [20, 80], [5, 400]],
      ["object", [1, 2, 4, 8, 16], ["once"], [20, 80], [80]],
      ["object", [1, 4, 16], ["0.5"], [20, 80], [80]],
      ["kv", [1, 4], ["once", "0.5"], [20, 80], [80]],
    ];

/** Store and numbers of processes of the second table: calls that want more of the day than the budget has. */
const BUDGETS = isQuick ? [["redis", [4]]] : [["redis", [1, 4, 16]], ["object", [1, 4, 16]], ["kv", [1, 4]]];
const BUDGET = 1_000;

const rows = [];
for (const [kind, counts, patterns, limits, roundTrips] of PARTS) {
  const store = await openStore(kind);
  const all = Array.from({ length: Math.max(...counts) }, () => startProcess(store.runtime));
  for (const pattern of patterns) {
    for (const limit of limits) {
      for (const roundTripMs of roundTrips) {
        for (const count of counts) {
          const calls = isQuick ? 60 : 240;
          const row = await runScenario(store, all.slice(0, count), { pattern, limit, roundTripMs, calls, isWarm: kind !== "none" });
          const arrival = `${pattern === "once" ? "all at once" : `at ${pattern} of the limit`}${roundTripMs === 80 ? "" : `, ${roundTripMs} ms each`}`;
          rows.push([NAMES[kind], arrival, limit, count, calls, row.refused, row.failed, row.factor.toFixed(2), row.tripsPerCall.toFixed(2), `${Math.round(row.p95)} (${Math.round(row.leastP95)})`, kind === "none" ? "" : row.tripP95.toFixed(1), row.lateP95.toFixed(1)]);
          console.log(rows.at(-1).join(" | "), row.failed ? JSON.stringify(row.failures) : "");
        }
      }
    }
  }
  all.forEach((process) => process.stop());
  await store.stop();
}

const wrong = [];
const budgets = BUDGETS.map(async ([kind, counts]) => {
  const rows = [];
  for (const count of counts) {
    // A store of its own: what was spent of a company's day stays spent.
    const store = await openStore(kind);
    const all = Array.from({ length: count }, () => startProcess(store.runtime));
    const [calls, cost] = [96, 20];
    const row = await runScenario(store, all, { limit: 80, roundTripMs: 20, calls, cost, daily: 100_000, dailyTokenBudget: BUDGET });
    const failures = Object.entries(row.failures);
    const refused = row.failures["rate_limit/daily"]?.count ?? 0;
    rows.push([NAMES[kind], count, calls, calls * cost, BUDGET, row.spent, row.refused, refused]);
    console.log(rows.at(-1).join(" | "), row.failed === refused ? "" : JSON.stringify(failures));
    if (row.spent !== BUDGET || row.refused > 0 || row.failed !== refused) wrong.push(`${NAMES[kind]}, ${count} processes: ${row.spent} of ${BUDGET} spent ${JSON.stringify(failures)}`);
    all.forEach((process) => process.stop());
    await store.stop();
  }
  return rows;
});
const budgetRows = (await Promise.all(budgets)).flat();

const line = (cells) => `| ${cells.join(" | ")} |\n`;
const tableOf = (head, rows) => [line(head), `${"|---".repeat(head.length)}|\n`, ...rows.map(line)].join("");
if (!isQuick) {
  const file = new URL("../../LIMITS.md", import.meta.url);
  const replaced = (page, name, content) => page.replace(new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- /${name} -->)`), (_, begin, end) => begin + content + end);
  const page = replaced(replaced(await readFile(file, "utf8"), "limits", tableOf(HEAD, rows)), "budgets", tableOf(BUDGET_HEAD, budgetRows));
  await writeFile(file, replaced(page, "scale", await simulated()));
}

/** The table of the simulation, whose rows are its output. */
async function simulated() {
  const args = ["test", "--quiet", "--release", "--lib", "--features", "sandbox,server", "--", "simulation::many_processes_share_one_token", "--nocapture"];
  const { stdout } = await promisify(execFile)("cargo", args, { cwd: new URL("../..", import.meta.url), env: { ...process.env, LIMITS_SCALE: "1" } });
  const head = ["processes", "calls / 2 s", "calls arrive", "429s", "trips / call", "trips / s", "memory, kB", "trips of a million calls"];
  return tableOf(head, stdout.match(/^\|.*\n/gm).map((row) => row.trim().slice(2, -2).split(" | ")));
}

if (rows.some(([, , , , , refused, failed]) => refused + failed > 0)) {
  console.error("a call was refused or failed");
  process.exitCode = 1;
}
if (wrong.length > 0) {
  console.error(`a budget was not spent exactly:\n${wrong.join("\n")}`);
  process.exitCode = 1;
}
