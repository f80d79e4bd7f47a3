//! What a document and the declarations say differently.

use std::collections::BTreeSet;
use std::fs;

use pipedrive_users::api::{ENDPOINTS, REFERENCE};
use pipedrive_users::schema::{Endpoint, Model, Param, ParamKind, ParamLocation, ResponseKind, Schema};
use serde_json::{Value, json};

use super::Finding;
use super::document::{Document, Operation, merged};
use crate::shell::root;

/// Members that real responses still have, though the contract dropped them in February 2023.
const STILL_SENT: [&str; 2] = ["is_admin", "signup_flow_variation"];

/// Compares every declared operation, and looks for operations on users that are not declared.
pub(super) fn compare(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (endpoint, reference) in ENDPOINTS.into_iter().zip(REFERENCE) {
        let mut differences = Differences { endpoint, found: &mut findings };
        let Some(operation) = differences.locate(document) else { continue };
        differences.params(operation);
        differences.body(operation);
        differences.terms(operation);
        differences.response(operation, reference.data);
    }
    for operation in &document.operations {
        let is_of_users = operation.path.ends_with("/users") || operation.path.contains("/users/");
        let is_known =
            ENDPOINTS.iter().any(|endpoint| endpoint.operation == operation.id || is_at(endpoint, operation));
        if is_of_users && !is_known {
            findings.push(Finding {
                operation: operation.id.clone(),
                what: format!("is new: {} {}", operation.method, operation.path),
                touches: vec![
                    "a new file in src/api".into(),
                    "src/api/mod.rs".into(),
                    "src/sandbox/operations.rs".into(),
                ],
            });
        }
    }
    findings
}

/// Whether an operation of a document is where an endpoint is declared. The names of variables do not matter.
fn is_at(endpoint: &Endpoint, operation: &Operation) -> bool {
    let parts = |path: &str| {
        path.split('/')
            .map(|part| if part.starts_with('{') { "{}" } else { part }.to_owned())
            .collect::<Vec<_>>()
    };
    operation.method == endpoint.method.as_str() && parts(&operation.path) == parts(endpoint.path)
}

/// The differences of one operation.
struct Differences<'a> {
    endpoint: &'static Endpoint,
    found: &'a mut Vec<Finding>,
}

