export * from "./index.js";
export { init, type WasmGiven } from "./given.js";
