// No error, log line or event ever holds a credential: of any number of concurrent calls, in every form in which servers
// repeat it, and wherever a text is cut.
import { SECRETS } from "./support/everywhere/secrets.mjs";
import { testEach } from "./support/node-world.mjs";

testEach(SECRETS);
