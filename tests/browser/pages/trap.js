// What the module's faults come to in a page. The test calls these.
import { UsersClient as Users } from "/faulty/index.js";
import { inARow, report } from "/support/trap.mjs";

/** A client that may have a token here, since the token is worth nothing. */
class UsersClient extends Users {
  constructor(config) {
    super({ dangerouslyAllowBrowser: true, ...config });
  }
}

globalThis.faults = { report: () => report(UsersClient), inARow: () => inARow(UsersClient, 20) };
document.documentElement.dataset.ready = "yes";
