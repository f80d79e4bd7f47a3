//! An `OpenAPI` document, read for what is compared: operations with whole paths, and schemas without references.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

/// The operations of one or several documents.
#[derive(Default)]
pub(super) struct Document {
    pub(super) operations: Vec<Operation>,
}

/// An operation of a document.
pub(super) struct Operation {
    pub(super) id: String,
    /// In upper case.
    pub(super) method: String,
    /// With the path of the server, such as `/v1/users`.
    pub(super) path: String,
    /// Its declaration, without references.
    pub(super) value: Value,
}

/// How deep references are followed: schemas may refer to themselves.
const DEPTH: usize = 24;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

impl Document {
    /// Adds the operations of a file.
    pub(super) fn read(&mut self, file: &Path) -> Result<()> {
        let name = file.display();
        let text = fs::read_to_string(file).with_context(|| name.to_string())?;
        let is_json = text.trim_start().starts_with('{');
        let root: Value = if is_json {
            serde_json::from_str(&text).with_context(|| format!("{name} is not JSON"))?
        } else {
            serde_yaml_ng::from_str(&text).with_context(|| format!("{name} is not YAML"))?
        };
        let before = self.operations.len();
        self.add(&root);
        if self.operations.len() == before {
            bail!("{name} has no operations: is it an OpenAPI document?");
        }
        Ok(())
    }

    /// Adds the operations of a document.
    pub(super) fn add(&mut self, root: &Value) {
        for (path, item) in root["paths"].as_object().into_iter().flatten() {
            let item = resolve(item, root, DEPTH);
            for method in METHODS {
                let Some(operation) = item.get(method) else { continue };
                let servers = [operation, &item, root].map(|owner| &owner["servers"][0]["url"]);
                let server = servers.into_iter().find_map(Value::as_str).unwrap_or_default();
                let mut value = operation.clone();
                // Parameters of the path belong to each of its operations.
                if let (Some(shared), Some(operation)) =
                    (item["parameters"].as_array(), value.as_object_mut())
                {
                    let own = operation.entry("parameters").or_insert(json!([]));
                    if let Some(own) = own.as_array_mut() {
                        own.extend(shared.iter().cloned());
                    }
                }
                self.operations.push(Operation {
                    id: value["operationId"].as_str().unwrap_or_default().to_owned(),
                    method: method.to_uppercase(),
                    path: format!("{}{path}", path_of(server)),
                    value,
                });
            }
        }
    }
}

/// The path of a URL, without the slash at its end.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("", |start| rest[start..].trim_end_matches('/'))
}

/// A value with what its references name in their place.
fn resolve(value: &Value, root: &Value, depth: usize) -> Value {
    match value {
        Value::Object(object) => {
            if let Some(name) = object.get("$ref").and_then(Value::as_str) {
                let target = name.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
                return match target {
                    Some(target) if depth > 0 => resolve(target, root, depth - 1),
                    _ => json!({}),
                };
            }
            object
                .iter()
                .map(|(name, value)| (name.clone(), resolve(value, root, depth)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(list) => list.iter().map(|value| resolve(value, root, depth)).collect(),
        value => value.clone(),
    }
}

/// A schema whose parts (`allOf`) are one.
pub(super) fn merged(schema: &Value) -> Value {
    let Some(object) = schema.as_object() else { return json!({}) };
    let mut out = Map::new();
    let parts = object.get("allOf").and_then(Value::as_array);
    for part in parts.into_iter().flatten().map(merged).chain([without_parts(object)]) {
        for (name, value) in part.as_object().into_iter().flatten() {
            match (out.get_mut(name), value) {
                (Some(Value::Object(before)), Value::Object(more)) => before.extend(more.clone()),
                (Some(Value::Array(before)), Value::Array(more)) => before.extend(more.iter().cloned()),
                _ => {
                    out.insert(name.clone(), value.clone());
                }
            }
        }
    }
    out.into()
}

fn without_parts(object: &Map<String, Value>) -> Value {
    object
        .iter()
        .filter(|(name, _)| *name != "allOf")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect::<Map<_, _>>()
        .into()
}
