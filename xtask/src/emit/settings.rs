//! `settings.ts`: what the constructor's settings accept.

use std::fmt::Write as _;

use pipedrive_users::client::settings::{
    CHARACTERS, COMPANY_PATTERN, LOOPBACK_PATTERN, SETTINGS, SettingKind, URL_FORBIDDEN,
};

use super::HEAD;

pub(super) fn settings() -> String {
    let mut out = format!(
        "{HEAD}/** What each setting accepts: a kind, a range of numbers, or a string described in words. */\nexport const SETTINGS = {{\n"
    );
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
        };
        let _ = writeln!(out, "  {}: {kind},", setting.name);
    }
    out.push_str("} as const;\n\n");
    for (name, set) in CHARACTERS {
        let _ = writeln!(
            out,
            "export const {name} = /^{}{}$/;",
            set.to_class(),
            if name == "HEADER_VALUE" { "*" } else { "+" }
        );
    }
    let _ = writeln!(out, "export const LOOPBACK = /{LOOPBACK_PATTERN}/;");
    let _ = writeln!(out, "export const COMPANY = /{COMPANY_PATTERN}/i;");
    let _ = writeln!(out, "export const URL_FORBIDDEN = /{URL_FORBIDDEN}/;");
    out
}
