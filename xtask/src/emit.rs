//! Writes the TypeScript that is made from the Rust declarations: the models and the operations.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;
use pipedrive_users::api::{ENDPOINTS, REFERENCE};
use pipedrive_users::schema::{ResponseKind, Endpoint, Kind, MAX_SAFE_INTEGER, Method, Param, ParamLocation, Reference};
use pipedrive_users::models::{Field, MODELS, Model, Presence, Schema};
use pipedrive_users::sandbox::{App, Options, Sandbox};

const HEAD: &str =
    "// Made by `cargo xtask build` from the Rust declarations in src/api and src/models. Do not edit.\n\n";

/// The exports of src/wasm/client.rs. wasm-bindgen's own declarations need a library that not everybody has.
const CORE: &str = r#"import type { Flight } from "../flight.js";
import type { WasmSource } from "../load.js";

export interface Core {
  begin(slot: number, cost: number, isIdempotent: boolean, maxRetries: number): number;
  admit(ticket: number, now: number, flight: Flight): number;
  first(): number;
  spend(ticket: number, now: number, flight: Flight): boolean;
  observe(limit: number, remaining: number, resetAt: number, daily: number, dailyRemaining: number, now: number): void;
  answered(
    ticket: number, scope: number, isOfUser: boolean, status: number, hints: number, retryAfter: number, resetAt: number,
    dailyRemaining: number, isHtml: boolean, now: number, random: number, flight: Flight,
  ): number;
  lost(ticket: number, how: number, status: number, retryAfter: number, now: number, random: number, flight: Flight): number;
  timedOut(ticket: number, isCredential: boolean, now: number, random: number, flight: Flight): number;
  landed(): void;
  leave(ticket: number): void;
  saved(slot: number): void;
  read(kind: number, status: number, json: unknown, from: string | number | undefined, flight: Flight): void;
  usage(slot: number, which: number): number;
  free(): void;
}

export interface CoreExports {
  readonly Core: new (maxConcurrency: number, dailyTokenBudget: number) => Core;
}

export const source: WasmSource<CoreExports>;
"#;

/// The exports of src/wasm/sandbox.rs.
const SANDBOX: &str = r#"import type { WasmSource } from "../load.js";

export interface Company {
  handle(
    method: string,
    target: string,
    headers: string[],
    body: string,
    now: number,
    to: { answer(status: number, headers: [string, string][], body: string): void },
  ): void;
}

export interface SandboxExports {
  readonly Company: new (options: object) => Company;
}

export const source: WasmSource<SandboxExports>;
"#;

/// Writes `models.ts`, `operations.ts` and `tokens.ts` into a folder.
pub(crate) fn write(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("models.ts"), models())?;
    fs::write(folder.join("operations.ts"), operations())?;
    fs::write(folder.join("drift.ts"), drift())?;
    let sandbox = Sandbox::new(&Options::default()).map_err(anyhow::Error::msg)?;
    let tokens = serde_json::to_string_pretty(sandbox.tokens())?;
    let App { client_id, client_secret, .. } = App::default();
    let app = serde_json::json!({ "clientId": client_id, "clientSecret": client_secret });
    let text = format!(
        "{HEAD}/** The tokens that every sandbox accepts. */\nexport const TOKENS = {tokens} as const;\n\n\
         /** The OAuth app that it knows where no other is given. */\nexport const APP = {app} as const;\n"
    );
    fs::write(folder.join("tokens.ts"), text)?;
    fs::write(folder.join("core.d.ts"), format!("{HEAD}{CORE}"))?;
    fs::write(folder.join("sandbox.d.ts"), format!("{HEAD}{SANDBOX}"))?;
    Ok(())
}

