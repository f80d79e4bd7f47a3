//! `operations.ts` and `methods.ts`: the endpoints, and the methods that call them.

use std::fmt::Write as _;

use pipedrive_users::api::{ENDPOINTS, METHODS, REFERENCE};
use pipedrive_users::event::EventKind;
use pipedrive_users::schema::{Endpoint, Method, Param, ParamKind, ParamLocation, Reference, ResponseKind};

use super::models::{join, type_of};
use super::{HEAD, doc, models_in};

/// What `operations.ts` and `methods.ts` import, and these names of models.
fn imports(models: &[&str]) -> String {
    format!(
        "import type {{ ApiPromise }} from \"../api-promise.js\";\nimport type {{ CallOptions }} from \"../types.js\";\n\
         import type {{ {} }} from \"./models.js\";\n",
        models.join(", ")
    )
}

pub(super) fn operations() -> String {
    let mut out = String::new();
    write_endpoints(&mut out);
    write_params(&mut out);
    out.push_str(
        "/** The access to one app, as a new user is given it. */\nexport interface NewAccess {\n  /** The app. */\n  app: \
         AccessApp;\n  /** Whether the user administers it. */\n  admin?: boolean | undefined;\n  /** The id of a permission \
         set. */\n  permission_set_id?: string | undefined;\n}\n\n",
    );
    for (endpoint, reference) in ENDPOINTS.into_iter().zip(REFERENCE) {
        write_interface(&mut out, &body_type(endpoint), "", endpoint, reference, |param| {
            param.location == ParamLocation::Body
        });
        write_interface(
            &mut out,
            &options_type(endpoint),
            " extends CallOptions",
            endpoint,
            reference,
            is_option,
        );
    }
    write_arguments(&mut out);
    out.push_str("/** The operations of the Users API: a `UsersClient`, or in a test a plain object of async functions. */\nexport interface UsersOperations {\n");
    for ((endpoint, reference), (_, values, _)) in ENDPOINTS.into_iter().zip(REFERENCE).zip(METHODS) {
        write_method(&mut out, endpoint, reference, values);
    }
    out.push_str("}\n");
    let models: Vec<_> = ["AccessApp"].into_iter().chain(models_in(&out)).collect();
    let imports = imports(&models);
    format!("{HEAD}import type {{ CursorPage, OffsetPage }} from \"../pages.js\";\n{imports}\n{out}")
}

fn write_endpoints(out: &mut String) {
    let methods = join(Method::ALL.iter().map(|method| format!("\"{}\"", method.as_str())));
    let _ = writeln!(
        out,
        "/** What is known of an operation before it is called. */\nexport interface Endpoint {{"
    );
    let _ = writeln!(out, "  /** The HTTP method. */\n  readonly method: {methods};");
    out.push_str("  /** The path on api.pipedrive.com. */\n  readonly path: string;\n");
    out.push_str("  /** Cost units that a call takes from the company's daily budget (Pipedrive calls them tokens). */\n  readonly cost: number;\n");
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
    out.push_str(
        "/** Pipedrive's id of an operation. */\nexport type OperationId = keyof typeof ENDPOINTS;\n\n",
    );
    out.push_str("/** The operations, in the order of Rust's list. */\nexport const OPERATIONS = /* @__PURE__ */ Object.keys(ENDPOINTS) as OperationId[];\n\n");
    let events: Vec<_> = EventKind::ALL.iter().map(|kind| format!("\"{}\"", kind.as_str())).collect();
    let _ = writeln!(
        out,
        "/** The types of events, by Rust's numbers. */\nexport const EVENTS = [{}] as const;\n",
        events.join(", ")
    );
}

/// The names of what each operation takes.
fn write_params(out: &mut String) {
    out.push_str("/** The names of what an operation takes: in its body, which has a name of its own, and among its options. */\nexport interface Params {\n  readonly body?: { readonly name: string; readonly members: readonly string[] };\n  readonly options: readonly string[];\n}\n\n");
    out.push_str("export const PARAMS: Readonly<Record<OperationId, Params>> = {\n");
    for (endpoint, (_, values, _)) in ENDPOINTS.into_iter().zip(METHODS) {
        let list = |wanted| names(endpoint, wanted);
        let body = if has_body(endpoint) {
            let members = list(|param| param.location == ParamLocation::Body);
            format!("body: {{ name: \"{}\", members: {members} }}, ", values.last().unwrap_or(&""))
        } else {
            String::new()
        };
        let _ = writeln!(out, "  {}: {{ {body}options: {} }},", endpoint.operation, list(is_option));
    }
    out.push_str("};\n\n");
    out.push_str("/** The names of what stands before the options, except for a body. */\nexport const POSITIONAL: Readonly<Record<OperationId, readonly string[]>> = {\n");
    for endpoint in ENDPOINTS {
        let _ = writeln!(out, "  {}: {},", endpoint.operation, names(endpoint, Param::is_positional));
    }
    out.push_str("};\n\n");
    out.push_str("/** The parameters that a query carries as a number or a boolean. */\nexport const PARAM_KINDS: Readonly<Record<string, \"number\" | \"boolean\" | undefined>> = {\n");
    let mut known = Vec::new();
    for param in ENDPOINTS.into_iter().flat_map(|endpoint| endpoint.params) {
        let kind = match param.kind {
            ParamKind::Id | ParamKind::Integer { .. } => "number",
            ParamKind::Boolean | ParamKind::NumericBoolean => "boolean",
            ParamKind::Text | ParamKind::Email | ParamKind::Access => continue,
        };
        if !known.contains(&(param.name, kind)) {
            known.push((param.name, kind));
            let _ = writeln!(out, "  {}: \"{kind}\",", param.name);
        }
    }
    out.push_str("};\n\n");
}

