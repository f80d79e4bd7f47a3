//! Validates the sandbox against Pipedrive's official contract: every response, success or error, is validated against the
//! OpenAPI document that the environment variable `PIPEDRIVE_OPENAPI` names. Without it nothing is checked.
//!
//! The contract marks nothing as required and forbids no member. So it is read strictly here: all its members have
//! to come, and no others, but for the exceptions that [`Contract::strict`] and [`deviate`] name.
#![cfg(all(feature = "sandbox", not(target_arch = "wasm32")))]

use std::{collections::BTreeSet, fs};

use jsonschema::Validator;
use pipedrive_users::{
    Timestamp,
    api::ENDPOINTS,
    sandbox::{Options, Request, Response, Sandbox, Tokens},
    schema::{Endpoint, Method},
};
use serde_json::{Map, Value, json};

const NOW: Timestamp = Timestamp::from_unix_millis(1_767_225_600_000);

/// What only some responses have, by the contract's own words or examples.
const OPTIONAL: [&str; 6] = [
    "additional_data",
    "deal_access_level",
    "org_access_level",
    "person_access_level",
    "product_access_level",
    "next_start",
];

/// What real error bodies hold beyond the contract's error schemas; its own examples have most of them.
const ERROR_EXTRAS: [&str; 5] = ["error_info", "errorCode", "data", "additional_data", "code"];

/// The official document.
struct Contract(Value);

impl Contract {
    fn load() -> Option<Self> {
        let Ok(path) = std::env::var("PIPEDRIVE_OPENAPI") else {
            eprintln!("SKIPPED: PIPEDRIVE_OPENAPI names no OpenAPI document to validate the sandbox against");
            return None;
        };
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        Some(Self(serde_json::from_str(&text).expect("the document is JSON")))
    }

    /// Every operation with its declaration in the document.
    fn operations(&self) -> impl Iterator<Item = (&str, &Value)> {
        let paths = self.0["paths"].as_object().expect("paths");
        paths
            .values()
            .filter_map(Value::as_object)
            .flat_map(Map::values)
            .filter_map(|operation| Some((operation.get("operationId")?.as_str()?, operation)))
    }

    /// Every response that the document has a schema for.
    fn documented(&self) -> BTreeSet<(String, u16)> {
        self.operations()
            .flat_map(|(id, operation)| {
                let responses = operation["responses"].as_object().expect("responses");
                responses.keys().map(|status| (id.to_owned(), status.parse().expect("a status")))
            })
            .collect()
    }

    fn operation(&self, id: &str) -> &Value {
        self.operations().find(|(other, _)| *other == id).unwrap_or_else(|| panic!("{id} is not there")).1
    }

    /// The schema of a response; where the document has none, that of a failure elsewhere in it.
    fn schema(&self, operation: &str, status: u16) -> Value {
        let of = |operation: &Value, status: &str| {
            operation["responses"][status]["content"]["application/json"].get("schema").cloned()
        };
        let fail_response = || {
            let schema = of(self.operation("addUser"), "403").expect("a documented failure");
            assert_eq!(schema["title"], "failResponse");
            schema
        };
        of(self.operation(operation), &status.to_string()).unwrap_or_else(fail_response)
    }

    /// The validator of a response: the contract with nothing left open.
    fn strict(&self, operation: &str, status: u16) -> Validator {
        let mut schema = flat(&self.schema(operation, status));
        deviate(operation, status, &mut schema);
        if status != 200 {
            let members = schema["properties"].as_object_mut().expect("members");
            for name in ERROR_EXTRAS {
                members.entry(name).or_insert(json!(true));
            }
            schema["required"] = json!(["success", "error"]);
        }
        close(&mut schema);
        jsonschema::validator_for(&schema).expect("a valid schema")
    }
}

/// Where the sandbox follows Pipedrive's guides and recorded responses, and the contract says something else.
fn deviate(operation: &str, status: u16, schema: &mut Value) {
    let more = "/properties/additional_data/properties";
    match (operation, status) {
        // The guide to pagination: null on the last page. The contract: a string.
        ("getUserFollowers", 200) => {
            *schema.pointer_mut(more).expect("members") =
                json!({ "next_cursor": { "type": ["string", "null"] } });
        }
        // The guide to pagination: comes when there is more. The contract does not name it.
        ("getUserRoleAssignments", 200) => {
            let pagination = schema.pointer_mut(&format!("{more}/pagination/properties")).expect("members");
            pagination["next_start"] = json!({ "type": "integer" });
        }
        // As seen on searches: the error is an object. The contract documents no such failure at all.
        ("findUsersByName", 400) => {
            let members = json!({ "code": { "type": "string" }, "message": { "type": "string" } });
            schema["properties"]["error"] = json!({ "anyOf": [
                { "type": "string" },
                { "type": "object", "properties": members },
            ] });
        }
        _ => {}
    }
}

