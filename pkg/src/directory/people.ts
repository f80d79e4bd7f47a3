import type { User } from "../index.js";
import { LETTERS, LONGEST_QUERY } from "../generated/directory-data.js";
import type { Exports } from "../generated/directory.js";

/** A user of the company, as every caller may know them: `is_you`, which depends on the caller, is not kept. */
export type DirectoryEntry = Readonly<Omit<User, "is_you">> & {
  /** Whether the user can log in, was deactivated, or was deleted. */
  readonly status: "active" | "deactivated" | "deleted";
};

/** What is known of a user: a record as it came, or an entry. */
export type Known = Partial<User> & { readonly id: number };

/** Returns a text in lower case, without accents. */
const fold = (text: string): string =>
  /[^\0-\x7f]/.test(text) ? text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\0-\x7f]/g, (letter) => LETTERS[letter] ?? letter) : text.toLowerCase();

/** A member that should be a string, in one line. */
const line = (value: unknown): string => (typeof value === "string" ? value.replace(/\s/g, " ") : "");

const foldEmail = (email: string): string => line(email).trim().normalize().toLowerCase();

/** Makes an entry of a record. */
function entryOf(record: object): DirectoryEntry {
  // Half the time of a spread, which counts where there are thousands.
  const entry: Record<string, unknown> = {};
  for (const name in record) if (name !== "is_you") entry[name] = record[name as keyof object];
  entry["status"] = entry["is_deleted"] ? "deleted" : entry["active_flag"] ? "active" : "deactivated";
  return entry as unknown as DirectoryEntry;
}

/** The people of a company: by id, by e-mail, and by what is searched for. The text that is searched is in the module. */
export class People {
  /** In Pipedrive's order. A record becomes an entry when it is first needed: a list of thousands is there at once. */
  readonly #known = new Map<number, Known>();
  readonly #entries = new Map<number, DirectoryEntry>();
  #list: readonly DirectoryEntry[] | undefined;
  #byEmail: Map<string, DirectoryEntry> | undefined;
  #isIndexed = false;

  constructor(private readonly wasm: Exports) {}

  /** All of them: the same list as long as nothing changes. */
  get list(): readonly DirectoryEntry[] {
    return (this.#list ??= Object.freeze(Array.from(this.#known.keys(), (id) => this.byId(id)!)));
  }

  /** Adds a user, or replaces the one with the same id. */
  set(user: Known): void {
    this.#known.set(user.id, user);
    this.#entries.delete(user.id);
    this.#list = this.#byEmail = undefined;
    this.#isIndexed = false;
  }

  byId(id: number): DirectoryEntry | undefined {
    const entry = this.#entries.get(id);
    const known = entry ? undefined : this.#known.get(id);
    if (!known) return entry;
    const made = entryOf(known);
    this.#entries.set(id, made);
    // The record is not needed any more.
    this.#known.set(id, made);
    return made;
  }

  byEmail(email: string): DirectoryEntry | undefined {
    if (!this.#byEmail) {
      this.#byEmail = new Map();
      for (const entry of this.list) {
        const key = foldEmail(entry.email);
        // An address can be given to somebody else when its owner leaves.
        if (key && this.#byEmail.get(key)?.status !== "active") this.#byEmail.set(key, entry);
      }
    }
    return this.#byEmail.get(foldEmail(email));
  }

  search(text: string): DirectoryEntry[] {
    const { wasm, list } = this;
    this.index();
    const query = fold(line(text));
    const found: DirectoryEntry[] = [];
    if (query.length > LONGEST_QUERY) return found;
    this.#write(query, wasm.query());
    const count = wasm.search(query.length);
    for (const line of new Uint32Array(wasm.memory.buffer, wasm.found(), count)) found.push(list[line]!);
    return found;
  }

  /** Writes the text that is searched: a line for each. */
  index(): void {
    if (this.#isIndexed) return;
    this.#isIndexed = true;
    let text = "";
    for (const { status, name, email } of this.list) text += `${status === "active" ? 0 : 1}${line(name)}\t${line(email)}\n`;
    text = fold(text);
    this.#write(text, this.wasm.text(text.length, this.list.length));
  }

  #write(text: string, start: number): void {
    const letters = new Uint32Array(this.wasm.memory.buffer, start, text.length);
    for (let index = 0; index < text.length; index++) letters[index] = text.charCodeAt(index);
  }
}
