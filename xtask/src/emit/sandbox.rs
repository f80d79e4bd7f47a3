//! `sandbox-data.ts`: the sandbox's options and tokens.

use std::fmt::Write as _;

use anyhow::Result;
use pipedrive_users::sandbox::{App, Options, RANGES, Sandbox};

use super::declared::{Declared, camel};
use super::models::join;
use super::{HEAD, doc};

const AUTH: &str = include_str!("../../../src/sandbox/auth.rs");
const OPTIONS: &str = include_str!("../../../src/sandbox/options.rs");
const LIMITS: &str = include_str!("../../../src/sandbox/limits.rs");
const APP: &str = include_str!("../../../src/sandbox/oauth/app.rs");

pub(super) fn sandbox() -> Result<String> {
    let sandbox = Sandbox::new(&Options::default()).map_err(anyhow::Error::msg)?;
    let tokens = serde_json::to_string_pretty(sandbox.tokens())?;
    let App { client_id, client_secret, .. } = App::default();
    let app = serde_json::json!({ "clientId": client_id, "clientSecret": client_secret });
    let mut out = format!(
        "{HEAD}/** The tokens that every sandbox accepts. */\nexport const TOKENS = {tokens} as const;\n\n\
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
    let ranges = RANGES.map(|(name, least, greatest)| format!("{name}: [{least}, {greatest}]")).join(", ");
    let _ = writeln!(
        out,
        "/** The numbers among the options: the least, and the greatest. */\nexport const RANGES = {{ {ranges} }} as const;\n"
    );
    let _ = writeln!(
        out,
        "export const OPTION_NAMES = [{}];\nexport const APP_NAMES = [{}];\n",
        names(&options),
        names(&app)
    );
    let windows = Declared::read(LIMITS, "Window")?.members;
    let windows = windows.iter().map(|window| format!("\"{}\"", window.name.to_ascii_lowercase()));
    let _ = writeln!(
        out,
        "export const WINDOWS: readonly unknown[] = [{}];\n",
        windows.collect::<Vec<_>>().join(", ")
    );
    write_interface(
        &mut out,
        "SandboxApp",
        &app,
        "An OAuth app that the sandbox's users can authorise. What is not given is the sandbox's own.",
    )?;
    write_interface(&mut out, "SandboxOptions", &options, "Options of `createSandbox`.")?;
    Ok(out)
}

fn write_interface(out: &mut String, name: &str, declared: &Declared, about: &str) -> Result<()> {
    let windows = Declared::read(LIMITS, "Window")?.members;
    doc(out, "", about);
    let _ = writeln!(out, "export interface {name} {{");
    for member in &declared.members {
        let window = |window: &str| format!("\"{}\"", window.to_ascii_lowercase());
        let (kind, about) = match &*member.kind {
            "Window" => {
                let list = windows.iter().map(|one| format!("\n- `{}`: {}", window(&one.name), one.doc));
                (
                    join(windows.iter().map(|one| window(&one.name))),
                    format!("{}\n{}", member.doc, list.collect::<String>()),
                )
            }
            "App" => ("SandboxApp".to_owned(), member.doc.clone()),
            "bool" => ("boolean".to_owned(), member.doc.clone()),
            "Vec" => ("(\"base\" | \"users:read\" | \"admin\")[]".to_owned(), member.doc.clone()),
            "String" => ("string".to_owned(), member.doc.clone()),
            _ => ("number".to_owned(), member.doc.clone()),
        };
        doc(out, "  ", &about);
        let _ = writeln!(out, "  {}?: {kind};", camel(&member.name));
    }
    out.push_str("}\n\n");
    Ok(())
}
