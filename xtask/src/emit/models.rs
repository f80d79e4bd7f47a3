//! `models.ts`: the models of responses.

use std::fmt::Write as _;

use pipedrive_users::models::MODELS;
use pipedrive_users::schema::{Field, Model, Presence, Schema};

use super::{HEAD, doc};

pub(super) fn models() -> String {
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
            let _ = writeln!(out, "  /** Further members, which this version does not name. */");
            let _ = writeln!(out, "  [name: string]: {} | undefined;", type_of(more));
        }
        out.push_str("}\n\n");
    }
    out.push_str(
        "/** A Pipedrive app that access is given to: those known today, and any new one. */\nexport type AccessApp = Access[\"app\"];\n",
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
    let _ = writeln!(out, "  {}{optional}: {}{null};", field.name, type_of(field.schema));
}

pub(super) fn type_of(schema: Schema) -> String {
    match schema {
        Schema::Boolean => "boolean".into(),
        Schema::Integer => "number".into(),
        Schema::Text => "string".into(),
        // The last part keeps the type open, and the editor's suggestions.
        Schema::OneOf(known) => {
            format!("{} | (string & {{}})", join(known.iter().map(|value| format!("\"{value}\""))))
        }
        Schema::OneOfNumbers(known) => {
            format!("{} | (number & {{}})", join(known.iter().map(u64::to_string)))
        }
        Schema::NumericFlag => "0 | 1 | boolean".into(),
        Schema::List(item) => format!("{}[]", type_of(*item)),
        Schema::Object(model) => model.name.into(),
    }
}

pub(super) fn join(values: impl Iterator<Item = String>) -> String {
    values.collect::<Vec<_>>().join(" | ")
}