/// The names of some of an operation's parameters, as a list in TypeScript.
fn names(endpoint: &Endpoint, wanted: fn(&Param) -> bool) -> String {
    let names =
        endpoint.params.iter().filter(|param| wanted(param)).map(|param| format!("\"{}\"", param.name));
    format!("[{}]", names.collect::<Vec<_>>().join(", "))
}

pub(super) fn methods() -> String {
    let mut types = Vec::new();
    let mut body = String::new();
    for (endpoint, (operation, values, _)) in ENDPOINTS.into_iter().zip(METHODS) {
        types.push(options_type(endpoint));
        if has_body(endpoint) {
            types.push(body_type(endpoint));
        }
        let (params, options) = signature(endpoint, values);
        let named = if values.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", values.join(", ")) };
        let reference = REFERENCE.iter().zip(ENDPOINTS).find(|(_, other)| other.operation == operation);
        let data = reference.map(|(reference, _)| type_of(reference.data)).unwrap_or_default();
        let returns = returned(endpoint, &data);
        let call = match (endpoint.response.page_param(), endpoint.response) {
            (Some(_), kind) => {
                let class = if kind == ResponseKind::CursorPage { "CursorPage" } else { "OffsetPage" };
                format!("pages(this, \"{operation}\", {named}, options, {class}<{data}>)")
            }
            (None, _) => format!("call(this, \"{operation}\", {named}, options)"),
        };
        let params: Vec<_> = params.into_iter().chain([format!("options?: {options}")]).collect();
        let _ =
            writeln!(body, "  {operation}({}): {returns} {{\n    return {call};\n  }}\n", params.join(", "));
    }
    types.sort();
    types.dedup();
    types.retain(|name| name != "CallOptions");
    types.push("UsersOperations".to_owned());
    format!(
        "{HEAD}import {{ hide }} from \"../api-promise.js\";\nimport {{ type CoreClient, call, pages }} from \"../core-client.js\";\n\
         import {{ CursorPage, OffsetPage, type PagePromise }} from \"../pages.js\";\n{}import type {{ {} }} from \"./operations.js\";\n\n\
         /** The methods of the endpoints, each a call of its operation. */\nexport abstract class EndpointMethods implements UsersOperations {{\n  \
         /** @internal */\n  declare readonly _core: () => CoreClient;\n\n  \
         /** @internal */\n  constructor(core: CoreClient) {{\n    hide(this, \"_core\", () => core);\n  }}\n\n{}}}\n",
        imports(&models_in(&body)),
        types.join(", "),
        body
    )
}

fn has_body(endpoint: &Endpoint) -> bool {
    endpoint.params.iter().any(|param| param.location == ParamLocation::Body)
}

fn is_option(param: &Param) -> bool {
    param.location == ParamLocation::Query && !param.required
}

