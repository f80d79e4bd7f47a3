import { callCode, clientCode, literal } from "./code.js";

/** The code of a call in each language: the call alone, or a whole program that prints the data. */

/** The languages of the tabs. Two of them are highlighted as JavaScript. */
export const LANGUAGES = { javascript: "JavaScript", typescript: "TypeScript", curl: "cURL", rust: "Rust" };

/** The port at which programs outside the page find a sandbox. */
const PORT = 8018;

/** What is shown of a call: it alone, a program for the connection of the page, or one for a real account. */
export const EXTENTS = { call: "Call", program: "Whole program", account: "For your account" };

/** Returns the code of a call in a language. */
export function codeOf({ language, extent, operation, args, session }) {
  const connection = extent === "account" ? ACCOUNT : session.connection;
  return WRITERS[language]({ operation, args, connection, isProgram: extent !== "call" });
}

const ACCOUNT = { credential: "apiToken", host: ["companyDomain", "your-company"] };

const WRITERS = { javascript, typescript, curl, rust };

/** The variables that programs read; README and demo use the first one too. */
const VARIABLES = { apiToken: "PIPEDRIVE_API_TOKEN", accessToken: "PIPEDRIVE_ACCESS_TOKEN" };

const isPaged = (operation) => operation.params.some(({ nextField }) => nextField);

function javascript({ operation, args, connection, isProgram }) {
  const call = callCode(operation, args);
  return isProgram ? [...imports(connection, []), "", ...openClient(connection), "", call, "", `console.log(${isPaged(operation) ? "page.items" : "data"});`].join("\n") : call;
}

/** What each call returns, by the view that shows it. */
const TYPES = { users: "User[]", user: "User", followers: "CursorPage<Follower>", permissions: "UserPermissions", roles: "OffsetPage<RoleAssignment>", settings: "RoleSettings" };

function typescript({ operation, args, connection, isProgram }) {
  const type = operation.name === "getCurrentUser" ? "CurrentUser" : TYPES[operation.view];
  const list = [...args.positional, ...(Object.keys(args.options).length ? [args.options] : [])].map((value) => literal(value));
  const name = isPaged(operation) ? "page" : "data";
  const call = `const ${name}: ${type} = await client\n  .${operation.name}(${list.join(", ").replaceAll("\n", "\n  ")});`;
  const types = type.match(/[A-Z]\w+/g).map((one) => `type ${one}`);
  return isProgram ? [...imports(connection, types), "", ...openClient(connection), "", call, "", `console.log(${isPaged(operation) ? "page.items" : "data"});`].join("\n") : call;
}

const imports = ({ sandbox }, types) => [
  `import { ${[...types, "UsersClient"].join(", ")} } from "pipedrive-users";`,
  ...(sandbox ? ['import { createSandbox } from "pipedrive-users/sandbox";'] : []),
];

function openClient({ sandbox, credential, host }) {
  if (!sandbox) {
    const [option, value] = host;
    return [clientCode({ [option]: JSON.stringify(value), ...(credential !== "none" && { [credential]: `process.env.${VARIABLES[credential]}` }) })];
  }
  const { options, role } = sandbox;
  return [
    `const sandbox = createSandbox(${Object.keys(options).length ? literal(options) : ""});`,
    clientCode({ [credential]: `sandbox.${role}`, fetch: "sandbox.fetch", dangerouslyAllowBrowser: "true" }),
  ];
}

/** Where the API of a connection is, for programs without this package. */
function originOf({ sandbox, host }) {
  if (sandbox) return `http://127.0.0.1:${PORT}`;
  const [option, value] = host;
  if (option === "baseUrl") return value.replace(/\/$/, "");
  return `https://${value.replace(/^https:\/\//, "").replace(/\/$/, "").replace(/\.pipedrive\.com$/, "")}.pipedrive.com`;
}

/** How a sandbox is started for programs outside the page. */
function startSandbox({ sandbox }, comment) {
  if (!sandbox) return [];
  const flags = Object.entries(sandbox.options).map(([name, value]) => ` --${name} ${value}`).join("");
  return [`${comment} In another terminal: npx pipedrive-users sandbox --port ${PORT}${flags}`, `${comment} Its first line has the token: ${sandbox.role}.`];
}

