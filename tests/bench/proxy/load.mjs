// Sends requests to a subject over connections that stay open, each as soon as the one before was answered.
import { Agent, get } from "node:http";

const CONNECTIONS = 32;
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

/** Resolves when a request was answered in full. */
const send = (url, headers) =>
  new Promise((resolve, reject) => {
    const request = get(url, { agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} was answered with ${response.statusCode}`));
      response.on("data", () => {}).on("end", resolve).on("error", reject);
    });
    request.on("error", reject);
  });

process.on("message", async ({ url, requests, paths, tokens }) => {
  let sent = 0;
  const connection = async () => {
    for (let index = sent++; index < requests; index = sent++) await send(url + paths[index % paths.length], { authorization: `Bearer ${tokens[index % tokens.length]}` });
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  process.send({ sent });
});
process.send({});