impl Differences<'_> {
    fn report(&mut self, what: String, touches: Vec<String>) {
        self.found.push(Finding { operation: self.endpoint.operation.to_owned(), what, touches });
    }

    /// The file in which the operation is declared.
    fn own_file(&self) -> String {
        let mut name = String::new();
        for letter in self.endpoint.operation.chars() {
            if letter.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        }
        format!("src/api/{name}.rs")
    }

    fn param_files(&self) -> Vec<String> {
        vec![self.own_file(), "www/operations.js".into(), "tests/js/support/operations.mjs".into()]
    }

    /// The operation in the document; where it is somewhere else, or not at all, that is a difference.
    fn locate<'d>(&mut self, document: &'d Document) -> Option<&'d Operation> {
        let named: Vec<_> =
            document.operations.iter().filter(|operation| operation.id == self.endpoint.operation).collect();
        let here = document.operations.iter().find(|operation| is_at(self.endpoint, operation));
        let path_files =
            vec![self.own_file(), "src/sandbox/operations.rs".into(), "tests/requests.json".into()];
        let declared = format!("{} {}", self.endpoint.method.as_str(), self.endpoint.path);
        for operation in &named {
            if here.is_some_and(|here| std::ptr::eq(here, *operation)) {
                continue;
            }
            let there = format!("{} {}", operation.method, operation.path);
            let what = match here {
                // The first version of an operation may stay when the second one comes; what is declared is the newer one.
                Some(_) if version_of(&operation.path) < version_of(self.endpoint.path) => continue,
                Some(_) => format!("is offered at {there} too; declared is {declared}"),
                None => format!("has moved to {there}; declared is {declared}"),
            };
            self.report(what, path_files.clone());
        }
        match (here, named.first()) {
            (Some(here), _) => {
                if here.id != self.endpoint.operation {
                    self.report(
                        format!("is called {} now", here.id),
                        vec![self.own_file(), "src/api/mod.rs".into()],
                    );
                }
                Some(here)
            }
            (None, Some(moved)) => Some(moved),
            (None, None) => {
                self.report(format!("is gone: declared is {declared}"), path_files);
                None
            }
        }
    }

    /// Parameters of the path and the query.
    fn params(&mut self, operation: &Operation) {
        let listed = operation.value["parameters"].as_array().cloned().unwrap_or_default();
        let of_document = |wire: &str| listed.iter().find(|param| param["name"] == wire);
        for param in self.endpoint.params.iter().filter(|param| param.location != ParamLocation::Body) {
            let name = param.wire;
            let Some(now) = of_document(name) else {
                self.report(format!("parameter {name} is gone"), self.param_files());
                continue;
            };
            let location = if param.location == ParamLocation::Path { "path" } else { "query" };
            if now["in"] != location {
                self.report(
                    format!(
                        "parameter {name} is in the {} now; declared is the {location}",
                        text(&now["in"])
                    ),
                    self.param_files(),
                );
            }
            self.required(&format!("parameter {name}"), param, now["required"] == true);
            self.kind(&format!("parameter {name}"), param, &merged(&now["schema"]));
        }
        for now in &listed {
            let is_declared = self.endpoint.params.iter().any(|param| param.wire == now["name"]);
            if !is_declared && (now["in"] == "path" || now["in"] == "query") {
                let needed = if now["required"] == true { ", and required" } else { "" };
                self.report(
                    format!("parameter {} ({}) is new{needed}", text(&now["name"]), text(&now["in"])),
                    self.param_files(),
                );
            }
        }
    }

    /// Members of the body.
    fn body(&mut self, operation: &Operation) {
        let schema = merged(&operation.value["requestBody"]["content"]["application/json"]["schema"]);
        let members = schema["properties"].as_object().cloned().unwrap_or_default();
        let required = |name: &str| {
            schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name))
        };
        for param in self.endpoint.params.iter().filter(|param| param.location == ParamLocation::Body) {
            match members.get(param.wire) {
                Some(now) => {
                    self.required(&format!("member {} of the body", param.wire), param, required(param.wire));
                    self.kind(&format!("member {} of the body", param.wire), param, &merged(now));
                }
                None => self.report(format!("member {} of the body is gone", param.wire), self.param_files()),
            }
        }
        for name in members.keys() {
            if !self.endpoint.params.iter().any(|param| param.wire == name) {
                let needed = if required(name) { ", and required" } else { "" };
                self.report(format!("member {name} of the body is new{needed}"), self.param_files());
            }
        }
    }

    fn required(&mut self, what: &str, param: &Param, now: bool) {
        if now != param.required {
            let (now, before) = if now { ("required", "optional") } else { ("optional", "required") };
            self.report(format!("{what} is {now} now; declared is {before}"), self.param_files());
        }
    }

    fn kind(&mut self, what: &str, param: &Param, now: &Value) {
        let expected: &[&str] = match param.kind {
            ParamKind::Id | ParamKind::Integer { .. } => &["integer", "number"],
            ParamKind::Text | ParamKind::Email => &["string"],
            ParamKind::Boolean => &["boolean"],
            ParamKind::NumericBoolean => &["integer", "number", "boolean"],
            ParamKind::Access => &["array"],
        };
        if let Some(kind) = now["type"].as_str()
            && !expected.contains(&kind)
        {
            self.report(
                format!("{what} is of type {kind} now; declared is {}", expected[0]),
                self.param_files(),
            );
        }
        if let ParamKind::Integer { min, max } = param.kind {
            for (name, declared) in [("minimum", min), ("maximum", max)] {
                if let Some(now) = now[name].as_i64().filter(|now| *now != declared) {
                    self.report(
                        format!("{what} has the {name} {now} now; declared is {declared}"),
                        self.param_files(),
                    );
                }
            }
        }
        if param.kind == ParamKind::Access {
            let app = merged(&merged(&now["items"])["properties"]["app"]);
            self.values(&format!("{what}, app"), &app, &access_apps(), &["src/models/access.rs".to_owned()]);
        }
    }

    /// Scope, cost, and whether it is deprecated.
    fn terms(&mut self, operation: &Operation) {
        let scopes: Vec<_> = operation.value["security"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|way| way["oauth2"].as_array())
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let declared = self.endpoint.scope.as_str();
        if !scopes.is_empty() && !scopes.contains(&declared) {
            self.report(
                format!("needs the scope {} now; declared is {declared}", scopes.join(" or ")),
                self.terms_files(),
            );
        }
        // Documents of before December 2024 do not have costs.
        if let Some(cost) =
            operation.value["x-token-cost"].as_u64().filter(|cost| *cost != u64::from(self.endpoint.cost))
        {
            self.report(format!("costs {cost} now; declared is {}", self.endpoint.cost), self.terms_files());
        }
        if operation.value["deprecated"] == true {
            self.report("is deprecated".to_owned(), vec![self.own_file(), "SUPPORT.md".into()]);
        }
    }

    fn terms_files(&self) -> Vec<String> {
        vec![
            self.own_file(),
            "README.md".into(),
            "src/README.md".into(),
            "tests/js/support/operations.mjs".into(),
        ]
    }

    /// The `data` of a good response.
    fn response(&mut self, operation: &Operation, declared: Schema) {
        let responses = &operation.value["responses"];
        let good =
            ["200", "201"].into_iter().map(|status| &responses[status]).find(|response| response.is_object());
        let Some(good) = good else { return };
        let schema = merged(&good["content"]["application/json"]["schema"]);
        let Some(data) = schema["properties"].get("data").map(merged) else { return };
        let more = merged(&schema["properties"]["additional_data"]);
        if self.endpoint.response == ResponseKind::CursorPage
            && more["properties"].get("next_cursor").is_none()
        {
            self.report("additional_data.next_cursor is gone".to_owned(), vec![self.own_file()]);
        }
        if !self.endpoint.response.is_list() {
            return self.schema("data", &data, declared, None);
        }
        match data["type"].as_str() {
            Some("array") => self.schema("data[]", &merged(&data["items"]), declared, None),
            Some(kind) => {
                self.report(format!("data is of type {kind} now; declared is a list"), vec![self.own_file()]);
            }
            None => {}
        }
    }

    fn schema(&mut self, at: &str, now: &Value, declared: Schema, model: Option<&Model>) {
        let files = model.map_or_else(|| vec![self.own_file()], |model| vec![file_of(model.name)]);
        let expected: &[&str] = match declared {
            Schema::Boolean => &["boolean"],
            Schema::Integer | Schema::OneOfNumbers(_) => &["integer", "number"],
            Schema::NumericFlag => &["boolean", "integer", "number"],
            Schema::Text | Schema::OneOf(_) => &["string"],
            Schema::List(_) => &["array"],
            Schema::Object(_) => &["object"],
        };
        if let Some(kind) = now["type"].as_str()
            && !expected.contains(&kind)
        {
            return self.report(format!("{at} is of type {kind} now; declared is {declared}"), files);
        }
        match declared {
            Schema::OneOf(known) => self.values(at, now, known, &files),
            Schema::List(of) => self.schema(&format!("{at}[]"), &merged(&now["items"]), *of, model),
            Schema::Object(model) => self.members(at, now, model),
            _ => {}
        }
    }

    fn members(&mut self, at: &str, now: &Value, model: &Model) {
        let Some(members) = now["properties"].as_object() else { return };
        let files = vec![file_of(model.name), "src/sandbox".into()];
        for field in model.fields {
            let path = format!("{at}.{}", field.name);
            match members.get(field.name) {
                Some(now) => {
                    let now = merged(now);
                    if now["nullable"] == true && !field.presence.may_be_null() {
                        self.report(format!("{path} may be null now"), files.clone());
                    }
                    self.schema(&path, &now, field.schema, Some(model));
                }
                None if STILL_SENT.contains(&field.name) => {}
                None => self.report(format!("{path} is gone"), files.clone()),
            }
        }
        for name in members.keys().filter(|name| !model.fields.iter().any(|field| field.name == **name)) {
            self.report(format!("{at}.{name} is new"), files.clone());
        }
    }

    /// The values of an enumeration.
    fn values(&mut self, at: &str, now: &Value, known: &[&str], files: &[String]) {
        let Some(values) = now["enum"].as_array() else { return };
        let now: BTreeSet<_> = values.iter().filter_map(Value::as_str).collect();
        let known: BTreeSet<_> = known.iter().copied().collect();
        for value in now.difference(&known) {
            self.report(format!("{at} has the new value \"{value}\""), files.to_vec());
        }
        for value in known.difference(&now) {
            self.report(format!("{at} has no value \"{value}\""), files.to_vec());
        }
    }
}

/// The apps that are declared.
fn access_apps() -> Vec<&'static str> {
    let models = pipedrive_users::models::MODELS;
    let fields = models.iter().filter(|model| model.name == "Access").flat_map(|model| model.fields);
    fields
        .filter_map(|field| if let Schema::OneOf(known) = field.schema { Some(known) } else { None })
        .flatten()
        .copied()
        .collect()
}

/// The file that declares a model.
fn file_of(model: &str) -> String {
    let declaration = format!("pub struct {model} ");
    let files =
        fs::read_dir(root().join("src/models")).into_iter().flatten().flatten().map(|entry| entry.path());
    let found = files
        .filter(|path| fs::read_to_string(path).is_ok_and(|text| text.contains(&declaration)))
        .find_map(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    found.map_or_else(|| "src/models".to_owned(), |name| format!("src/models/{name}"))
}

/// The version in a path: 2 for `/api/v2/users`.
fn version_of(path: &str) -> u32 {
    path.split('/').find_map(|part| part.strip_prefix('v')?.parse().ok()).unwrap_or(0)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| json!(value).to_string(), str::to_owned)
}
