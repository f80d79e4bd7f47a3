/** Links to an operation with its parameters: `#getUser?id=4`. */

/** Returns the operation's name and the parameters of a hash. */
export function readLink(hash) {
  const [name, query = ""] = hash.replace(/^#/, "").split("?");
  return { name, params: Object.fromEntries(new URLSearchParams(query)) };
}

/** Returns the hash of an operation with form values. Values that are empty are left out. */
export function linkTo(operation, values) {
  const query = new URLSearchParams();
  for (const { name, kind } of operation.params) {
    const value = values[name];
    if (kind === "access" ? value.length : value !== "" && value !== false) query.set(name, kind === "access" ? JSON.stringify(value) : String(value));
  }
  return `#${operation.name}${query.size ? `?${query}` : ""}`;
}

/** Returns the form values that a link's parameters stand for; unknown ones are ignored. */
export function valuesOf(operation, params) {
  const values = {};
  for (const { name, kind } of operation.params) {
    if (params[name] === undefined) continue;
    if (kind === "access") values[name] = readAccess(params[name]);
    else values[name] = kind === "flag" ? params[name] === "true" : params[name];
  }
  return values;
}

function readAccess(text) {
  try {
    const entries = JSON.parse(text);
    return Array.isArray(entries) ? entries.filter((entry) => typeof entry?.app === "string") : [];
  } catch {
    return [];
  }
}
