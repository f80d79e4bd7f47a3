// What each client weighs in a page: minified and compressed, in bytes. What loads only when it is asked for counts only then.
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));

/** What a page does to have a client for the users of a company. */
const PAGES = {
  limit: 'import { open } from "./peers/limit.mjs"; globalThis.client = open({});',
  ours: 'import { UsersClient } from "pipedrive-users"; globalThis.client = new UsersClient({ baseUrl: "/pipedrive" });',
  "openapi-fetch": 'import { open } from "./peers/openapi-fetch.mjs"; globalThis.client = open({});',
  "ky-zod": 'import { open } from "./peers/ky-zod.mjs"; globalThis.client = open({});',
  axios: 'import axios from "axios"; globalThis.axios = axios;',
  official: 'import { UsersApi, Configuration } from "pipedrive/v1"; import { UsersApi as Followers } from "pipedrive/v2"; globalThis.client = [new UsersApi(new Configuration()), new Followers()];',
};

/** The official client asks for Node.js's own modules, which a page has to do without. */
const withoutNode = {
  name: "without-node",
  setup(build) {
    build.onResolve({ filter: /^(fs|path|url|http|https|stream|zlib|crypto|util|os|assert|events|http2|buffer|querystring|tty|net)$/ }, ({ path }) => ({ path, namespace: "none" }));
    build.onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "module.exports = {};" }));
  },
};

/**
 * Bytes by client; `options` are esbuild's, beside those that count. Brotli at its best unless another way is given. A hash in
 * a file's name differs from folder to folder, and brotli makes up to 60 bytes more or less of it.
 */
export async function bytes(options = {}, compress = brotliCompressSync) {
  const weights = {};
  for (const [name, contents] of Object.entries(PAGES)) {
    const { outputFiles } = await build({
      ...options, stdin: { contents, resolveDir: here }, plugins: [withoutNode],
      bundle: true, minify: true, format: "esm", platform: "browser", splitting: true, chunkNames: "[name]", outdir: "out", write: false, logLevel: "error",
    });
    weights[name] = compress(outputFiles.find(({ path }) => path.endsWith("stdin.js")).contents).length;
  }
  return weights;
}