/// The same check as src/drift.rs, written out line by line for the engine to compile: a table that is walked costs
/// twice as much.
fn drift() -> String {
    let mut out = format!(
        "{HEAD}import {{ object, type Report, shown, typeOf }} from \"../drift.js\";\nimport type {{ OperationId }} from \
         \"./operations.js\";\n\ntype Check = (value: any, path: string, report: Report) => void;\n\n"
    );
    for model in MODELS {
        let _ = writeln!(out, "const {}: Check = (value, path, report) => {{", model.name);
        out.push_str("  if (!object(value)) return report(path, \"type\", \"an object\", typeOf(value));\n  let known = 0;\n  let member;\n");
        for field in model.fields {
            write_check(&mut out, field);
        }
        let names: Vec<_> = model.fields.iter().map(|field| format!("\"{}\"", field.name)).collect();
        let _ = writeln!(out, "  for (const name in value) known -= 1;\n  if (known === 0) return;");
        let _ = writeln!(out, "  for (const name of Object.keys(value)) {{");
        let _ = writeln!(out, "    if ([{}].includes(name)) continue;", names.join(", "));
        match model.more {
            Some(shape) => {
                let _ =
                    writeln!(out, "    member = value[name];\n    {};", check_of(shape, "`${path}.${name}`"));
            }
            None => out
                .push_str("    report(`${path}.${name}`, \"unknown\", \"nothing\", typeOf(value[name]));\n"),
        }
        out.push_str("  }\n};\n\n");
    }
    out.push_str("/** How the data of each operation is checked. */\nexport const CHECKS: Record<OperationId, (member: any, report: Report) => void> = {\n");
    for (endpoint, reference) in ENDPOINTS.into_iter().zip(REFERENCE) {
        let data = reference.data;
        let check = if endpoint.answer.is_list() {
            list_check(data, "\"$.data\"")
        } else {
            check_of(data, "\"$.data\"")
        };
        let _ = writeln!(out, "  {}: (member, report) => void ({check}),", endpoint.operation);
    }
    out.push_str("};\n");
    out
}

fn write_check(out: &mut String, field: &Field) {
    let Field { name, presence, shape, .. } = field;
    let path = format!("path + \".{name}\"");
    let _ = writeln!(out, "  member = value.{name};");
    let missing = if presence.may_be_missing() {
        String::new()
    } else {
        format!("    report({path}, \"missing\", {}, \"nothing\");\n", quoted(&shape.to_string()))
    };
    let null = if presence.may_be_null() { "member === null || " } else { "" };
    let _ = writeln!(
        out,
        "  if (member === undefined) {{\n{missing}  }} else {{\n    known += 1;\n    {null}{};\n  }}",
        check_of(*shape, &path)
    );
}

/// An expression that checks `member`.
fn check_of(shape: Schema, path: &str) -> String {
    let expected = quoted(&shape.to_string());
    let wrong = format!("report({path}, \"type\", {expected}, typeOf(member))");
    match shape {
        Schema::Boolean => format!("typeof member === \"boolean\" || {wrong}"),
        Schema::Integer => format!("Number.isInteger(member) || {wrong}"),
        Schema::Text => format!("typeof member === \"string\" || {wrong}"),
        Schema::NumericFlag => {
            format!("typeof member === \"boolean\" || member === 0 || member === 1 || {wrong}")
        }
        Schema::OneOf(known) => {
            let known =
                known.iter().map(|value| format!("member === \"{value}\"")).collect::<Vec<_>>().join(" || ");
            format!(
                "{known} || (typeof member === \"string\" ? report({path}, \"value\", {expected}, shown(member)) : {wrong})"
            )
        }
        Schema::OneOfNumbers(known) => {
            let known =
                known.iter().map(|value| format!("member === {value}")).collect::<Vec<_>>().join(" || ");
            format!(
                "{known} || (Number.isInteger(member) ? report({path}, \"value\", {expected}, String(member)) : {wrong})"
            )
        }
        Schema::List(item) => list_check(*item, path),
        Schema::Object(model) => format!("{}(member, {path}, report)", model.name),
    }
}

