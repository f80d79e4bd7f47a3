import { formattingLocale, identityKey, isAdmin, languageTag, parseTimestamp } from "pipedrive-users";
import { h, icon } from "./dom.js";
import { formatDate, formatDateTime, formatNumber, plural } from "./format.js";

/** Readable views of response data. They leave members out; the JSON view shows everything. */

/** Number of table rows drawn at once; a button adds more. */
const ROWS = 100;

export function renderData(operation, data, session) {
  return VIEWS[operation.view](data, session);
}

const VIEWS = {
  users: (users) =>
    table(users, "user", {
      User: person,
      Status: accountStatus,
      "Admin of": (user) => badges(adminOf(user)),
      Format: (user) => h("span.mono", {}, formattingLocale(user)),
      "Last login": (user) => formatTimestamp(user.last_login, "never", formatDate),
    }),

  user: (user) => h("article.profile", {}, h("header", {}, person(user), accountStatus(user)), facts(userFacts(user))),

  followers: ({ items }, { people }) =>
    table(items, "follower", {
      Follower: ({ user_id: id }) => personById(people, id),
      "User id": ({ user_id: id }) => h("span.mono", {}, String(id)),
      Since: ({ add_time: time }) => formatTimestamp(time),
    }),

  roles: ({ items }) =>
    table(items, "role", {
      Role: ({ name }) => h("strong", {}, name),
      Id: ({ role_id: id }) => h("span.mono", {}, String(id)),
      "Role above": ({ parent_role_id: id }) => (id === null ? h("span.faint", {}, "none") : h("span.mono", {}, String(id))),
      Type: ({ type }) => h("span.mono", {}, type),
      Status: ({ active_flag: active }) => badge(active ? "active" : "inactive", active ? "ok" : "off"),
    }),

  permissions: (permissions) => {
    const entries = Object.entries(permissions);
    const allowed = entries.filter(([, granted]) => granted).length;
    return h("section", {}, h("p.lead", {}, `${allowed} of ${entries.length} allowed`),
      h("ul.permissions", {}, entries.map(([name, granted]) =>
        h(`li.${granted ? "granted" : "denied"}`, { title: name }, icon(granted ? "check" : "cross"), h("span", {}, readableName(name)), h("span.hidden", {}, granted ? ": yes" : ": no")))));
  },

  settings: (settings) =>
    h("section", {}, facts(Object.entries(settings).map(([name, level]) => [readableName(name), h("span.level", {}, String(level))])),
      h("p.note", {}, "On Lite, Growth and Professional: 1 owner and followers, 3 the entire company. On Premium and Ultimate: 1 only the owner, 3 the owner’s visibility group, 5 that group and its sub-groups, 7 the entire company.")),
};

function table(items, singular, columns) {
  if (!items.length) return h("p.empty", {}, `No ${singular}s. The list is empty; this is not an error.`);
  const body = h("tbody");
  const moreButton = h("button.quiet", { type: "button" });
  const draw = () => {
    const drawn = body.childElementCount;
    body.append(...items.slice(drawn, drawn + ROWS).map((item) =>
      h("tr", {}, Object.entries(columns).map(([name, cell]) => h("td", { "data-label": name }, cell(item))))));
    const rest = items.length - body.childElementCount;
    moreButton.hidden = rest === 0;
    moreButton.textContent = `Show ${Math.min(ROWS, rest)} more of ${formatNumber(rest)}`;
  };
  moreButton.onclick = draw;
  draw();
  return h("section", {}, h("div.scroll", { tabIndex: 0, role: "region", "aria-label": plural(items.length, singular) },
    h("table.data", {}, h("thead", {}, h("tr", {}, Object.keys(columns).map((name) => h("th", { scope: "col" }, name)))), body)), moreButton);
}

const badge = (text, kind = "plain") => h(`span.badge.${kind}`, {}, text);
const badges = (list) => (list.length ? h("span.badges", {}, list.map((text) => badge(text))) : h("span.faint.none", {}, "–"));
const readableName = (name) => name.replace(/^can_/, "").replaceAll("_", " ");
const adminOf = (user) => (user.access ?? []).map(({ app }) => app).filter((app) => isAdmin(user, app));

function avatar(id, name) {
  const words = name.trim().split(/\s+/);
  const initials = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "").join("");
  return h(`span.avatar.tint-${id % 6}`, { "aria-hidden": "true" }, initials.toUpperCase());
}

const person = (user) =>
  h("span.person", {}, avatar(user.id, user.name), h("span", {}, h("strong", {}, user.name, user.is_you && h("span.badge.you", {}, "you")), h("span.mono.faint", {}, breakable(user.email))));

/** Where there is no room, an address breaks before its "@". */
const breakable = (email) => email.split(/(?=@)/).flatMap((part, index) => (index ? [h("wbr"), part] : [part]));

const personById = (people, id) =>
  h("span.person", {}, avatar(id, people.get(id) ?? "#"), h("strong", {}, people.get(id) ?? `User ${id}`));

function accountStatus(user) {
  if (user.is_deleted) return badge("deleted", "error");
  if (!user.active_flag) return badge("inactive", "off");
  return user.activated === false ? badge("invited", "warn") : badge("active", "ok");
}

function formatTimestamp(text, missing = "–", format = formatDateTime) {
  const time = parseTimestamp(text);
  return time ? h("time", { dateTime: time.toISOString(), title: formatDateTime(time) }, format(time)) : h("span.faint", {}, missing);
}

const facts = (entries) => h("dl.facts", {}, entries.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value ?? h("span.faint", {}, "–")))));

function userFacts(user) {
  const mono = (text) => h("span.mono", {}, String(text));
  const company = user.company_id !== undefined && [
    ["Company", user.company_name],
    ["Account key", mono(identityKey(user))],
    ["Company domain", mono(user.company_domain)],
    ["Language", mono(languageTag(user))],
  ];
  return [
    ["Id", mono(user.id)],
    ...(company || []),
    ["Date and number format", mono(formattingLocale(user))],
    ["Time zone", `${user.timezone_name} ${user.timezone_offset ?? ""}`],
    ["Currency", mono(user.default_currency)],
    ["Phone", user.phone],
    ["Role id", mono(user.role_id)],
    ["Last login", formatTimestamp(user.last_login, "never")],
    ["Created", formatTimestamp(user.created)],
    ["Access", badges((user.access ?? []).map(({ app }) => app))],
    ["Admin of", badges(adminOf(user))],
  ];
}
