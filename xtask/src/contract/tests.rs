//! A document is made from the declarations, then changed as Pipedrive's contract really was or may be.

use pipedrive_users::api::{ENDPOINTS, REFERENCE};
use pipedrive_users::schema::{Endpoint, Model, Param, ParamKind, ParamLocation, ResponseKind, Schema};
use serde_json::{Map, Value, json};

use super::*;
use crate::shell::root;

/// The contract as it would be if it were written from the declarations: API v1 with the path of its server, v2 with a server of its own.
fn document() -> Value {
    let mut paths = Map::new();
    for (endpoint, reference) in ENDPOINTS.into_iter().zip(REFERENCE) {
        let (server, path) = if let Some(path) = endpoint.path.strip_prefix("/api/v2") {
            ("https://api.pipedrive.com/api/v2", path)
        } else {
            ("https://api.pipedrive.com/v1", endpoint.path.strip_prefix("/v1").expect("v1 or v2"))
        };
        let item = paths.entry(path).or_insert_with(|| json!({ "servers": [{ "url": server }] }));
        item[endpoint.method.as_str().to_lowercase()] = operation(endpoint, schema(reference.data));
    }
    json!({ "openapi": "3.0.1", "servers": [{ "url": "https://api.pipedrive.com/v1" }], "paths": paths })
}

fn operation(endpoint: &Endpoint, item: Value) -> Value {
    let data = if endpoint.response.is_list() { json!({ "type": "array", "items": item }) } else { item };
    let more = match endpoint.response {
        ResponseKind::CursorPage => {
            json!({ "type": "object", "properties": { "next_cursor": { "type": "string" } } })
        }
        _ => json!({ "type": "object" }),
    };
    let (of_body, others): (Vec<_>, Vec<_>) =
        endpoint.params.iter().partition(|param| param.location == ParamLocation::Body);
    let required: Vec<_> = of_body.iter().filter(|param| param.required).map(|param| param.wire).collect();
    let members: Map<_, _> =
        of_body.iter().map(|param| (param.wire.to_owned(), param_schema(param))).collect();
    let params: Vec<_> = others
        .iter()
        .map(|param| {
            let location = if param.location == ParamLocation::Path { "path" } else { "query" };
            json!({ "name": param.wire, "in": location, "required": param.required, "schema": param_schema(param) })
        })
        .collect();
    let envelope = json!({ "allOf": [
        { "type": "object", "properties": { "success": { "type": "boolean" } } },
        { "type": "object", "properties": { "data": data, "additional_data": more } },
    ] });
    json!({
        "operationId": endpoint.operation,
        "x-token-cost": endpoint.cost,
        "security": [{ "api_key": [] }, { "oauth2": [endpoint.scope.as_str()] }],
        "parameters": params,
        "requestBody": { "content": { "application/json": { "schema": { "type": "object", "required": required, "properties": members } } } },
        "responses": { "200": { "content": { "application/json": { "schema": envelope } } } },
    })
}

fn param_schema(param: &Param) -> Value {
    match param.kind {
        ParamKind::Id | ParamKind::Integer { .. } | ParamKind::NumericBoolean => json!({ "type": "integer" }),
        ParamKind::Text | ParamKind::Email => json!({ "type": "string" }),
        ParamKind::Boolean => json!({ "type": "boolean" }),
        ParamKind::Access => {
            json!({ "type": "array", "items": { "type": "object", "properties": { "app": { "type": "string", "enum": apps() } } } })
        }
    }
}

fn apps() -> Vec<&'static str> {
    vec!["global", "sales", "campaigns", "projects", "account_settings", "partnership", "nova"]
}

fn schema(declared: Schema) -> Value {
    match declared {
        Schema::Boolean | Schema::NumericFlag => json!({ "type": "boolean" }),
        Schema::Integer => json!({ "type": "integer" }),
        Schema::Text => json!({ "type": "string" }),
        Schema::OneOf(known) => json!({ "type": "string", "enum": known }),
        Schema::OneOfNumbers(_) => json!({ "type": "number" }),
        Schema::List(of) => json!({ "type": "array", "items": schema(*of) }),
        Schema::Object(model) => members(model),
    }
}

fn members(model: &Model) -> Value {
    let properties: Map<_, _> = model
        .fields
        .iter()
        .map(|field| {
            let mut schema = schema(field.schema);
            if field.presence.may_be_null() {
                schema["nullable"] = json!(true);
            }
            (field.name.to_owned(), schema)
        })
        .collect();
    json!({ "type": "object", "properties": properties })
}