/// An OpenAPI 3.0 schema as JSON Schema: `nullable` is a type more, and `allOf` is one object.
fn flat(schema: &Value) -> Value {
    let Value::Object(keywords) = schema else { return schema.clone() };
    let mut result = Map::new();
    let mut properties = Map::new();
    for (keyword, value) in keywords {
        match keyword.as_str() {
            "properties" => merge(&mut properties, value.as_object().expect("members"), flat),
            "allOf" => {
                for part in value.as_array().expect("parts") {
                    let part = flat(part);
                    let members =
                        part.get("properties").and_then(Value::as_object).expect("only objects are joined");
                    merge(&mut properties, members, Value::clone);
                    result.insert("type".to_owned(), json!("object"));
                }
            }
            "items" => drop(result.insert(keyword.clone(), flat(value))),
            "type" | "enum" => drop(result.insert(keyword.clone(), value.clone())),
            "nullable" | "title" | "description" | "example" | "default" | "format" => {}
            other => panic!("{other} is not understood: {schema}"),
        }
    }
    if keywords.get("nullable") == Some(&Value::Bool(true)) {
        assert!(!result.contains_key("enum"), "a nullable enumeration needs null among its values");
        result["type"] = json!([result["type"], "null"]);
    }
    if !properties.is_empty() {
        result.insert("properties".to_owned(), properties.into());
    }
    result.into()
}

fn merge(into: &mut Map<String, Value>, members: &Map<String, Value>, read: fn(&Value) -> Value) {
    for (name, schema) in members {
        assert!(into.insert(name.clone(), read(schema)).is_none(), "{name} is declared twice");
    }
}

/// Requires all members of all objects, and allows no others.
fn close(schema: &mut Value) {
    let Value::Object(keywords) = schema else { return };
    if let Some(items) = keywords.get_mut("items") {
        close(items);
    }
    for choice in keywords.get_mut("anyOf").and_then(Value::as_array_mut).into_iter().flatten() {
        close(choice);
    }
    if let Some(members) = keywords.get_mut("properties").and_then(Value::as_object_mut) {
        members.values_mut().for_each(close);
        let all: Vec<_> = members.keys().filter(|name| !OPTIONAL.contains(&name.as_str())).cloned().collect();
        keywords.entry("required").or_insert(json!(all));
        keywords.insert("additionalProperties".to_owned(), json!(false));
    }
}

/// A sandbox that is called, and whose responses are held to the contract one by one.
struct Trial<'a> {
    contract: &'a Contract,
    sandbox: Sandbox,
    held: &'a mut BTreeSet<(String, u16)>,
}

/// The header that brings a token.
type Credential = (&'static str, String);

fn api_token(token: &str) -> Credential {
    ("x-api-token", token.to_owned())
}

fn bearer(token: &str) -> Credential {
    ("authorization", format!("Bearer {token}"))
}

impl<'a> Trial<'a> {
    fn new(contract: &'a Contract, held: &'a mut BTreeSet<(String, u16)>, options: &Options) -> Self {
        Self { contract, sandbox: Sandbox::new(options).expect("valid options"), held }
    }

    fn tokens(&self) -> Tokens {
        self.sandbox.tokens().clone()
    }

    fn send(&mut self, method: Method, target: &str, (name, value): &Credential, body: &Value) -> Response {
        let request = Request {
            method: method.as_str().to_owned(),
            target: target.to_owned(),
            headers: vec![((*name).to_owned(), value.clone())],
            body: body.to_string(),
        };
        self.sandbox.handle(&request, NOW)
    }

    /// Calls an operation on a user, and validates the response against the contract.
    fn call(&mut self, endpoint: &Endpoint, call: &Call, status: u16) -> Value {
        let target = endpoint.path.replace("{id}", call.id) + call.query;
        let response = self.send(endpoint.method, &target, &call.credential, &call.body);
        let what = format!("{} {target} {}", endpoint.operation, response.body);
        assert_eq!(response.status, status, "{what}");
        assert!(
            response.headers.contains(&("content-type".into(), "application/json; charset=utf-8".into())),
            "{what}"
        );
        let response: Value = serde_json::from_str(&response.body).expect("JSON");
        assert_eq!(response["success"], status == 200, "{what}");
        if status == 200 {
            assert_eq!(response.get("additional_data").is_some(), endpoint.response.is_paged(), "{what}");
        }
        let errors = self.contract.strict(endpoint.operation, status);
        let errors: Vec<_> = errors
            .iter_errors(&response)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{what}\n{}", errors.join("\n"));
        self.held.insert((endpoint.operation.to_owned(), status));
        response
    }
}

/// A call that is a success unless something is changed.
struct Call {
    id: &'static str,
    query: &'static str,
    credential: Credential,
    body: Value,
}

impl Call {
    fn of(endpoint: &Endpoint, credential: Credential) -> Self {
        let body = match endpoint.operation {
            "addUser" => json!({ "email": "new@casinoroyale.example" }),
            "updateUser" => json!({ "active_flag": true }),
            _ => Value::Null,
        };
        let query = if endpoint.operation == "findUsersByName" { "?term=a" } else { "" };
        Self { id: "1", query, credential, body }
    }
}

fn endpoint(operation: &str) -> &'static Endpoint {
    ENDPOINTS.iter().find(|endpoint| endpoint.operation == operation).expect("declared")
}

