// Counted work: the instructions of the core's hot paths, beside those of `counts/counts.json`. They are the same on a busy
// machine, so that a change of a few per cent is seen; another compiler makes other ones, which are reported and not judged.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const RECORD = here("counts/counts.json");

/** How much more a path may take than was recorded. */
const TOLERANCE = 0.02;

/** How the harness's names are reported. */
const PATHS = { request: "two requests checked and written", envelope: "the envelope of a response", headers: "a response's headers, and the limits learned", retry: "six decisions after failures", drift: "100 users validated against their model" };

const rustc = () => execFileSync("rustc", ["--version"], { encoding: "utf8" }).trim();

const cargo = (args, env = {}) => {
  const { status } = spawnSync("cargo", args, { cwd: here("../.."), env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`cargo ${args.join(" ")} failed`);
};

/** Counts: the instructions of each path. */
function counted() {
  const { target_directory: target } = JSON.parse(execFileSync("cargo", ["metadata", "--format-version=1", "--no-deps"], { cwd: here("../.."), maxBuffer: 1 << 26 }));
  cargo(["build", "--quiet", "--release", "--package=counts", "--bin=count-runner"]);
  cargo(["bench", "--quiet", "--package=counts"], { GUNGRAUN_RUNNER: `${target}/release/count-runner`, GUNGRAUN_SAVE_SUMMARY: "json", GUNGRAUN_HOME: `${target}/gungraun` });
  return Object.fromEntries(
    Object.keys(PATHS).map((path) => {
      const { profiles } = JSON.parse(readFileSync(`${target}/gungraun/counts/hot_paths/paths/${path}.case/summary.json`, "utf8"));
      return [path, profiles[0].data.total.metrics.Ir.values.new];
    }),
  );
}

/** Counts, and holds the counts to the record: a row for each path. */
export function counts() {
  const compiler = rustc();
  const record = JSON.parse(readFileSync(RECORD, "utf8"));
  const isSame = record.compiler === compiler;
  if (!isSame) console.log(`the record is of ${record.compiler}, this is ${compiler}: its counts are reported, and not judged`);
  return Object.entries(counted()).map(([path, instructions]) => {
    const most = record.counts[path] * (1 + TOLERANCE);
    const isKept = !isSame || instructions <= most;
    console.log(`${isKept ? " " : "✗"} ${PATHS[path]}: ${instructions} instructions, recorded ${record.counts[path]}`);
    return { path: PATHS[path], instructions, recorded: record.counts[path], isKept };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { record: { type: "boolean", default: false } } });
  if (values.record) {
    writeFileSync(RECORD, `${JSON.stringify({ compiler: rustc(), counts: counted() }, null, 2)}\n`);
  } else process.exitCode = counts().every(({ isKept }) => isKept) ? 0 : 1;
}
