import { createUsersProxy } from "pipedrive-users/server";
import { company } from "./company.js";

export const proxy = createUsersProxy({
  ...company,
  basePath: "/pipedrive",
  // Replace this with your own sign-in: anyone it lets in acts as the owner of the token.
  authenticate: (request) => (new URL(request.url).hostname === "localhost" ? { companyId: 1, userId: 1 } : undefined),
});
