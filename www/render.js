import { formattingLocale, identityKey, isAdmin, languageTag, parseTimestamp } from "pipedrive-users";
import { h, icon } from "./dom.js";
import { count, dateOf, moment, some } from "./words.js";

/** What came, as a person would want to read it. Everything is in the JSON view too. */

/** As many rows as a page draws at once. */
const ROWS = 100;

export function readable(operation, data, session) {
  return VIEWS[operation.view](data, session);
}

const VIEWS = {
  users: (users) =>
    table(users, "user", {
      User: person,
      Status: standing,
      "Admin of": (user) => badges(adminOf(user)),
      Format: (user) => h("span.mono", {}, formattingLocale(user)),
      "Last login": (user) => when(user.last_login, "never", dateOf),
    }),

  user: (user) => h("article.profile", {}, h("header", {}, person(user), standing(user)), facts(userFacts(user))),

  followers: ({ items }, { people }) =>
    table(items, "follower", {
      Follower: ({ user_id: id }) => named(people, id),
      "User id": ({ user_id: id }) => h("span.mono", {}, String(id)),
      Since: ({ add_time: time }) => when(time),
    }),

  roles: ({ items }) =>
    table(items, "role", {
      Role: ({ name }) => h("strong", {}, name),
      Id: ({ role_id: id }) => h("span.mono", {}, String(id)),
      "Role above": ({ parent_role_id: id }) => (id === null ? h("span.faint", {}, "none: the top") : h("span.mono", {}, String(id))),
      Type: ({ type }) => h("span.mono", {}, type),
      Status: ({ active_flag: active }) => badge(active ? "active" : "inactive", active ? "good" : "off"),
    }),

  permissions: (permissions) => {
    const entries = Object.entries(permissions);
    const allowed = entries.filter(([, yes]) => yes).length;
    return h("section", {}, h("p.lead", {}, `${allowed} of ${entries.length} allowed`),
      h("ul.permissions", {}, entries.map(([name, yes]) =>
        h(`li.${yes ? "yes" : "no"}`, { title: name }, icon(yes ? "check" : "cross"), h("span", {}, plainName(name)), h("span.hidden", {}, yes ? ": yes" : ": no")))));
  },

  settings: (settings) =>
    h("section", {}, facts(Object.entries(settings).map(([name, level]) => [plainName(name), h("span.level", {}, String(level))])),
      h("p.note", {}, "On Lite, Growth and Professional: 1 owner and followers, 3 the entire company. On Premium and Ultimate: 1 only the owner, 3 the owner’s visibility group, 5 that group and its sub-groups, 7 the entire company.")),
};

function table(items, one, columns) {
  if (!items.length) return h("p.empty", {}, `No ${one}s. That is an answer, not an error.`);
  const body = h("tbody");
  const more = h("button.quiet", { type: "button" });
  const draw = () => {
    const from = body.childElementCount;
    body.append(...items.slice(from, from + ROWS).map((item) =>
      h("tr", {}, Object.entries(columns).map(([name, cell]) => h("td", { "data-label": name }, cell(item))))));
    const rest = items.length - body.childElementCount;
    more.hidden = rest === 0;
    more.textContent = `Show ${Math.min(ROWS, rest)} more of ${count(rest)}`;
  };
  more.onclick = draw;
  draw();
  return h("section", {}, h("div.scroll", { tabIndex: 0, role: "region", "aria-label": some(items.length, one) },
    h("table.data", {}, h("thead", {}, h("tr", {}, Object.keys(columns).map((name) => h("th", { scope: "col" }, name)))), body)), more);
}

const badge = (text, kind = "plain") => h(`span.badge.${kind}`, {}, text);
const badges = (list) => (list.length ? h("span.badges", {}, list.map((text) => badge(text))) : h("span.faint.none", {}, "–"));
const plainName = (name) => name.replace(/^can_/, "").replaceAll("_", " ");
const adminOf = (user) => (user.access ?? []).map(({ app }) => app).filter((app) => isAdmin(user, app));

function avatar(id, name) {
  const words = name.trim().split(/\s+/);
  const initials = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "").join("");
  return h(`span.avatar.tint-${id % 6}`, { "aria-hidden": "true" }, initials.toUpperCase());
}

const person = (user) =>
  h("span.person", {}, avatar(user.id, user.name), h("span", {}, h("strong", {}, user.name, user.is_you && h("span.badge.you", {}, "you")), h("span.mono.faint", {}, user.email)));

const named = (people, id) =>
  h("span.person", {}, avatar(id, people.get(id) ?? "#"), h("strong", {}, people.get(id) ?? `User ${id}`));

function standing(user) {
  if (user.is_deleted) return badge("deleted", "bad");
  if (!user.active_flag) return badge("inactive", "off");
  return user.activated === false ? badge("invited", "wait") : badge("active", "good");
}

function when(text, otherwise = "–", write = moment) {
  const time = parseTimestamp(text);
  return time ? h("time", { dateTime: time.toISOString(), title: moment(time) }, write(time)) : h("span.faint", {}, otherwise);
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
    ["Last login", when(user.last_login, "never")],
    ["Created", when(user.created)],
    ["Access", badges((user.access ?? []).map(({ app }) => app))],
    ["Admin of", badges(adminOf(user))],
  ];
}
