// Timers that a program has replaced by what throws or returns anything: each call ends, with its data or with an error of this package.
import { TIMERS } from "./support/everywhere/timers.mjs";
import { testEach } from "./support/node-world.mjs";

testEach(TIMERS);
