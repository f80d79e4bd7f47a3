// The proxy on Node.js beside what people would use instead: processor time of the server for each request.
import { fork } from "node:child_process";
import { createHmac } from "node:crypto";
import { fileURLToPath } from "node:url";
import { PARTS, partsOf } from "./profile.mjs";
import { median, ratios } from "./stats.mjs";

const start = async (program, ...args) => {
  const child = fork(fileURLToPath(new URL(`proxy/${program}.mjs`, import.meta.url)), args);
  child.once("exit", (code) => code && process.exit(code));
  return { child, ask: (message) => new Promise((resolve) => (child.once("message", resolve), child.send(message))), ...(await new Promise((resolve) => child.once("message", resolve))) };
};

/** A signed token of a user, as Pipedrive makes it. */
function sign(userId) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ companyId: 7, userId, iat: now, exp: now + 3_000 })}`;
  return `${signed}.${createHmac("sha256", "secret").update(signed).digest("base64url")}`;
}

/** Measures microseconds of processor time for each request, of each subject in turn, and whose code took it in one more round. */
export async function proxyTimes({ rounds, requests }) {
  const [upstream, load] = await Promise.all([start("upstream"), start("load")]);
  const subjects = Object.fromEntries(await Promise.all(["handwritten", "http-proxy", "ours"].map(async (name) => [name, await start("subject", name, upstream.url)])));
  const tokens = Array.from({ length: 32 }, (_, index) => sign(index + 1));
  const loads = {
    /** Each user asks for something else than the others. */
    alone: { paths: Array.from({ length: 96 }, (_, index) => `/pipedrive/v1/users/${index + 1}`), tokens },
    /** All ask for the same as the same user. */
    shared: { paths: ["/pipedrive/v1/users/7"], tokens: tokens.slice(0, 1) },
  };
  const runs = [["alone", "handwritten"], ["alone", "again"], ["alone", "ours"], ["shared", "http-proxy"], ["shared", "again"], ["shared", "ours"]];
  const times = { alone: {}, shared: {} };
  for (let round = -1; round < rounds; round++) {
    for (const [kind, name] of runs) {
      const subject = subjects[name === "again" ? (kind === "alone" ? "handwritten" : "http-proxy") : name];
      const before = (await subject.ask({})).cpu;
      await load.ask({ url: subject.url, requests, ...loads[kind] });
      const { cpu } = await subject.ask({});
      // The first round is for the engines to compile.
      if (round >= 0) (times[kind][name] ??= []).push((cpu.user + cpu.system - before.user - before.system) / requests);
    }
  }
  const scripts = {};
  for (const name of ["handwritten", "ours"]) {
    await subjects[name].ask({ profile: "start" });
    await load.ask({ url: subjects[name].url, requests, ...loads.alone });
    scripts[name] = (await subjects[name].ask({ profile: "stop" })).scripts;
  }
  for (const { child } of [upstream, load, ...Object.values(subjects)]) child.kill();
  return { ...times, scripts };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { scripts, ...times } = await proxyTimes({ rounds: Number(process.env.ROUNDS ?? 5), requests: Number(process.env.REQUESTS ?? 4_000) });
  for (const [kind, beside] of [["alone", "handwritten"], ["shared", "http-proxy"]]) {
    for (const [name, values] of Object.entries(times[kind])) {
      console.log(kind, name, values.map((value) => value.toFixed(0)).join(" "), `median ${median(values).toFixed(0)} µs,`, `${median(ratios(values, times[kind][beside])).toFixed(2)} of ${beside}`);
    }
  }
  for (const [name, parts] of Object.entries(scripts)) console.log(name, partsOf(parts, scripts.handwritten).map((part) => `${(part * 100).toFixed(0)} %`).join(", "), `(${PARTS.join(", ")})`);
}