/// An operation's name as a type.
fn pascal(operation: &str) -> String {
    let mut letters = operation.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// The type of an operation's body: `NewUser` of `addUser`, `UserChanges` of `updateUser`.
fn body_type(endpoint: &Endpoint) -> String {
    let operation = endpoint.operation;
    if let Some(thing) = operation.strip_prefix("add") {
        format!("New{thing}")
    } else if let Some(thing) = operation.strip_prefix("update") {
        format!("{thing}Changes")
    } else {
        format!("{}Body", pascal(operation))
    }
}

/// The type of an operation's options.
/// What the module's method of an operation is given.
pub(super) fn arguments_type(operation: &str) -> String {
    format!("{}Arguments", pascal(operation))
}

/// The arguments of each operation by their names: those before the options, the members of the body and the options.
fn write_arguments(out: &mut String) {
    for (endpoint, (operation, values, _)) in ENDPOINTS.into_iter().zip(METHODS) {
        let (params, options) = signature(endpoint, values);
        let body = has_body(endpoint).then(|| body_type(endpoint));
        let named = params.iter().take(params.len() - usize::from(body.is_some()));
        let named: Vec<_> = named.map(|param| format!("{{ {param} }}")).collect();
        let parts: Vec<_> = named.into_iter().chain(body).chain([options]).collect();
        let _ = writeln!(
            out,
            "/** All that `{operation}` takes, by its names. */\nexport type {} = {};\n",
            arguments_type(operation),
            parts.join(" & ")
        );
    }
}

fn options_type(endpoint: &Endpoint) -> String {
    if endpoint.params.iter().any(is_option) {
        format!("{}Options", pascal(endpoint.operation))
    } else {
        "CallOptions".to_owned()
    }
}

/// The parameters of a method before the options, and the type of the options.
fn signature(endpoint: &Endpoint, values: &[&str]) -> (Vec<String>, String) {
    let mut params: Vec<_> =
        endpoint.params.iter().filter(|param| param.is_positional()).map(member).collect();
    if let Some(name) = values.last().filter(|_| has_body(endpoint)) {
        params.push(format!("{name}: {}", body_type(endpoint)));
    }
    (params, options_type(endpoint))
}

fn returned(endpoint: &Endpoint, data: &str) -> String {
    match endpoint.response {
        ResponseKind::Object => format!("ApiPromise<{data}>"),
        ResponseKind::List => format!("ApiPromise<{data}[]>"),
        ResponseKind::CursorPage => format!("PagePromise<{data}, CursorPage<{data}>>"),
        ResponseKind::OffsetPage => format!("PagePromise<{data}, OffsetPage<{data}>>"),
    }
}

/// What an operation returns in the description that other objects can follow too: a plain promise.
fn resolved(endpoint: &Endpoint, data: &str) -> String {
    match endpoint.response {
        ResponseKind::Object => format!("Promise<{data}>"),
        ResponseKind::List => format!("Promise<{data}[]>"),
        ResponseKind::CursorPage => format!("Promise<CursorPage<{data}>>"),
        ResponseKind::OffsetPage => format!("Promise<OffsetPage<{data}>>"),
    }
}

fn documented<'a>(
    endpoint: &'a Endpoint,
    reference: &'a Reference,
    wanted: impl Fn(&Param) -> bool + 'a,
) -> impl Iterator<Item = (&'a Param, &'static str)> + 'a {
    let params = endpoint.params.iter().zip(reference.params).map(|(param, (_, doc))| (param, *doc));
    params.filter(move |(param, _)| wanted(param))
}

/// An interface of some of an operation's parameters, if there are any.
fn write_interface(
    out: &mut String,
    name: &str,
    heritage: &str,
    endpoint: &Endpoint,
    reference: &Reference,
    wanted: impl Fn(&Param) -> bool,
) {
    let members: Vec<_> = documented(endpoint, reference, wanted).collect();
    if members.is_empty() {
        return;
    }
    let what = if heritage.is_empty() { "body" } else { "options" };
    let _ = writeln!(out, "/** The {what} of `{}`. */", endpoint.operation);
    let _ = writeln!(out, "export interface {name}{heritage} {{");
    for (param, text) in members {
        doc(out, "  ", text);
        let _ = writeln!(out, "  {};", member(param));
    }
    out.push_str("}\n\n");
}

fn member(param: &Param) -> String {
    let kind = match param.kind {
        ParamKind::Id | ParamKind::Integer { .. } => "number",
        ParamKind::Text | ParamKind::Email => "string",
        ParamKind::Boolean | ParamKind::NumericBoolean => "boolean",
        ParamKind::Access => "readonly NewAccess[]",
    };
    if param.required {
        format!("{}: {kind}", param.name)
    } else {
        format!("{}?: {kind} | undefined", param.name)
    }
}

fn write_method(out: &mut String, endpoint: &Endpoint, reference: &Reference, values: &[&str]) {
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
    for (param, about) in documented(endpoint, reference, Param::is_positional) {
        let _ = write!(text, "\n@param {} - {about}", param.name);
    }
    // TSDoc knows no parameter with a dot: each option is documented where its type is declared.
    let own: Vec<_> =
        documented(endpoint, reference, is_option).map(|(param, _)| format!("`{}`", param.name)).collect();
    let _ = match own.as_slice() {
        [] => write!(text, "\n@param options - Those of every call."),
        own => write!(text, "\n@param options - {}, and those of every call.", own.join(", ")),
    };
    let (mut params, options) = signature(endpoint, values);
    params.push(format!("options?: {options}"));
    let returns = resolved(endpoint, &type_of(reference.data));
    doc(out, "  ", &text);
    let _ = writeln!(out, "  {}({}): {returns};\n", endpoint.operation, params.join(", "));
}