#[test]
fn every_answer_keeps_the_contract() {
    let Some(contract) = Contract::load() else { return };
    let mut held = BTreeSet::new();
    successes(&contract, &mut held);
    errors_of_every_operation(&contract, &mut held);
    refused_input(&contract, &mut held);
    let missed: Vec<_> = contract.documented().difference(&held).cloned().collect();
    assert!(missed.is_empty(), "documented and not tried: {missed:?}");
}

fn successes(contract: &Contract, held: &mut BTreeSet<(String, u16)>) {
    let mut trial = Trial::new(contract, held, &Options { burst: Some(10_000), ..Options::default() });
    let tokens = trial.tokens();
    for endpoint in ENDPOINTS {
        for credential in [api_token(&tokens.api_token), bearer(&tokens.access_token)] {
            trial.call(endpoint, &Call::of(endpoint, credential), 200);
        }
    }
    // The users whose records differ, and one who was invited just now.
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.path.contains("{id}")) {
        for id in ["2", "3", "4", "5", "6", "7", "26"] {
            let call = Call { id, ..Call::of(endpoint, api_token(&tokens.api_token)) };
            trial.call(endpoint, &call, 200);
        }
    }
    let queries = [
        ("findUsersByName", "?term=casinoroyale&search_by_email=1"),
        ("findUsersByName", "?term=nobody%20is%20called%20so"),
        ("getUserFollowers", "?limit=10"),
        ("getUserFollowers", "?limit=500"),
        ("getUserRoleAssignments", "?limit=2"),
        ("getUserRoleAssignments", "?start=4&limit=2"),
        ("getUserRoleAssignments", "?start=9"),
    ];
    for (operation, query) in queries {
        let endpoint = endpoint(operation);
        trial.call(endpoint, &Call { query, ..Call::of(endpoint, api_token(&tokens.api_token)) }, 200);
    }
}

fn errors_of_every_operation(contract: &Contract, held: &mut BTreeSet<(String, u16)>) {
    for endpoint in ENDPOINTS {
        let mut trial = Trial::new(contract, held, &Options::default());
        let tokens = trial.tokens();
        let call = |credential| Call::of(endpoint, credential);
        trial.call(endpoint, &call(api_token("of no user")), 401);
        if endpoint.scope.as_str() != "base" {
            trial.call(endpoint, &call(bearer(&tokens.base_token)), 403);
        }
        if endpoint.scope.as_str() == "admin" {
            trial.call(endpoint, &call(api_token(&tokens.non_admin_token)), 403);
        }
        if endpoint.path.contains("{id}") {
            let unknown = Call { id: "26", ..call(api_token(&tokens.api_token)) };
            trial.call(endpoint, &unknown, 404);
            let malformed = Call { id: "x", ..call(api_token(&tokens.api_token)) };
            trial.call(endpoint, &malformed, 400);
        }

        let mut trial = Trial::new(contract, held, &Options { burst: Some(1), ..Options::default() });
        trial.call(endpoint, &call(api_token(&tokens.api_token)), 200);
        let burst = trial.call(endpoint, &call(api_token(&tokens.api_token)), 429);
        assert_eq!(burst["error"], "Request over limit");

        let mut trial = Trial::new(contract, held, &Options { daily: Some(1), ..Options::default() });
        let daily = trial.call(endpoint, &call(api_token(&tokens.api_token)), 429);
        assert_eq!(daily["error"], "daily request budget exceeded");
    }
}

