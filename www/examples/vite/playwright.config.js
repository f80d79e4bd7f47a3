import { defineConfig } from "@playwright/test";

// `npx playwright install chromium` once, or CHROMIUM names a browser that is there.
const executablePath = process.env.CHROMIUM;
const port = process.env.PORT ?? 5199;
const baseURL = `http://localhost:${port}/`;

export default defineConfig({
  testDir: "e2e",
  use: { baseURL, launchOptions: { executablePath } },
  webServer: { command: `vite --port ${port} --strictPort`, url: baseURL },
});
