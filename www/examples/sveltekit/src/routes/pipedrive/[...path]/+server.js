import { createUsersProxy } from "pipedrive-users/server";
import { company } from "$lib/server/company.js";

const proxy = createUsersProxy({
  ...company,
  basePath: "/pipedrive",
  // Replace this with your own sign-in: everybody it lets in acts as the owner of the token.
  authenticate: (request) => (new URL(request.url).hostname === "localhost" ? { companyId: 1, userId: 1 } : undefined),
});

export const fallback = ({ request }) => proxy(request);
