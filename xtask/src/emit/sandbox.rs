//! `sandbox-data.ts`: the sandbox's options and tokens.

use std::fmt::Write as _;

use anyhow::Result;
use pipedrive_users::sandbox::{App, FAILURE_RANGES, Options, RANGES, Sandbox};

use super::declared::{Declared, camel};
use super::models::join;
use super::{HEAD, doc};

const AUTH: &str = include_str!("../../../src/sandbox/auth.rs");
const OPTIONS: &str = include_str!("../../../src/sandbox/options.rs");
const LIMITS: &str = include_str!("../../../src/sandbox/limits.rs");
const FAILURES: &str = include_str!("../../../src/sandbox/failures.rs");
const APP: &str = include_str!("../../../src/sandbox/oauth/app.rs");

pub(super) fn sandbox() -> Result<String> {
    let sandbox = Sandbox::new(&Options::default()).map_err(anyhow::Error::msg)?;
    let tokens = serde_json::to_string_pretty(sandbox.tokens())?;
    let App { client_id, client_secret, .. } = App::default();
    let app = serde_json::json!({ "clientId": client_id, "clientSecret": client_secret });
    let mut out = format!(
        "{HEAD}import type {{ OperationId }} from \"./operations.js\";\n\n/** The tokens that every sandbox accepts. */\nexport const TOKENS = {tokens} as const;\n\n\
         /** The OAuth app that it knows if no other is given. */\nexport const APP = {app} as const;\n\n"
    );
    let accepted = Declared::read(AUTH, "Tokens")?;
    doc(&mut out, "", &accepted.doc);
    out.push_str("export interface SandboxTokens {\n");
    for token in &accepted.members {
        doc(&mut out, "  ", &token.doc);
        let _ = writeln!(out, "  readonly {}: string;", camel(&token.name));
    }
    out.push_str("}\n\n");
    let names = |declared: &Declared| {
        declared
            .members
            .iter()
            .map(|member| format!("\"{}\"", camel(&member.name)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (app, options) = (Declared::read(APP, "App")?, Declared::read(OPTIONS, "Options")?);
    let failure = Declared::read(FAILURES, "Failure")?;
    let ranges = RANGES.map(|(name, least, greatest)| format!("{name}: [{least}, {greatest}]")).join(", ");
    let failure_ranges =
        FAILURE_RANGES.map(|(name, least, greatest)| format!("{name}: [{least}, {greatest}]")).join(", ");
    let _ = writeln!(
        out,
        "/** The numbers among the options, and those of a failure: the least, and the greatest. */\n\
         export const RANGES = {{ {ranges} }} as const;\n\
         export const FAILURE_RANGES = {{ {failure_ranges} }} as const;\n"
    );
    let _ = writeln!(
        out,
        "export const OPTION_NAMES = [{}];\nexport const APP_NAMES = [{}];\nexport const FAILURE_NAMES = [{}];\n",
        names(&options),
        names(&app),
        names(&failure)
    );
    for (name, source, declared) in
        [("WINDOWS", LIMITS, "Window"), ("FAULTS", FAILURES, "Fault"), ("DELIVERIES", FAILURES, "Delivery")]
    {
        let values = Declared::read(source, declared)?.members.into_iter().map(|member| text(&member.name));
        let values = values.collect::<Vec<_>>().join(", ");
        let _ = writeln!(out, "export const {name}: readonly unknown[] = [{values}];\n");
    }
    write_interface(
        &mut out,
        "SandboxApp",
        &app,
        "An OAuth app that the sandbox's users can authorise. What is not given is the sandbox's own.",
    )?;
    write_interface(&mut out, "SandboxOptions", &options, "Options of `createSandbox`.")?;
    write_interface(
        &mut out,
        "SandboxFailure",
        &failure,
        "A failure of one or several requests to a sandbox.",
    )?;
    Ok(out)
}

/// `sandbox-flags.ts`: the options as flags of a command.
pub(super) fn flags() -> Result<String> {
    let mut out = HEAD.to_owned();
    for (name, source, declared, about) in [
        ("FLAGS", OPTIONS, "Options", "The options of a sandbox as flags of a command."),
        ("APP_FLAGS", APP, "App", "Those of its OAuth app."),
    ] {
        doc(&mut out, "", about);
        let _ = writeln!(out, "export const {name} = {{");
        for member in Declared::read(source, declared)?.members {
            let kind = match &*member.kind {
                "App" | "Vec" => continue,
                "bool" => "boolean",
                "String" | "Window" => "string",
                _ => "number",
            };
            let about = serde_json::to_string(&member.doc.replace('`', ""))?;
            let _ = writeln!(out, "  {}: {{ type: \"{kind}\", about: {about} }},", camel(&member.name));
        }
        out.push_str("} as const;\n\n");
    }
    Ok(out.trim_end().to_owned() + "\n")
}

/// The name of a variant as JavaScript has it.
fn text(variant: &str) -> String {
    let mut letters = variant.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    format!("\"{}\"", first.into_iter().chain(letters).collect::<String>())
}

/// The variants of an enum as a union, and their documentation after that of the member which has it.
fn union(source: &str, name: &str, about: &str) -> Result<(String, String)> {
    let variants = Declared::read(source, name)?.members;
    let list = variants.iter().map(|one| format!("\n- `{}`: {}", text(&one.name), one.doc));
    let about = format!("{about}\n{}", list.collect::<String>());
    Ok((join(variants.iter().map(|one| text(&one.name))), about))
}

fn write_interface(out: &mut String, name: &str, declared: &Declared, about: &str) -> Result<()> {
    doc(out, "", about);
    let _ = writeln!(out, "export interface {name} {{");
    for member in &declared.members {
        let (kind, about) = match &*member.kind {
            "Window" => union(LIMITS, "Window", &member.doc)?,
            "Fault" => union(FAILURES, "Fault", &member.doc)?,
            _ if member.name == "operation" => ("OperationId | \"token\"".to_owned(), member.doc.clone()),
            "App" => ("SandboxApp".to_owned(), member.doc.clone()),
            "bool" => ("boolean".to_owned(), member.doc.clone()),
            "Vec" => ("readonly (\"base\" | \"users:read\" | \"admin\")[]".to_owned(), member.doc.clone()),
            "String" => ("string".to_owned(), member.doc.clone()),
            _ => ("number".to_owned(), member.doc.clone()),
        };
        doc(out, "  ", &about);
        let _ = writeln!(out, "  {}?: {kind} | undefined;", camel(&member.name));
    }
    out.push_str("}\n\n");
    Ok(())
}
