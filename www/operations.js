import { ENDPOINTS } from "pipedrive-users";
import { count, some } from "./words.js";

/** The ten operations: what they take, how a call is made of it, and what came out in a few words. */

/** Where a parameter goes: an argument of its own, a member of the body, or a member of the options. */
const argument = (name, more) => ({ name, place: "argument", required: true, kind: "text", ...more });
const body = (name, more) => ({ name, place: "body", kind: "text", ...more });
const option = (name, more) => ({ name, place: "options", kind: "text", ...more });

const id = (sample) => argument("id", { kind: "number", sample, hint: "The id of the user", placeholder: "A positive integer", people: true });
const limit = (hint) => option("limit", { kind: "number", sample: "10", hint, placeholder: "100" });

const DETAILS = {
  getUsers: {
    about: "All users of the company, in one answer. Deactivated and deleted users are among them.",
    view: "users",
    params: [],
    words: (users) => some(users.length, "user"),
  },
  findUsersByName: {
    about: "Finds users by a part of their name or e-mail address. It costs twice as much as the whole list.",
    view: "users",
    params: [
      argument("term", { sample: "an", hint: "What to look for; not blank" }),
      option("searchByEmail", { kind: "flag", hint: "Look only at e-mail addresses" }),
    ],
    words: (users) => `${count(users.length)} found`,
  },
  getCurrentUser: {
    about: "The user whose token makes the call, with the company that the token is bound to.",
    view: "user",
    params: [],
    words: (me) => `${me.name}, ${me.company_name}`,
  },
  getUser: {
    about: "One user of the company. Deactivated users stay readable.",
    view: "user",
    params: [id("1")],
    words: (user) => user.name,
  },
  getUserFollowers: {
    about: "Who follows a user, page by page. Each page costs the same, whatever its size.",
    view: "followers",
    params: [
      id("1"),
      limit("Items in a page, 1 to 500"),
      option("cursor", { hint: "Where to go on: the page before says it", placeholder: "From the start", goesOn: "nextCursor" }),
    ],
    words: (page) => some(page.items.length, "follower") + (page.hasNextPage ? ", and more" : ""),
  },
  getUserPermissions: {
    about: "What a user may do: a yes or a no for each permission.",
    view: "permissions",
    params: [id("2")],
    words: (permissions) => `${Object.values(permissions).filter(Boolean).length} of ${Object.keys(permissions).length} allowed`,
  },
  getUserRoleAssignments: {
    about: "The roles that a user has, page by page.",
    view: "roles",
    params: [
      id("1"),
      option("start", { kind: "number", hint: "How many items to pass over", placeholder: "0", goesOn: "nextStart" }),
      { ...limit("Items in a page, from 1"), sample: "2" },
    ],
    words: (page) => some(page.items.length, "role") + (page.hasNextPage ? ", and more" : ""),
  },
  getUserRoleSettings: {
    about: "Who sees, by default, what a user with this role creates.",
    view: "settings",
    params: [id("1")],
    words: (settings) => some(Object.keys(settings).length, "setting"),
  },
  addUser: {
    about: "Invites a person to the company. An address that is already a user is answered with that user.",
    view: "user",
    params: [
      body("email", { required: true, sample: "vesper.lynd@casinoroyale.example", hint: "The address to invite" }),
      body("access", { kind: "access", hint: "The apps to open; sales alone when none is chosen" }),
      body("active_flag", { kind: "choice", hint: "Whether the user is active" }),
    ],
    words: (user) => `${user.name}, id ${user.id}`,
  },
  updateUser: {
    about: "Activates or deactivates a user. Nothing else of a user can be changed through the API.",
    view: "user",
    params: [id("3"), body("active_flag", { kind: "choice", required: true, sample: "false", hint: "Whether the user is active" })],
    words: (user) => `${user.name}: ${user.active_flag ? "active" : "inactive"}`,
  },
};

export const OPERATIONS = Object.entries(ENDPOINTS).map(([name, endpoint]) => ({
  name,
  ...endpoint,
  ...DETAILS[name],
  writes: endpoint.method !== "GET",
}));

export const APPS = ["sales", "global", "campaigns", "projects", "account_settings", "partnership"];

/** What the fields of a form hold at the start. Samples are for the sandbox: a real account has other ids. */
export function samples(operation, session) {
  const [known] = session.people.keys();
  const sample = (param) => (!session.live ? param.sample : param.people && known ? String(known) : undefined);
  return Object.fromEntries(operation.params.map((param) => [param.name, sample(param) ?? (param.kind === "access" ? [] : "")]));
}

/** Turns what was typed into what the SDK is given. Nothing is refused here: that is the SDK's part, and worth seeing. */
function valueOf(param, typed) {
  if (param.kind === "access") return typed.length ? typed : undefined;
  if (param.kind === "flag") return typed === true ? true : undefined;
  if (param.kind === "choice") return { true: true, false: false }[typed];
  if (param.kind === "number" && typed.trim() !== "") return Number.isNaN(Number(typed)) ? typed : Number(typed);
  return typed === "" && (param.kind === "number" || !param.required) ? undefined : typed;
}

/** The arguments of a call: `[id, changes, options]`, and how many of them there are before the options. */
export function argumentsOf(operation, typed) {
  const members = { argument: {}, body: {}, options: {} };
  for (const param of operation.params) {
    const value = valueOf(param, typed[param.name]);
    if (value !== undefined || param.place === "argument") members[param.place][param.name] = value;
  }
  const before = Object.values(members.argument);
  if (operation.params.some((param) => param.place === "body")) before.push(members.body);
  return { before, options: members.options };
}

/** Makes the call. The signal is all that the console adds to it. */
export function send(client, operation, { before, options }, signal) {
  return client[operation.name](...before, { ...options, signal }).withResponse();
}