/** The names of options on the wire, and their values there. */
const WIRE = { searchByEmail: ["search_by_email", (value) => (value === true ? "1" : String(value))] };

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl({ operation, args, connection, isProgram }) {
  const [first, ...others] = args.positional;
  const hasId = operation.path.includes("{id}");
  const path = operation.path.replace("{id}", encodeURIComponent(String(first ?? "")));
  const rest = hasId ? others : args.positional;
  const body = operation.writes ? rest[0] : undefined;
  const query = new URLSearchParams(operation.name === "findUsersByName" ? { term: String(first ?? "") } : {});
  for (const [name, value] of Object.entries(args.options)) {
    const [wire, write] = WIRE[name] ?? [name, String];
    query.set(wire, write(value));
  }
  const header = { apiToken: `"x-api-token: $${VARIABLES.apiToken}"`, accessToken: `"authorization: Bearer $${VARIABLES.accessToken}"` }[connection.credential];
  const parts = [
    `curl ${quoted(`${originOf(connection)}${path}${query.size ? `?${query}` : ""}`)}`,
    ...(operation.method === "GET" ? [] : [`--request ${operation.method}`]),
    ...(header ? [`--header ${header}`] : []),
    ...(body === undefined ? [] : [`--json ${quoted(JSON.stringify(body))}`]),
  ];
  return [...(isProgram ? startSandbox(connection, "#") : []), parts.join(" \\\n  ")].join("\n");
}

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const rustText = (value) => JSON.stringify(String(value));

const pascal = (name) => name.replace(/(?:^|_)([a-z])/g, (_, letter) => letter.toUpperCase());

/** A call in Rust: values by position, options by methods of the call. */
function rustCall(operation, { positional, options }) {
  const setters = Object.entries(options).map(([name, value]) => `.${snake(name)}(${typeof value === "string" ? rustText(value) : value})`);
  const values = positional.map((value) => (typeof value === "object" && value !== null ? rustBody(operation, value) : typeof value === "string" ? rustText(value) : String(value ?? "")));
  return `client.${snake(operation.name)}(${values.join(", ")})${setters.join("")}.await?`;
}

function rustBody(operation, body) {
  if (operation.name === "updateUser") return String(body.active_flag ?? "");
  const access = (body.access ?? []).map(({ app, admin }) => `NewAccess::new(AccessApp::${pascal(app)})${admin ? ".admin(true)" : ""}`);
  return `NewUser::new(${rustText(body.email ?? "")})${access.length ? `.access([${access.join(", ")}])` : ""}${body.active_flag === undefined ? "" : `.active_flag(${body.active_flag})`}`;
}

function rust({ operation, args, connection, isProgram }) {
  const call = `let data = ${rustCall(operation, args)};`;
  if (!isProgram) return call;
  const { credential } = connection;
  const kind = credential === "accessToken" ? ["access_token", VARIABLES.accessToken] : ["api_token", VARIABLES.apiToken];
  const where = connection.sandbox || connection.host[0] === "baseUrl" ? `.base_url(${rustText(originOf(connection))})` : `.company_domain(${rustText(connection.host[1])})`;
  return [
    ...startSandbox(connection, "//"),
    "// cargo add pipedrive-users --features reqwest && cargo add tokio --features full",
    ...(operation.name === "addUser" ? [`use pipedrive_users::api::add_user::{${args.positional[0].access ? "NewAccess, " : ""}NewUser};`] : []),
    "use pipedrive_users::config::Credential;",
    ...(operation.name === "addUser" && args.positional[0].access ? ["use pipedrive_users::models::AccessApp;"] : []),
    "use pipedrive_users::transport::Reqwest;",
    "use pipedrive_users::{Client, Config};",
    "",
    "#[tokio::main]",
    "async fn main() -> Result<(), Box<dyn std::error::Error>> {",
    `    let credential = Credential::${kind[0]}(&std::env::var("${kind[1]}")?)?;`,
    `    let config = Config::builder().credential(credential)${where}.build()?;`,
    "    let client = Client::new(config, Reqwest::new()?);",
    `    ${call}`,
    '    println!("{data:#?}");',
    "    Ok(())",
    "}",
  ].join("\n");
}