fn list_check(item: Schema, path: &str) -> String {
    let inside = check_of(item, &format!("{path} + \"[]\""));
    format!(
        "Array.isArray(member) ? member.forEach((member: any) => void ({inside})) : report({path}, \"type\", \"a list\", typeOf(member))"
    )
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn models() -> String {
    let mut out = String::from(HEAD);
    for model in MODELS {
        let base = MODELS.into_iter().find(|other| extends(model, other));
        let fields = base.map_or(0, |base| base.fields.len());
        doc(&mut out, "", model.doc);
        let heritage = base.map(|base| format!(" extends {}", base.name)).unwrap_or_default();
        let _ = writeln!(out, "export interface {}{heritage} {{", model.name);
        for field in model.fields.iter().skip(fields) {
            write_field(&mut out, field);
        }
        if let Some(more) = model.more {
            let _ = writeln!(out, "  /** Further ones, which this version does not name. */");
            let _ = writeln!(out, "  [name: string]: {} | undefined;", type_of(more));
        }
        out.push_str("}\n\n");
    }
    out.push_str(
        "/** A Pipedrive app that access is given to: those known today, and any that may come. */\nexport type AccessApp = Access[\"app\"];\n",
    );
    out
}

/// Whether a model begins with all members of another.
fn extends(model: &Model, base: &Model) -> bool {
    model.fields.len() > base.fields.len()
        && model.fields.iter().zip(base.fields).all(|(field, base)| field.name == base.name)
}

fn write_field(out: &mut String, field: &Field) {
    doc(out, "  ", field.doc);
    let optional = if field.presence.may_be_missing() { "?" } else { "" };
    let null = if field.presence.may_be_null() { " | null" } else { "" };
    debug_assert!(field.presence != Presence::Required || (optional.is_empty() && null.is_empty()));
    let _ = writeln!(out, "  {}{optional}: {}{null};", field.name, type_of(field.shape));
}

fn type_of(shape: Schema) -> String {
    match shape {
        Schema::Boolean => "boolean".into(),
        Schema::Integer => "number".into(),
        Schema::Text => "string".into(),
        // The last part keeps the type open, and the editor's suggestions.
        Schema::OneOf(known) => {
            format!("{} | (string & {{}})", join(known.iter().map(|value| format!("\"{value}\""))))
        }
        Schema::OneOfNumbers(known) => format!("{} | (number & {{}})", join(known.iter().map(u64::to_string))),
        Schema::NumericFlag => "0 | 1 | boolean".into(),
        Schema::List(item) => format!("{}[]", type_of(*item)),
        Schema::Object(model) => model.name.into(),
    }
}

fn join(values: impl Iterator<Item = String>) -> String {
    values.collect::<Vec<_>>().join(" | ")
}

fn operations() -> String {
    let names = MODELS.map(|model| model.name).join(", ");
    let mut out = format!(
        "{HEAD}import type {{ ApiPromise }} from \"../call.js\";\nimport type {{ CursorPage, OffsetPage, PagePromise }} from \
         \"../pages.js\";\nimport type {{ CallOptions }} from \"../types.js\";\nimport type {{ AccessApp, {names} }} from \
         \"./models.js\";\n\n"
    );
    out.push_str("/** What is known of an operation before it is called. */\nexport interface Endpoint {\n");
    out.push_str("  /** The HTTP method. */\n  readonly method: \"GET\" | \"POST\" | \"PUT\";\n");
    out.push_str("  /** The path on api.pipedrive.com. */\n  readonly path: string;\n");
    out.push_str("  /** What a call takes out of the company's daily budget, in tokens. */\n  readonly cost: number;\n");
    out.push_str("  /** The OAuth scope that it needs. */\n  readonly scope: \"base\" | \"users:read\" | \"admin\";\n}\n\n");
    out.push_str("/** Every operation of the Users API, by Pipedrive's own operation id. */\nexport const ENDPOINTS = {\n");
    for Endpoint { operation, method, path, cost, scope, .. } in ENDPOINTS {
        let (method, scope) = (method.as_str(), scope.as_str());
        let _ = writeln!(
            out,
            "  {operation}: {{ method: \"{method}\", path: \"{path}\", cost: {cost}, scope: \"{scope}\" }},"
        );
    }
    out.push_str("} as const satisfies Record<string, Endpoint>;\n\n");
    let answers: Vec<_> = ENDPOINTS.iter().map(|endpoint| (endpoint.answer as u8).to_string()).collect();
    let _ = writeln!(
        out,
        "/** The form of each operation's data, in order: one object, a list, pages with a cursor, pages with a start. */\nexport const ANSWERS: readonly number[] = [{}];\n",
        answers.join(", ")
    );
    out.push_str("/** What each operation takes: the kind of each parameter, and whether the call cannot do without it. */\n");
    out.push_str("export const PARAMS: Readonly<Record<OperationId, Readonly<Record<string, readonly [kind: string | readonly [min: number, max?: number], isRequired?: 1]>>>> = {\n");
    for endpoint in ENDPOINTS {
        let params: Vec<_> = endpoint.params.iter().map(|param| declared(endpoint, param)).collect();
        let _ = writeln!(out, "  {}: {{ {} }},", endpoint.operation, params.join(", "));
    }
    out.push_str("};\n\n");
    out.push_str(
        "/** Pipedrive's id of an operation. */\nexport type OperationId = keyof typeof ENDPOINTS;\n\n",
    );
    out.push_str(
        "/** The access to one app, as a new user is given it. */\nexport interface NewAccess {\n  /** The app. */\n  app: \
         AccessApp;\n  /** Whether the user administers it. */\n  admin?: boolean | undefined;\n  /** The id of a permission \
         set. */\n  permission_set_id?: string | undefined;\n}\n\n",
    );
    for (endpoint, reference) in ENDPOINTS.into_iter().zip(REFERENCE) {
        write_body(&mut out, endpoint, reference);
    }
    out.push_str("/** The operations of the Users API. */\nexport interface UsersOperations {\n");
    for (endpoint, reference) in ENDPOINTS.into_iter().zip(REFERENCE) {
        write_method(&mut out, endpoint, reference);
    }
    out.push_str("}\n");
    out
}

/// A parameter as the face checks it. It works out the rest: where the parameter travels, and its name there.
fn declared(endpoint: &Endpoint, param: &Param) -> String {
    let place = if endpoint.path.contains(&format!("{{{}}}", param.name)) {
        ParamLocation::Path
    } else if endpoint.method == Method::Get {
        ParamLocation::Query
    } else {
        ParamLocation::Body
    };
    assert_eq!(place, param.place, "{}: {}", endpoint.operation, param.name);
    let mut wire = String::new();
    for letter in param.name.chars() {
        if letter.is_uppercase() {
            wire.push('_');
        }
        wire.extend(letter.to_lowercase());
    }
    assert_eq!(wire, param.wire, "{}: {}", endpoint.operation, param.name);
    let kind = match param.kind {
        Kind::Id => "\"id\"".to_owned(),
        Kind::Integer { min, max: MAX_SAFE_INTEGER } => format!("[{min}]"),
        Kind::Integer { min, max } => format!("[{min}, {max}]"),
        Kind::Text => "\"text\"".to_owned(),
        Kind::Email => "\"email\"".to_owned(),
        Kind::Boolean => "\"boolean\"".to_owned(),
        Kind::Flag => "\"flag\"".to_owned(),
        Kind::Access => "\"access\"".to_owned(),
    };
    format!("{}: [{kind}{}]", param.name, if param.required { ", 1" } else { "" })
}

/// The name of the type of an operation's body, and of the parameter that holds it.
fn body_names(endpoint: &Endpoint, reference: &Reference) -> (String, &'static str) {
    let data = type_of(reference.data);
    if endpoint.method == Method::Post {
        (format!("New{data}"), "user")
    } else {
        (format!("{data}Changes"), "changes")
    }
}

fn in_place<'a>(
    endpoint: &'a Endpoint,
    reference: &'a Reference,
    wanted: impl Fn(&Param) -> bool + 'a,
) -> impl Iterator<Item = (&'a Param, &'static str)> + 'a {
    let params = endpoint.params.iter().zip(reference.params).map(|(param, (_, doc))| (param, *doc));
    params.filter(move |(param, _)| wanted(param))
}