fn findings(document: &Value) -> Vec<Finding> {
    let mut read = Document::default();
    read.add(document);
    compare(&read)
}

/// What is found, as `operation: what`.
fn lines(document: &Value) -> Vec<String> {
    findings(document)
        .into_iter()
        .map(|Finding { operation, what, .. }| format!("{operation}: {what}"))
        .collect()
}

/// The schema of an item of a response.
fn item<'a>(document: &'a mut Value, path: &str, method: &str) -> &'a mut Value {
    let data = &mut document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        ["allOf"][1]["properties"]["data"];
    if data["items"].is_null() { data } else { &mut data["items"] }
}

#[test]
fn what_the_declarations_say_differs_in_nothing() {
    assert_eq!(lines(&document()), Vec::<String>::new());
    assert_eq!(report(&[]), "The ten operations are as the documents have them.\n");
}

#[test]
fn the_official_contract_differs_in_nothing() {
    let Ok(path) = std::env::var("PIPEDRIVE_OPENAPI") else {
        eprintln!("SKIPPED: PIPEDRIVE_OPENAPI names no OpenAPI document");
        return;
    };
    let mut read = Document::default();
    read.read(path.as_ref()).expect("the contract");
    assert_eq!(report(&compare(&read)), report(&[]));
}

#[test]
fn apps_that_came_later_are_found_from_both_sides() {
    // The contract of February 2025 had neither `partnership` (March 2025) nor `nova` (August 2026).
    let old = &apps()[..5];
    let mut document = document();
    item(&mut document, "/users", "get")["properties"]["access"]["items"]["properties"]["app"]["enum"] =
        json!(old);
    assert_eq!(
        lines(&document),
        [
            "getUsers: data[].access[].app has no value \"nova\"",
            "getUsers: data[].access[].app has no value \"partnership\""
        ]
    );
    let newer: Vec<_> = apps().into_iter().chain(["voice"]).collect();
    let mut document = self::document();
    item(&mut document, "/users/{id}", "get")["properties"]["access"]["items"]["properties"]["app"]["enum"] =
        json!(newer);
    document["paths"]["/users"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
        ["access"]["items"]["properties"]["app"]["enum"] = json!(newer);
    let found = findings(&document);
    let what: Vec<_> =
        found.iter().map(|finding| (finding.operation.as_str(), finding.what.as_str())).collect();
    assert_eq!(
        what,
        [
            ("getUser", "data.access[].app has the new value \"voice\""),
            ("addUser", "member access of the body, app has the new value \"voice\"")
        ]
    );
    for finding in found {
        assert_eq!(finding.touches, ["src/models/access.rs"]);
    }
}

#[test]
fn followers_of_v1_and_of_v2() {
    // Before v2 had it, the operation was one of v1: a list of ids, without pages.
    let mut old = document();
    let mut followers = old["paths"]["/users/{id}/followers"].take();
    followers["servers"][0]["url"] = json!("https://api.pipedrive.com/v1");
    followers["get"]["parameters"].as_array_mut().expect("parameters").truncate(1);
    followers["get"]["responses"]["200"]["content"]["application/json"]["schema"] = json!({ "type": "object", "properties": { "data": { "type": "array", "items": { "type": "integer" } } } });
    old["paths"]["/users/{id}/followers"] = followers.clone();
    assert_eq!(
        lines(&old),
        [
            "getUserFollowers: has moved to GET /v1/users/{id}/followers; declared is GET /api/v2/users/{id}/followers",
            "getUserFollowers: parameter limit is gone",
            "getUserFollowers: parameter cursor is gone",
            "getUserFollowers: additional_data.next_cursor is gone",
            "getUserFollowers: data[] is of type integer now; declared is an object",
        ]
    );
    // Both documents at once: what stays of v1 beside v2 is no news.
    let mut both = Document::default();
    both.add(&json!({ "servers": [{ "url": "https://api.pipedrive.com/v1" }], "paths": { "/users/{id}/followers": followers } }));
    both.add(&document());
    assert_eq!(report(&compare(&both)), report(&[]));
}

#[test]
fn users_that_come_to_v2_too() {
    let mut read = Document::default();
    let document = document();
    read.add(&document);
    let user = document["paths"]["/users/{id}"]["get"].clone();
    read.add(&json!({ "servers": [{ "url": "https://api.pipedrive.com/api/v2" }], "paths": { "/users/{id}": { "get": user } } }));
    let found = report(&compare(&read));
    assert_eq!(
        found,
        "getUser\n  is offered at GET /api/v2/users/{id} too; declared is GET /v1/users/{id}\n      touches src/api/get_user.rs, \
         src/sandbox/operations.rs, tests/requests.json\n"
    );
}

#[test]
fn every_kind_of_change() {
    let mut document = document();
    let paths = &mut document["paths"];
    paths["/users/find"]["get"]["parameters"][0]["name"] = json!("query");
    paths["/users/find"]["get"]["parameters"][1]["required"] = json!(true);
    paths["/users/me"]["get"]["x-token-cost"] = json!(4);
    paths["/users/{id}/permissions"]["get"]["security"][1]["oauth2"] = json!(["users:full"]);
    paths["/users/{id}/roleSettings"]["get"]["deprecated"] = json!(true);
    paths["/users/{id}/roleAssignments"]["get"]["parameters"][1]["schema"] = json!({ "type": "string" });
    let changes = &mut paths["/users/{id}"]["put"]["requestBody"]["content"]["application/json"]["schema"];
    changes["properties"]["name"] = json!({ "type": "string" });
    changes["required"] = json!(["active_flag", "name"]);
    paths["/users/{id}"]["delete"] = json!({ "operationId": "deleteUser" });
    paths["/users"]["get"]["operationId"] = json!("listUsers");
    let user = item(&mut document, "/users/{id}", "get");
    user["properties"]["role_id"] = json!({ "type": "string" });
    user["properties"]["email"]["nullable"] = json!(true);
    user["properties"]["pronouns"] = json!({ "type": "string" });
    user["properties"].as_object_mut().expect("members").remove("phone");
    let mut found = lines(&document);
    found.sort();
    assert_eq!(
        found,
        [
            "deleteUser: is new: DELETE /v1/users/{id}",
            "findUsersByName: parameter query (query) is new, and required",
            "findUsersByName: parameter search_by_email is required now; declared is optional",
            "findUsersByName: parameter term is gone",
            "getCurrentUser: costs 4 now; declared is 2",
            "getUser: data.email may be null now",
            "getUser: data.phone is gone",
            "getUser: data.pronouns is new",
            "getUser: data.role_id is of type string now; declared is an integer",
            "getUserPermissions: needs the scope users:full now; declared is users:read",
            "getUserRoleAssignments: parameter start is of type string now; declared is integer",
            "getUserRoleSettings: is deprecated",
            "getUsers: is called listUsers now",
            "updateUser: member name of the body is new, and required",
        ]
    );
    document["paths"].as_object_mut().expect("paths").remove("/users/find");
    assert!(
        lines(&document).contains(&"findUsersByName: is gone: declared is GET /v1/users/find".to_owned())
    );
}

#[test]
fn what_is_named_as_touched_is_there() {
    let mut document = document();
    document["paths"] = json!({ "/users/{id}/followers": { "get": operation(ENDPOINTS[3], json!({ "type": "string" })) }, "/users/new": { "get": {} } });
    let found = findings(&document);
    assert!(found.len() >= 10);
    for file in found.iter().flat_map(|finding| &finding.touches).filter(|file| !file.contains("new file")) {
        assert!(root().join(file).exists(), "{file}");
    }
}

#[test]
fn yaml_and_references_are_read() {
    let folder = root().join("target/tmp/contract");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut document = document();
    let me = document["paths"]["/users/me"]["get"].take();
    document["components"] = json!({ "operations": { "me": me }, "loop": { "$ref": "#/components/loop" } });
    document["paths"]["/users/me"]["get"] = json!({ "$ref": "#/components/operations/me" });
    document["paths"]["/users/me"]["x-loop"] = json!({ "$ref": "#/components/loop" });
    let file = folder.join("contract.yaml");
    std::fs::write(&file, serde_yaml_ng::to_string(&document).expect("YAML")).expect("written");
    contract(&Args { files: vec![file.clone()] }).expect("nothing differs");
    std::fs::write(&file, "swagger: old").expect("written");
    let error = contract(&Args { files: vec![file] }).expect_err("no contract");
    assert!(error.to_string().contains("has no operations"), "{error}");
}
