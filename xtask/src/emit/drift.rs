//! `drift.ts`: how the data of each operation is validated.

use std::fmt::Write as _;

use pipedrive_users::api::{ENDPOINTS, REFERENCE};
use pipedrive_users::models::MODELS;
use pipedrive_users::schema::{Field, Schema};

use super::HEAD;

/// The check of src/protocol/drift.rs, written out line by line for the engine to compile: walking a table costs twice as
/// much.
pub(super) fn drift() -> String {
    let mut out = format!(
        "{HEAD}import {{ describeValue, type Report, typeOf }} from \"../drift.js\";\nimport type {{ OperationId }} from \
         \"./operations.js\";\n\ntype Check = (value: any, path: string, report: Report) => void;\n\n\
         // A long name may be anything, as a long value may.\n\
         const nameOf = (name: string): string => ([...name].length > 32 ? \"a long name\" : name);\n\n"
    );
    for model in MODELS {
        let _ = writeln!(out, "const {}: Check = (value, path, report) => {{", model.name);
        out.push_str("  if (typeOf(value) !== \"an object\") return report(path, \"type\", \"an object\", typeOf(value));\n  let known = 0;\n  let member;\n");
        for field in model.fields {
            write_check(&mut out, field);
        }
        let names: Vec<_> = model.fields.iter().map(|field| format!("\"{}\"", field.name)).collect();
        let _ = writeln!(out, "  for (const name in value) known -= 1;\n  if (known === 0) return;");
        let _ = writeln!(out, "  for (const name of Object.keys(value)) {{");
        let _ = writeln!(out, "    if ([{}].includes(name)) continue;", names.join(", "));
        match model.more {
            Some(schema) => {
                let _ = writeln!(
                    out,
                    "    member = value[name];\n    {};",
                    check_of(schema, "path + \".\" + nameOf(name)")
                );
            }
            None => out.push_str(
                "    report(path + \".\" + nameOf(name), \"unknown\", \"nothing\", typeOf(value[name]));\n",
            ),
        }
        out.push_str("  }\n};\n\n");
    }
    out.push_str("/** How the data of each operation is checked. */\nexport const CHECKS: Record<OperationId, (member: any, report: Report) => void> = {\n");
    for (endpoint, reference) in ENDPOINTS.into_iter().zip(REFERENCE) {
        let data = reference.data;
        let check = if endpoint.response.is_list() {
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
    let Field { name, presence, schema, .. } = field;
    let path = format!("path + \".{name}\"");
    let _ = writeln!(out, "  member = value.{name};");
    let missing = if presence.may_be_missing() {
        String::new()
    } else {
        format!("    report({path}, \"missing\", {}, \"nothing\");\n", quoted(&schema.to_string()))
    };
    let null = if presence.may_be_null() { "member === null || " } else { "" };
    let _ = writeln!(
        out,
        "  if (member === undefined) {{\n{missing}  }} else {{\n    known += 1;\n    {null}{};\n  }}",
        check_of(*schema, &path)
    );
}

/// An expression that checks `member`.
fn check_of(schema: Schema, path: &str) -> String {
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