fn write_body(out: &mut String, endpoint: &Endpoint, reference: &Reference) {
    let members: Vec<_> = in_place(endpoint, reference, |param| param.place == ParamLocation::Body).collect();
    if members.is_empty() {
        return;
    }
    let _ = writeln!(out, "/** What `{}` takes. */", endpoint.operation);
    let _ = writeln!(out, "export interface {} {{", body_names(endpoint, reference).0);
    for (param, text) in members {
        doc(out, "  ", text);
        let _ = writeln!(out, "  {};", member(param));
    }
    out.push_str("}\n\n");
}

fn member(param: &Param) -> String {
    let kind = match param.kind {
        Kind::Id | Kind::Integer { .. } => "number",
        Kind::Text | Kind::Email => "string",
        Kind::Boolean | Kind::Flag => "boolean",
        Kind::Access => "readonly NewAccess[]",
    };
    if param.required {
        format!("{}: {kind}", param.name)
    } else {
        format!("{}?: {kind} | undefined", param.name)
    }
}

/// Parameters that a caller gives by their place, before the options.
fn is_positional(param: &Param) -> bool {
    param.place == ParamLocation::Path || (param.place == ParamLocation::Query && param.required)
}

fn write_method(out: &mut String, endpoint: &Endpoint, reference: &Reference) {
    let data = type_of(reference.data);
    let mut text = reference.summary.to_owned();
    if !reference.notes.is_empty() {
        let _ = write!(text, "\n\n{}", reference.notes);
    }
    let _ = write!(
        text,
        "\n\n`{} {}` · cost {} · scope `{}`\n",
        endpoint.method.as_str(),
        endpoint.path,
        endpoint.cost,
        endpoint.scope.as_str()
    );
    let mut params = Vec::new();
    for (param, about) in in_place(endpoint, reference, is_positional) {
        let _ = write!(text, "\n@param {} {about}", param.name);
        params.push(member(param));
    }
    if in_place(endpoint, reference, |param| param.place == ParamLocation::Body).next().is_some() {
        let (kind, name) = body_names(endpoint, reference);
        params.push(format!("{name}: {kind}"));
    }
    let own: Vec<_> =
        in_place(endpoint, reference, |param| param.place == ParamLocation::Query && !param.required).collect();
    for (param, about) in &own {
        let _ = write!(text, "\n@param options.{} {about}", param.name);
    }
    let own: Vec<_> = own.iter().map(|(param, _)| member(param)).collect();
    let own = if own.is_empty() { String::new() } else { format!(" & {{ {} }}", own.join("; ")) };
    params.push(format!("options?: CallOptions{own}"));
    let answer = match endpoint.answer {
        ResponseKind::Object => format!("ApiPromise<{data}>"),
        ResponseKind::List => format!("ApiPromise<{data}[]>"),
        ResponseKind::CursorPage => format!("PagePromise<{data}, CursorPage<{data}>>"),
        ResponseKind::OffsetPage => format!("PagePromise<{data}, OffsetPage<{data}>>"),
    };
    doc(out, "  ", &text);
    let _ = writeln!(out, "  {}({}): {answer};\n", endpoint.operation, params.join(", "));
}

/// A documentation comment. Rust's doc comments come with a space before each line.
fn doc(out: &mut String, indent: &str, text: &str) {
    let lines: Vec<&str> = text.trim().lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    if let [line] = lines[..] {
        let _ = writeln!(out, "{indent}/** {line} */");
        return;
    }
    let _ = writeln!(out, "{indent}/**");
    for line in lines {
        let _ = writeln!(out, "{}", format!("{indent} * {line}").trim_end());
    }
    let _ = writeln!(out, "{indent} */");
}
