// Real browsers, each started on a page that reports by itself: no driver is needed.
import { createServer } from "node:http";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { command, start } from "./command.mjs";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8", ".wasm": "application/wasm", ".css": "text/css" };

/** What a backend does that adds the token. */
async function forward(request, response, { url, apiToken }) {
  const body = Buffer.concat(await request.toArray());
  const reply = await fetch(url + request.url.slice("/pipedrive".length), { method: request.method, headers: { "x-api-token": apiToken, "content-type": request.headers["content-type"] ?? "" }, ...(body.length && { body }) });
  response.writeHead(reply.status, { "content-type": reply.headers.get("content-type") ?? "" }).end(Buffer.from(await reply.arrayBuffer()));
}

/** Serves a folder. Reports what scripts a page loaded, as a compressing server sends them. With a sandbox, it is at /pipedrive. */
export async function serveFolder(folder, headers = {}, sandbox = undefined) {
  const loaded = new Map();
  const server = createServer(async (request, response) => {
    const { url, headers: { host } } = request;
    const path = decodeURIComponent(new URL(url, "http://page").pathname);
    if (sandbox && path.startsWith("/pipedrive/")) return forward(request, response, sandbox);
    try {
      const file = join(folder, normalize(path.endsWith("/") ? `${path}index.html` : path));
      const bytes = await readFile(file);
      if (/\.(m?js|wasm)$/.test(file)) loaded.set(file, brotliCompressSync(bytes).length);
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "access-control-allow-origin": "*", ...headers[path]?.(`http://${host}`) }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => (server.close(), server.closeAllConnections());
  return { origin: `http://127.0.0.1:${server.address().port}`, bytes: () => [...loaded.values()].reduce((sum, bytes) => sum + bytes, 0), close };
}

/** Where pages report. */
async function reports() {
  let report;
  const reported = new Promise((resolve) => (report = resolve));
  const server = createServer(async (request, response) => {
    const text = Buffer.concat(await request.toArray()).toString();
    response.writeHead(204, { "access-control-allow-origin": "*", "access-control-allow-headers": "*" }).end();
    if (request.method === "POST") report(JSON.parse(text));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, reported, close: () => (server.close(), server.closeAllConnections()) };
}

const CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-port=0"];

/** Nothing that calls home. */
const FIREFOX = Object.entries({
  "network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false, "app.update.enabled": false, "app.normandy.enabled": false, "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false, "browser.shell.checkDefaultBrowser": false, "datareporting.policy.dataSubmissionEnabled": false, "toolkit.telemetry.enabled": false, "extensions.update.enabled": false,
  "services.settings.server": "http://127.0.0.1:9/", "browser.startup.homepage_override.mstone": "ignore", "browser.aboutwelcome.enabled": false, "datareporting.policy.dataSubmissionPolicyBypassNotification": true,
}).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join("");

const WEBKIT = ["/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser", "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.0/MiniBrowser"];

const BROWSERS = {
  Chromium: (profile, url) => [process.env.CHROMIUM ?? "/usr/bin/chromium", [...CHROMIUM, `--user-data-dir=${profile}`, url]],
  Firefox: (profile, url) => [process.env.FIREFOX ?? "firefox-esr", ["--headless", "--no-remote", "--new-instance", "--profile", profile, url]],
  WebKit: (profile, url) => ["xvfb-run", ["-a", process.env.WEBKIT ?? WEBKIT[0], "--private", url]],
};

const VERSIONS = {
  Chromium: async () => /[\d.]+/.exec(await command(process.env.CHROMIUM ?? "/usr/bin/chromium", ["--version", "--no-sandbox"]))[0],
  Firefox: async () => /[\d.]+/.exec(await command(process.env.FIREFOX ?? "firefox-esr", ["--version"]))[0],
  WebKit: async () => /Version: ([\d.]+)/.exec(await command("dpkg", ["-s", "webkit2gtk-driver"]))?.[1] ?? "?",
};

export const versionOf = (browser) => VERSIONS[browser]();

/** Opens a page in a browser, and gives what it reports. */
export const visit = (browser, url, facts, seconds = 60) =>
  open(browser, async (report) => [`${url}${url.includes("?") ? "&" : "?"}${new URLSearchParams({ url: facts.url, apiToken: facts.apiToken, report })}`], seconds);

/** Starts Chromium with an extension, and gives what its background reports. `facts.js` in its folder is where it finds the sandbox. */
export const extension = (folder, { url, apiToken }, seconds = 60) =>
  open("Chromium", async (report) => {
    await writeFile(join(folder, "facts.js"), `export const facts = ${JSON.stringify({ url, apiToken, report })};\n`);
    return ["about:blank", `--load-extension=${folder}`, `--disable-extensions-except=${folder}`, "--disable-features=DisableLoadExtensionCommandLineSwitch"];
  }, seconds);

/** Starts a browser on what `prepare` returns, an address and more arguments, and gives what is reported. */
async function open(browser, prepare, seconds) {
  const { url: report, reported, close } = await reports();
  const profile = await mkdtemp(join(tmpdir(), "profile-"));
  if (browser === "Firefox") await writeFile(join(profile, "user.js"), FIREFOX);
  const [url, ...more] = await prepare(report);
  const [program, args] = BROWSERS[browser](profile, url);
  args.unshift(...more);
  const running = await start(program, args, { env: { HOME: profile, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1", LIBGL_ALWAYS_SOFTWARE: "1" } });
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`${browser} reported nothing from ${url} in ${seconds} s: ${running.log().slice(-1500)}`)), seconds * 1000).unref());
  try {
    const { result, error } = await Promise.race([reported, late]);
    if (error) throw new Error(`${browser} on ${url}: ${error}`);
    return result;
  } finally {
    running.stop();
    close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }).catch(() => undefined);
  }
}
