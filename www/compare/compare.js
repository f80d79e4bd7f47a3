import { announce, h, icon } from "../dom.js";
import { formatNumber } from "../format.js";
import { makeAnswers } from "./answers.js";
import { plot } from "./plot.js";
import { middle, rounds } from "./rounds.js";

/** Puts the page together: what is compared, the plots, and the button that measures again. */

const PEERS = [
  { id: "limit", name: "by hand", about: "fetch and res.json(), with no check, no error, no timeout: the least there can be" },
  { id: "floor", name: "by hand, as safe", about: "fetch by hand with what pipedrive-users promises of a call: a timeout, no redirect followed, the limits read" },
  { id: "ours", name: "pipedrive-users", ours: true, about: "this package, as its README has it" },
  { id: "ours-drift", name: "… with onDrift", ours: true, about: "and each answer held against the documented models" },
  { id: "openapi-fetch", name: "openapi-fetch", about: "types while it is compiled, nothing at run time" },
  { id: "ky-zod", name: "ky + zod", about: "a client that checks what it gets" },
];
const WEIGHED = [
  ...PEERS.filter(({ id }) => id !== "floor" && id !== "ours-drift"),
  { id: "axios", name: "axios alone" },
  { id: "official", name: "official client", about: "Pipedrive's own, for Node.js: it needs shims in a page, so only its weight is shown" },
];
const WANTED = Number(new URLSearchParams(location.search).get("rounds")) || 7;

const milliseconds = (value) => `${value.toPrecision(3)} ms`;
const microseconds = (value) => `${(value * 1000).toFixed(0)} µs`;

const weight = plot({ title: "Bytes in a page", text: "Minified and brotli. Of axios and what is built on it the weight is what everybody pays.", peers: WEIGHED, say: (value) => `${formatNumber(value)} B`, base: "ours" });
const TIMES = {
  first: plot({ title: "The first call", text: "From the import to the first answer, in a fresh thread. The WebAssembly is unpacked and compiled in it.", peers: PEERS, say: milliseconds, base: "limit" }),
  small: plot({ title: "A small call", text: "getUser, one after the other. All of it is the client's own work: an answer of the network's takes a thousand times as long.", peers: PEERS, say: microseconds, base: "limit" }),
  list: plot({ title: "A large list", text: "getUsers with 10 000 users, 7 MB of JSON.", peers: PEERS, say: milliseconds, base: "limit" }),
};

const again = h("button.primary", { type: "button", onclick: () => void run() }, icon("play"), h("span", {}, "Run again"));
const state = h("p.note", { role: "status" }, "Being prepared …");
const main = document.getElementById("main");
main.append(h("div.view", {},
  h("header.view-head.with-action", {}, h("div", {}, h("h1", { tabIndex: -1 }, "Side by side"), h("p", {}, "This package and other ways to call the Users API, measured now, in your browser. The answers come from a sandbox in this page and are the same for all; the clients take turns, each in a thread of its own, and what you see are medians with their quarters.")), again),
  state,
  h("div.plots", {}, [weight, ...Object.values(TIMES)].map(({ node }) => node)),
  h("section.card", {}, h("h2", {}, "What is compared"),
    h("dl.peers", {}, [...PEERS, WEIGHED.at(-1)].flatMap(({ name, about }) => [h("dt", {}, name), h("dd", {}, about)])),
    h("p.note.versions", {}), h("p.note", {}, "zod compiles its checks with new Function. It may do so in the threads of this page; in a page whose Content-Security-Policy forbids it, as an app extension's should and as Workers do, zod is slower than here. pipedrive-users never does. Over a network, and in Node.js, with bounds that fail a build: BENCHMARKS.md, by cargo xtask bench."))));

/** What the builder measured. Where the page is served while it is still being made, it is waited for. */
async function facts() {
  for (;;) {
    const response = await fetch(new URL("peers/facts.json", import.meta.url));
    if (response.ok) return response.json();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}

let answers;

async function run() {
  again.disabled = true;
  delete document.documentElement.dataset.ready;
  try {
    const { bytes, versions } = await facts();
    weight.draw(Object.fromEntries(Object.entries(bytes).map(([id, value]) => [id, { value }])));
    main.querySelector(".versions").textContent = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
    answers ??= await makeAnswers();
    const seen = Object.fromEntries(PEERS.map(({ id }) => [id, []]));
    for await (const { peer, round, ...times } of rounds(PEERS.map(({ id }) => id), answers, WANTED)) {
      seen[peer].push(times);
      state.textContent = `Round ${round + 1} of ${WANTED} …`;
      const known = Object.entries(seen).filter(([, all]) => all.length);
      for (const [what, { draw }] of Object.entries(TIMES)) draw(Object.fromEntries(known.map(([id, all]) => [id, middle(all.map((one) => one[what]))])));
    }
    state.textContent = `Medians of ${WANTED} rounds, ${navigator.hardwareConcurrency} cores. A lower value is a better one.`;
    announce("Measured");
    document.documentElement.dataset.ready = "good";
  } catch (error) {
    state.textContent = `That did not work: ${error.message}`;
    document.documentElement.dataset.ready = "bad";
  } finally {
    again.disabled = false;
  }
}

void run();