fn refused_input(contract: &Contract, held: &mut BTreeSet<(String, u16)>) {
    let mut trial = Trial::new(contract, held, &Options::default());
    let tokens = trial.tokens();
    let queries = [
        ("findUsersByName", "?term="),
        ("findUsersByName", ""),
        ("findUsersByName", "?term=a&search_by_email=2"),
        ("getUserFollowers", "?limit=501"),
        ("getUserFollowers", "?cursor=nonsense"),
        ("getUserRoleAssignments", "?start=-1"),
    ];
    for (operation, query) in queries {
        let endpoint = endpoint(operation);
        trial.call(endpoint, &Call { query, ..Call::of(endpoint, api_token(&tokens.api_token)) }, 400);
    }
    let bodies = [
        ("addUser", json!({})),
        ("addUser", json!({ "email": "no address" })),
        ("addUser", json!({ "email": "a@b.example", "access": [{ "app": "mars" }] })),
        ("updateUser", json!({})),
        ("updateUser", json!({ "active_flag": "true" })),
        ("updateUser", json!([])),
    ];
    for (operation, body) in bodies {
        let endpoint = endpoint(operation);
        trial.call(endpoint, &Call { body, ..Call::of(endpoint, api_token(&tokens.api_token)) }, 400);
    }
}

#[test]
fn the_declarations_are_the_contracts() {
    let Some(contract) = Contract::load() else { return };
    let ours: BTreeSet<_> = ENDPOINTS.iter().map(|endpoint| endpoint.operation).collect();
    assert_eq!(ours, contract.operations().map(|(id, _)| id).collect());
    for endpoint in ENDPOINTS {
        let operation = contract.operation(endpoint.operation);
        assert_eq!(operation["x-token-cost"], endpoint.cost, "{}", endpoint.operation);
        let scopes = operation["security"].as_array().expect("security").iter();
        let scopes: Vec<_> = scopes.filter_map(|way| way["oauth2"][0].as_str()).collect();
        assert_eq!(scopes, [endpoint.scope.as_str()], "{}", endpoint.operation);
    }
}

/// Without this, a check that lets everything pass would look like a sandbox that does everything right.
#[test]
fn a_tampered_answer_is_refused() {
    let Some(contract) = Contract::load() else { return };
    let mut held = BTreeSet::new();
    let mut trial = Trial::new(&contract, &mut held, &Options::default());
    let token = api_token(&trial.tokens().api_token);
    let mut response =
        |operation| trial.call(endpoint(operation), &Call::of(endpoint(operation), token.clone()), 200);
    let users = response("getUsers");
    let roles = response("getUserRoleAssignments");
    let followers = response("getUserFollowers");
    let me = response("getCurrentUser");

    // Where, and what to put there; nothing means to take it away.
    let table = [
        ("getUsers", 200, &users, "/success", None),
        ("getUsers", 200, &users, "/data", None),
        ("getUsers", 200, &users, "/data", Some(Value::Null)),
        ("getUsers", 200, &users, "/data/3/id", Some(json!("4"))),
        ("getUsers", 200, &users, "/data/3/name", Some(Value::Null)),
        ("getUsers", 200, &users, "/data/3/email", None),
        ("getUsers", 200, &users, "/data/3/nickname", Some(json!("007"))),
        ("getUsers", 200, &users, "/data/3/access/0/app", Some(json!("mars"))),
        ("getUsers", 200, &users, "/extra", Some(json!(1))),
        ("getCurrentUser", 200, &me, "/data/company_domain", None),
        ("getCurrentUser", 200, &me, "/data/language/country_code", Some(json!(1))),
        ("getUserRoleAssignments", 200, &roles, "/data/0/type", Some(json!(1))),
        ("getUserRoleAssignments", 200, &roles, "/additional_data/pagination/limit", None),
        ("getUserFollowers", 200, &followers, "/additional_data/next_cursor", Some(json!(7))),
        ("getUser", 404, &json!({ "success": false, "error": "no" }), "/error", Some(json!(404))),
        ("getUser", 404, &json!({ "success": false, "error": "no" }), "/error", None),
        ("getUser", 404, &json!({ "success": false, "error": "no" }), "/reason", Some(json!("none"))),
    ];
    for (operation, status, response, place, value) in table {
        let validator = contract.strict(operation, status);
        assert!(validator.is_valid(response), "{operation} {status}");
        let (parent, name) = place.rsplit_once('/').expect("a pointer");
        let mut tampered = response.clone();
        let members = tampered.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
        match &value {
            Some(value) => members.insert(name.to_owned(), value.clone()),
            None => members.remove(name),
        };
        assert!(!validator.is_valid(&tampered), "{operation} {place} {value:?} was accepted");
    }
}
