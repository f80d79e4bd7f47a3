import { ENDPOINTS } from "pipedrive-users";
import { formatNumber, plural } from "./format.js";

/** The ten operations: their parameters, how a call is made from form values, and a one-line summary of the result. */

/** `in` says where a parameter goes: a positional argument, a member of the body object, or a member of the options. */
const argument = (name, more) => ({ name, in: "argument", required: true, kind: "text", ...more });
const body = (name, more) => ({ name, in: "body", kind: "text", ...more });
const option = (name, more) => ({ name, in: "options", kind: "text", ...more });

const id = (sample) => argument("id", { kind: "number", sample, hint: "The id of the user", placeholder: "A positive integer", suggestPeople: true });
const limit = (hint) => option("limit", { kind: "number", sample: "10", hint, placeholder: "100" });

/** `nextField` is the member of a page that holds the parameter's value for the next page. */
const DETAILS = {
  getUsers: {
    about: "Returns all users of the company in one response, deactivated and deleted ones included.",
    view: "users",
    params: [],
    summarize: (users) => plural(users.length, "user"),
  },
  findUsersByName: {
    about: "Finds users by a part of their name or e-mail address. It costs twice as much as the whole list.",
    view: "users",
    params: [
      argument("term", { sample: "an", hint: "The text to search for; not blank" }),
      option("searchByEmail", { kind: "flag", hint: "Search e-mail addresses only" }),
    ],
    summarize: (users) => `${formatNumber(users.length)} found`,
  },
  getCurrentUser: {
    about: "Returns the user whose token makes the call, and the company that the token belongs to.",
    view: "user",
    params: [],
    summarize: (me) => `${me.name}, ${me.company_name}`,
  },
  getUser: {
    about: "Returns one user of the company. Deactivated users can still be read.",
    view: "user",
    params: [id("1")],
    summarize: (user) => user.name,
  },
  getUserFollowers: {
    about: "Returns the followers of a user, page by page. Each page costs the same, whatever its size.",
    view: "followers",
    params: [
      id("1"),
      limit("Items in a page, 1 to 500"),
      option("cursor", { hint: "The nextCursor of the previous page", placeholder: "From the start", nextField: "nextCursor" }),
    ],
    summarize: (page) => plural(page.items.length, "follower") + (page.hasNextPage ? ", and more" : ""),
  },
  getUserPermissions: {
    about: "Returns whether a user has each permission.",
    view: "permissions",
    params: [id("2")],
    summarize: (permissions) => `${Object.values(permissions).filter(Boolean).length} of ${Object.keys(permissions).length} allowed`,
  },
  getUserRoleAssignments: {
    about: "Returns the roles of a user, page by page.",
    view: "roles",
    params: [
      id("1"),
      option("start", { kind: "number", hint: "How many items to skip", placeholder: "0", nextField: "nextStart" }),
      { ...limit("Items in a page, from 1"), sample: "2" },
    ],
    summarize: (page) => plural(page.items.length, "role") + (page.hasNextPage ? ", and more" : ""),
  },
  getUserRoleSettings: {
    about: "Returns the default visibility of items created by a user with this role.",
    view: "settings",
    params: [id("1")],
    summarize: (settings) => plural(Object.keys(settings).length, "setting"),
  },
  addUser: {
    about: "Invites a person to the company. If the address already belongs to a user, that user is returned.",
    view: "user",
    params: [
      body("email", { required: true, sample: "lynd@casinoroyale.example", hint: "The address to invite" }),
      body("access", { kind: "access", hint: "The apps to give access to; sales if none is selected" }),
      body("active_flag", { kind: "choice", hint: "Whether the user is active" }),
    ],
    summarize: (user) => `${user.name}, id ${user.id}`,
  },
  updateUser: {
    about: "Activates or deactivates a user. The API can change nothing else of a user.",
    view: "user",
    params: [id("3"), body("active_flag", { kind: "choice", required: true, sample: "false", hint: "Whether the user is active" })],
    summarize: (user) => `${user.name}: ${user.active_flag ? "active" : "inactive"}`,
  },
};

export const OPERATIONS = Object.entries(ENDPOINTS).map(([name, endpoint]) => ({
  name,
  ...endpoint,
  ...DETAILS[name],
  writes: endpoint.method !== "GET",
}));

export const APPS = ["sales", "global", "campaigns", "projects", "account_settings", "partnership", "nova"];

/** Returns the initial form values. Samples are used in the sandbox only: a real account has other ids. */
export function initialValues(operation, session) {
  const [knownId] = session.people.keys();
  const sample = (param) => (!session.live ? param.sample : param.suggestPeople && knownId ? String(knownId) : undefined);
  return Object.fromEntries(operation.params.map((param) => [param.name, sample(param) ?? (param.kind === "access" ? [] : "")]));
}

/** Converts a form value to the SDK's type. Invalid input is passed on, so that the SDK's own error is shown. */
function parseValue(param, value) {
  if (param.kind === "access") return value.length ? value : undefined;
  if (param.kind === "flag") return value === true ? true : undefined;
  if (param.kind === "choice") return { true: true, false: false }[value];
  if (param.kind === "number" && value.trim() !== "") return Number.isNaN(Number(value)) ? value : Number(value);
  return value === "" && (param.kind === "number" || !param.required) ? undefined : value;
}

/** Returns the arguments of a call: the positional ones (the body is one of them) and the options. */
export function argumentsOf(operation, values) {
  const members = { argument: {}, body: {}, options: {} };
  for (const param of operation.params) {
    const value = parseValue(param, values[param.name]);
    if (value !== undefined || param.in === "argument") members[param.in][param.name] = value;
  }
  const positional = Object.values(members.argument);
  if (operation.params.some((param) => param.in === "body")) positional.push(members.body);
  return { positional, options: members.options };
}

/** Makes the call and returns a promise of `{ data, response }`. The console adds nothing but the signal. */
export function send(client, operation, { positional, options }, signal) {
  return client[operation.name](...positional, { ...options, signal }).withResponse();
}
