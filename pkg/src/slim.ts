export * from "./index.js";
export { init, type InitInput } from "./init.js";
