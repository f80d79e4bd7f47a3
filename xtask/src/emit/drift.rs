//! `drift.ts`: how the data of each operation is validated.

use std::fmt::Write as _;

use pipedrive_users::api::{ENDPOINTS, REFERENCE};
use pipedrive_users::models::MODELS;
use pipedrive_users::schema::{Field, Schema};

use super::HEAD;

/// The check of src/protocol/drift.rs, written out line by line for the engine to compile: walking a table costs twice as
/// much. A check is made once for all items of a list, since paths and functions made for each would have the engine clean up.
pub(super) fn drift() -> String {
    let mut out = format!(
        "{HEAD}import {{ describeValue, type Report, typeOf }} from \"../drift.js\";\nimport type {{ OperationId }} from \
         \"./operations.js\";\n\n/** Makes the check of what is at a path. */\ntype Model = (path: string, report: Report) => (value: any) => void;\n\n\
         // A long name may be anything, as a long value may.\n\
         const nameOf = (name: string): string => ([...name].length > 32 ? \"a long name\" : name);\n\n"
    );
    for model in MODELS {
        let _ = writeln!(out, "const {}: Model = (path, report) => {{", model.name);
        for field in model.fields {
            let made = made_at(field.schema, &path_of(field));
            if !made.is_empty() {
                let _ = writeln!(out, "  const {} = {made};", check_name(field));
            }
        }
        out.push_str("  return (value) => {\n    if (typeOf(value) !== \"an object\") return report(path, \"type\", \"an object\", typeOf(value));\n    let known = 0;\n    let member;\n");
        for field in model.fields {
            write_check(&mut out, field);
        }
        let names: Vec<_> = model.fields.iter().map(|field| format!("\"{}\"", field.name)).collect();
        let _ = writeln!(out, "    for (const name in value) known -= 1;\n    if (known === 0) return;");
        let _ = writeln!(out, "    for (const name of Object.keys(value)) {{");
        let _ = writeln!(out, "      if ([{}].includes(name)) continue;", names.join(", "));
        let path = "path + \".\" + nameOf(name)";
        match model.more {
            Some(schema) => {
                let check = check_of(schema, path, &made_at(schema, path));
                let _ = writeln!(out, "      member = value[name];\n      {check};");
            }
            None => {
                let _ = writeln!(out, "      report({path}, \"unknown\", \"nothing\", typeOf(value[name]));");
            }
        }
        out.push_str("    }\n  };\n};\n\n");
    }
    out.push_str("/** How the data of each operation is checked. */\nexport const CHECKS: Record<OperationId, (member: any, report: Report) => void> = {\n");
    for (endpoint, reference) in ENDPOINTS.into_iter().zip(REFERENCE) {
        let (data, path) = (reference.data, "\"$.data\"");
        let check = if endpoint.response.is_list() {
            list_check(data, path, &made_at(data, &item_of(path)))
        } else {
            check_of(data, path, &made_at(data, path))
        };
        let _ = writeln!(out, "  {}: (member, report) => void ({check}),", endpoint.operation);
    }
    out.push_str("};\n");
    out
}

/// The path of a field in its model.
fn path_of(field: &Field) -> String {
    format!("path + \".{}\"", field.name)
}

/// The path of what is in a list.
fn item_of(path: &str) -> String {
    format!("{path} + \"[]\"")
}

/// The check of the objects in a field.
fn check_name(field: &Field) -> String {
    format!("check_{}", field.name)
}

/// What makes the check of an object at a path, or of the objects in a list there; nothing for what has none.
fn made_at(schema: Schema, path: &str) -> String {
    match schema {
        Schema::Object(model) => format!("{}({path}, report)", model.name),
        Schema::List(item) => made_at(*item, &item_of(path)),
        _ => String::new(),
    }
}

fn write_check(out: &mut String, field: &Field) {
    let Field { name, presence, schema, .. } = field;
    let path = path_of(field);
    let _ = writeln!(out, "    member = value.{name};");
    let missing = if presence.may_be_missing() {
        String::new()
    } else {
        format!("      report({path}, \"missing\", {}, \"nothing\");\n", quoted(&schema.to_string()))
    };
    let null = if presence.may_be_null() { "member === null || " } else { "" };
    let _ = writeln!(
        out,
        "    if (member === undefined) {{\n{missing}    }} else {{\n      known += 1;\n      {null}{};\n    }}",
        check_of(*schema, &path, &check_name(field))
    );
}

/// An expression that checks `member`; `check` is what checks the objects in it.
fn check_of(schema: Schema, path: &str, check: &str) -> String {
    let expected = quoted(&schema.to_string());
    let wrong = format!("report({path}, \"type\", {expected}, typeOf(member))");
    match schema {
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
                "{known} || (typeof member === \"string\" ? report({path}, \"value\", {expected}, describeValue(member)) : {wrong})"
            )
        }
        Schema::OneOfNumbers(known) => {
            let known =
                known.iter().map(|value| format!("member === {value}")).collect::<Vec<_>>().join(" || ");
            format!(
                "{known} || (Number.isInteger(member) ? report({path}, \"value\", {expected}, String(member)) : {wrong})"
            )
        }
        Schema::List(item) => list_check(*item, path, check),
        Schema::Object(_) => format!("{check}(member)"),
    }
}

fn list_check(item: Schema, path: &str, check: &str) -> String {
    let inside = match item {
        Schema::Object(_) => check.to_owned(),
        _ => format!("(member: any) => void ({})", check_of(item, &item_of(path), check)),
    };
    format!(
        "Array.isArray(member) ? member.forEach({inside}) : report({path}, \"type\", \"a list\", typeOf(member))"
    )
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}
