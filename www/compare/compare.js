import { announce, h, icon } from "../dom.js";
import { formatNumber } from "../format.js";
import { plot } from "./plot.js";
import { quartiles, rounds } from "./rounds.js";
import { inThread } from "./threads.js";

/** The comparison page: plots of bundle size and call times, measured in the visitor's browser. */

const PEERS = [
  { id: "limit", name: "by hand", about: "fetch and res.json() with no checks, no errors and no timeout: the lower bound" },
  { id: "floor", name: "by hand, as safe", about: "hand-written fetch with the guarantees of pipedrive-users: a timeout, no redirects followed, rate limits read" },
  { id: "ours", name: "pipedrive-users", ours: true, about: "this package, used as in its README" },
  { id: "ours-drift", name: "… with onDrift", ours: true, about: "the same, with each response validated against the documented models" },
  { id: "openapi-fetch", name: "openapi-fetch", about: "types at compile time, no checks at run time" },
  { id: "ky-zod", name: "ky + zod", about: "a client that validates responses" },
];
const SIZE_PEERS = [
  ...PEERS.filter(({ id }) => id !== "floor" && id !== "ours-drift"),
  { id: "axios", name: "axios alone" },
  { id: "official", name: "official client", about: "Pipedrive's own client for Node.js. It needs shims in a browser, so only its size is shown." },
];
const ROUNDS = Number(new URLSearchParams(location.search).get("rounds")) || 7;

const milliseconds = (value) => `${value.toPrecision(3)} ms`;
const microseconds = (value) => `${(value * 1000).toFixed(0)} µs`;

const sizePlot = plot({ title: "Bytes in a page", text: "Minified and compressed with Brotli, dependencies included.", peers: SIZE_PEERS, format: (value) => `${formatNumber(value)} B`, base: "ours" });
const timePlots = {
  first: plot({ title: "The first call", text: "From import to first response in a fresh thread, including decoding and compiling the WebAssembly.", peers: PEERS, format: milliseconds, base: "limit" }),
  small: plot({ title: "A small call", text: "getUser, one call after another. All of it is the client's own work: a response over a network takes about a thousand times as long.", peers: PEERS, format: microseconds, base: "limit" }),
  list: plot({ title: "A large list", text: "getUsers with 10 000 users, 7 MB of JSON.", peers: PEERS, format: milliseconds, base: "limit" }),
};

const runButton = h("button.primary", { type: "button", onclick: () => void run() }, icon("play"), h("span", {}, "Run again"));
const status = h("p.note", { role: "status" }, "Preparing …");
const main = document.getElementById("main");
main.append(h("div.view", {},
  h("header.view-head.with-action", {}, h("div", {}, h("h1", { tabIndex: -1 }, "Side by side"), h("p", {}, "This package and other ways to call the Users API, measured now in your browser. All clients receive the same responses, recorded from a sandbox in this page. They take turns, each in its own thread. The plots show medians and quartiles.")), runButton),
  status,
  h("div.plots", {}, [sizePlot, ...Object.values(timePlots)].map(({ node }) => node)),
  h("section.card", {}, h("h2", {}, "Clients"),
    h("dl.peers", {}, [...PEERS, SIZE_PEERS.at(-1)].flatMap(({ name, about }) => [h("dt", {}, name), h("dd", {}, about)])),
    h("p.note.versions", {}), h("p.note", {}, "zod compiles its validators with new Function, which the threads of this page allow. Under a Content-Security-Policy that forbids it, as app extensions should have and as Workers have, zod is slower than shown here. pipedrive-users does not use it. For measurements over a network and in Node.js, see BENCHMARKS.md and cargo xtask bench."))));

/** Loads the sizes and versions that the build measured. Retries while the build is still writing them. */
async function loadBuildFacts() {
  for (;;) {
    const response = await fetch(new URL("peers/facts.json", import.meta.url));
    if (response.ok) return response.json();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}

let recording;

async function run() {
  runButton.disabled = true;
  delete document.documentElement.dataset.ready;
  try {
    const { bytes, versions } = await loadBuildFacts();
    sizePlot.draw(Object.fromEntries(Object.entries(bytes).map(([id, value]) => [id, { value }])));
    main.querySelector(".versions").textContent = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
    recording ??= await inThread("responses.js", "the sandbox");
    const measured = Object.fromEntries(PEERS.map(({ id }) => [id, []]));
    for await (const { peer, round, ...times } of rounds(PEERS.map(({ id }) => id), recording, ROUNDS)) {
      measured[peer].push(times);
      status.textContent = `Round ${round + 1} of ${ROUNDS} …`;
      const available = Object.entries(measured).filter(([, all]) => all.length);
      for (const [metric, { draw }] of Object.entries(timePlots)) draw(Object.fromEntries(available.map(([id, all]) => [id, quartiles(all.map((one) => one[metric]))])));
    }
    status.textContent = `Medians of ${ROUNDS} rounds on ${navigator.hardwareConcurrency} cores. Lower is better.`;
    announce("Measurement finished");
    document.documentElement.dataset.ready = "ok";
  } catch (error) {
    status.textContent = `The measurement failed: ${error.message}`;
    document.documentElement.dataset.ready = "failed";
  } finally {
    runButton.disabled = false;
  }
}

void run();
