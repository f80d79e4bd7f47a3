// The garbage collector, without a flag on the command line.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
export const gc = runInNewContext("gc");

/** Collects the garbage of what is under way. */
export async function collect() {
  for (let time = 0; time < 3; time++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    gc();
  }
}
