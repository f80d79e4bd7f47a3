// BENCHMARKS.md: the figures that people choose by, and what each client does for them.

import { PARTS } from "./profile.mjs";

/** The peers, by the names of their files. */
export const NAMES = { ours: "pipedrive-users", official: "official client", "openapi-fetch": "openapi-fetch", "ky-zod": "ky + zod", limit: "`fetch` by hand", patient: "`fetch` by hand with a timeout", floor: "the floor" };

/** The peers that have a column. */
const COLUMNS = ["ours", "official", "openapi-fetch", "ky-zod", "limit", "patient", "floor"];

/** What each does, in the order of the columns but for those by hand, which do nothing of it. */
const FEATURES = [
  ["all ten operations with types", "yes", "yes", "from an OpenAPI file", "by hand"],
  ["wrong arguments are refused before anything is sent", "yes", "missing ones", "no", "no"],
  ["waits instead of running into the burst limit", "yes", "no", "no", "no"],
  ["repeats what failed in passing, never a POST that may have been processed", "yes", "no", "no", "repeats, GET and PUT alike"],
  ["a time limit for each call", "30 s", "no", "no", "10 s"],
  ["a daily budget, and what each operation has cost", "yes", "no", "no", "no"],
  ["identical reads at the same time share a request", "yes", "no", "no", "no"],
  ["pages are followed by `for await`", "yes", "no", "no", "no"],
  ["errors by kind, with what to do", "yes", "one kind", "no", "one kind"],
  ["credentials are kept out of errors", "yes", "no", "no", "no"],
  ["reports where a response differs from the documentation", "yes", "no", "no", "refuses it"],
  ["OAuth with refresh", "in `pipedrive-users/server`", "yes", "no", "no"],
  ["a sandbox to test with", "yes", "no", "no", "no"],
];

const line = (cells) => `| ${cells.join(" | ")} |`;

/** The page. */
export function report({ table, parts, machine, rounds, warmUp }) {
  const figures = table.map((figure) => line([`${figure.what}, ${figure.where}`, ...COLUMNS.map((peer) => figure[peer] ?? "")]));
  return `# Benchmarks

This package beside what people would use instead, all on the same sandbox over the loopback, in turn, each round in a fresh process
or page (a page of the sandbox's own origin, in a Chromium that no debugger is attached to). Figures are medians of ${rounds} rounds; in
Node.js, calls are measured after ${warmUp} others, as in a server that has run for some seconds.

${line(["Figure", ...COLUMNS.map((peer) => NAMES[peer])])}
|---|${"---:|".repeat(COLUMNS.length)}
${figures.join("\n")}

- **\`fetch\` by hand** is \`fetch\` and \`res.json()\` without any check. With a timeout it also has a signal to cancel with, and keeps
  the text for an error. **The floor** does besides what this package promises of a call: it follows no redirect, leaves nothing in
  a cache, reads the limits and remembers where the call was made.
- **In Chromium** a call that leaves nothing in the cache is the faster one, which is why \`fetch\` by hand is not ahead.
- **CPU of a small call without a network** has a \`fetch\` that returns a \`Response\` at once: what is left is the client's own work,
  and that of the runtime's \`Response\`.
- **In a page** is what esbuild makes of a page with one client, compressed with brotli at quality 11 or gzip at level 9.
  \`pipedrive-users\` contains its WebAssembly, and loads nothing else.

${machine}. The machine is shared: compare figures of one row, not of two runs. \`www/compare\`, which \`cargo xtask demo\` serves,
measures the same live in your own browser; \`cargo xtask bench\` makes this page, from the short files in \`tests/bench/\`.

## Where the time goes

Microseconds of processor time in Node.js, by whose code runs, from a profile. The engine is memory that is cleaned up, JSON, strings,
and what the system does for the network.

${line(["What", "Who", "all", ...PARTS])}
|---|---|${"---:|".repeat(PARTS.length + 1)}
${parts.map(({ what, who, time, microseconds }) => line([what, who, time, ...microseconds])).join("\n")}

## What each does

${line(["What", ...COLUMNS.slice(0, 4).map((peer) => NAMES[peer])])}
|---|${"---|".repeat(4)}
${FEATURES.map(line).join("\n")}
`;
}
