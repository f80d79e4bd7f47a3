//! `settings.ts`: what the constructor's settings and the options of calls accept, and their types.

use std::fmt::Write as _;

use pipedrive_users::client::settings::{
    CALL_OPTIONS, CHARACTERS, COMPANY_PATTERN, LOG_LEVELS, LOOPBACK_PATTERN, SETTINGS, Setting, SettingKind,
    URL_FORBIDDEN,
};

use super::models::join;
use super::{HEAD, doc};

pub(super) fn settings() -> String {
    let mut out = format!(
        "{HEAD}import type {{ SharedLimits, Token }} from \"../types.js\";\nimport type {{ Drift, UsersEvent }} from \"./types.js\";\n\n"
    );
    out.push_str("/** What each setting accepts: a kind, a range of numbers, or a string described in words. */\nexport const SETTINGS = {\n");
    for setting in &SETTINGS {
        let kind = match setting.kind {
            SettingKind::Credential => "\"credential\"".to_owned(),
            SettingKind::Text(description) => format!("{description:?}"),
            SettingKind::Function => "\"function\"".to_owned(),
            SettingKind::Headers => "\"headers\"".to_owned(),
            SettingKind::Integer(min, max) => format!("[{min}, {max}]"),
            SettingKind::Boolean => "\"boolean\"".to_owned(),
            SettingKind::Logger => "\"logger\"".to_owned(),
            SettingKind::Limits => "\"limits\"".to_owned(),
            SettingKind::LogLevel => "\"logLevel\"".to_owned(),
            SettingKind::Signal => "\"signal\"".to_owned(),
        };
        let _ = writeln!(out, "  {}: {kind},", setting.name);
    }
    out.push_str("} as const;\n\n");
    let names =
        CALL_OPTIONS.iter().map(|option| format!("\"{}\"", option.name)).collect::<Vec<_>>().join(", ");
    let _ = writeln!(
        out,
        "/** The names of the options of every call. */\nexport const CALL_OPTIONS: readonly string[] = [{names}];\n"
    );
    let levels: Vec<_> = LOG_LEVELS.iter().map(|level| format!("\"{level}\"")).collect();
    let _ = writeln!(
        out,
        "/** The least severe level that is logged. */\nexport type LogLevel = {};\n",
        join(levels.iter().cloned())
    );
    let _ = writeln!(
        out,
        "/** The levels, each less severe than the one before. */\nexport const LOG_LEVELS: readonly LogLevel[] = [{}];\n",
        levels.join(", ")
    );
    out.push_str("/** Where log lines go: `console` is one. */\nexport interface Logger {\n");
    for level in LOG_LEVELS.iter().skip(1) {
        let _ = writeln!(out, "  {level}(message: string): void;");
    }
    out.push_str("}\n\n");
    for (name, set) in CHARACTERS {
        let repeated = if name == "HEADER_VALUE" { "*" } else { "+" };
        let _ = writeln!(out, "export const {name} = /^{}{repeated}$/;", set.to_class());
    }
    let _ = writeln!(out, "export const LOOPBACK = /{LOOPBACK_PATTERN}/;");
    let _ = writeln!(out, "export const COMPANY = /{COMPANY_PATTERN}/i;");
    let _ = writeln!(out, "export const URL_FORBIDDEN = /{URL_FORBIDDEN}/;\n");
    write_types(&mut out);
    out
}

fn write_types(out: &mut String) {
    out.push_str("/** The options of every call. */\nexport interface CallOptions {\n");
    for option in &CALL_OPTIONS {
        write_member(out, "  ", option, true);
    }
    out.push_str("}\n\n/** The settings of a client, besides its credential. */\nexport interface UsersClientOptions {\n");
    let (credentials, others): (Vec<_>, Vec<_>) =
        SETTINGS.iter().partition(|setting| matches!(setting.kind, SettingKind::Credential));
    for setting in others {
        write_member(out, "  ", setting, true);
    }
    out.push_str("}\n\n/** The settings of a client: one credential, or none and the `baseUrl` of a server that adds it. */\nexport type UsersClientConfig = UsersClientOptions &\n  (\n");
    for credential in &credentials {
        out.push_str("    | {\n");
        for other in &credentials {
            if other.name == credential.name {
                write_member(out, "        ", other, false);
            } else {
                let _ = writeln!(out, "        {}?: undefined;", other.name);
            }
        }
        out.push_str("      }\n");
    }
    let none: Vec<_> =
        credentials.iter().map(|credential| format!("{}?: undefined; ", credential.name)).collect();
    let _ = writeln!(out, "    | {{ {}baseUrl: string }}\n  );", none.concat());
}

fn write_member(out: &mut String, indent: &str, setting: &Setting, is_optional: bool) {
    doc(out, indent, setting.doc);
    let kind = match setting.kind {
        SettingKind::Credential => "Token",
        SettingKind::Text(_) => "string",
        SettingKind::Headers => "Readonly<Record<string, string>>",
        SettingKind::Integer(..) => "number",
        SettingKind::Boolean => "boolean",
        SettingKind::Logger => "Logger",
        SettingKind::Limits => "SharedLimits",
        SettingKind::LogLevel => "LogLevel",
        SettingKind::Signal => "AbortSignal",
        SettingKind::Function => match setting.name {
            "fetch" => "((url: string, init: RequestInit) => Promise<Response>)",
            "onEvent" => "((event: UsersEvent) => void)",
            "onDrift" => "((drift: Drift) => void)",
            other => unreachable!("the type of {other}"),
        },
    };
    let optional = if is_optional { "?" } else { "" };
    let _ = writeln!(out, "{indent}{}{optional}: {kind} | undefined;", setting.name);
}
