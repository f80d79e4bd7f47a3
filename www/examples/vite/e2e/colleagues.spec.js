import { expect, test } from "@playwright/test";
import { createSandbox } from "pipedrive-users/sandbox";

let sandbox;

// The page's backend is not asked: each test has a company of its own, which fails on demand.
test.beforeEach(async ({ page }) => {
  sandbox = createSandbox({ users: 5 });
  await page.route("**/pipedrive/**", async (route) => {
    const request = route.request();
    const { pathname, search } = new URL(request.url());
    const headers = { "content-type": "application/json", "x-api-token": sandbox.apiToken };
    const response = await sandbox.fetch(pathname.slice("/pipedrive".length) + search, { method: request.method(), headers, body: request.postData() ?? undefined });
    await route.fulfill({ status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() });
  });
});

test("the page lists the colleagues", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("listitem")).toHaveCount(5);
});

test("the page says what went wrong", async ({ page }) => {
  sandbox.fail({ status: 403, times: 5 });
  await page.goto("/");
  await expect(page.getByRole("status")).toContainText("getUsers: 403");
});
