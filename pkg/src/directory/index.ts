export { type DirectoryClient, type DirectoryEvent, type DirectoryOptions, UserDirectory, type UserNews } from "./directory.js";
export type { DirectoryEntry } from "./people.js";
export type { DirectoryStore } from "./store.js";
