import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { browserAndServer } from "./server.mjs";
import { open } from "./browser.mjs";

/** The guide's hook for React, with React itself: it stands in the page as the guide shows it. */

const here = browserAndServer();

test("the hook is at most 15 lines beside its imports, shows names and renders again when they change", { timeout: 60_000 }, async () => {
  const guide = await readFile(new URL("../../www/docs/guide/directory.md", import.meta.url), "utf8");
  const [, recipe] = /^```jsx\n([^]*?)^```$/m.exec(guide);
  assert.ok(recipe.split("\n").filter((line) => line.trim() && !line.startsWith("import ")).length <= 15);
  const folder = await mkdtemp(fileURLToPath(new URL("../.react-", import.meta.url)));
  try {
    await writeFile(join(folder, "client.js"), `import { UsersClient } from "pipedrive-users";
      import { createSandbox } from "pipedrive-users/sandbox";
      const { apiToken, fetch } = createSandbox();
      export const client = new UsersClient({ apiToken, fetch, dangerouslyAllowBrowser: true });`);
    // The test changes a user through the recipe's own directory.
    await writeFile(join(folder, "names.jsx"), `${recipe}\nObject.assign(globalThis, { directory, client });`);
    await writeFile(join(folder, "main.jsx"), `import { createRoot } from "react-dom/client";
      import { useUserName } from "./names.jsx";
      globalThis.renders = 0;
      const Owner = ({ id }) => (globalThis.renders++, <li>{useUserName(id)}</li>);
      createRoot(document.body).render(<ul>{[1, 2, 3, 99].map((id) => <Owner key={id} id={id} />)}</ul>);`);
    const { outputFiles } = await build({ entryPoints: [join(folder, "main.jsx")], bundle: true, write: false, format: "iife", jsx: "automatic", define: { "process.env.NODE_ENV": '"production"' } });
    const { page, faults, close } = await open(here.browser, `${here.server.origin}/test-pages/blank.html`);
    await page.addScriptTag({ content: outputFiles[0].text });
    const names = () => page.locator("li").allTextContents();
    await page.waitForFunction(() => document.querySelectorAll("li").length === 4 && !document.querySelector("li").textContent.startsWith("User "));
    const before = await names();
    assert.equal(before[3], "User 99");
    const renders = await page.evaluate(() => new Promise((resolve) => setTimeout(() => resolve(globalThis.renders), 200)));
    const isMerged = await page.evaluate(async () => {
      const { directory, client } = globalThis;
      const companyId = (await client.getCurrentUser()).company_id;
      return directory.merge({ id: 2, companyId, at: Date.now(), members: { name: "Vesper Lynd" } });
    });
    assert.equal(isMerged, true);
    await page.waitForFunction(() => document.querySelectorAll("li")[1].textContent === "Vesper Lynd");
    assert.deepEqual(await names(), [before[0], "Vesper Lynd", before[2], before[3]]);
    assert.ok(await page.evaluate((renders) => globalThis.renders - renders <= 8, renders), "a render for each owner, and one when the rest came");
    await close();
    assert.deepEqual(faults, []);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
