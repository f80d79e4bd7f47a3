//! The settings of a client by their JavaScript names: what each accepts. The JavaScript client's synchronous
//! constructor checks with tables that the build makes of these.

use crate::protocol::{LONGEST_TIMER_MS, MOST_RETRIES};
use crate::text::{CharSet, HEADER_NAME, HEADER_VALUE, VISIBLE_ASCII};

/// A setting of the JavaScript client.
#[derive(Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it accepts.
    pub kind: SettingKind,
}

/// What a setting accepts.
#[derive(Clone, Copy, Debug)]
pub enum SettingKind {
    /// A string, or a function that returns one.
    Credential,
    /// A string, described in words.
    Text(&'static str),
    /// A function.
    Function,
    /// An object of strings, a `Headers` or a `Map`.
    Headers,
    /// A whole number in a range.
    Integer(i64, i64),
    /// `true` or `false`.
    Boolean,
    /// An object with a method for each log level.
    Logger,
    /// One of the log levels.
    LogLevel,
    /// Limits that `pipedrive-users/server` makes.
    Limits,
}

const fn setting(name: &'static str, kind: SettingKind) -> Setting {
    Setting { name, kind }
}

/// Every setting.
pub static SETTINGS: [Setting; 17] = [
    setting("apiToken", SettingKind::Credential),
    setting("accessToken", SettingKind::Credential),
    setting("companyDomain", SettingKind::Text("one DNS label, or https://label.pipedrive.com")),
    setting("baseUrl", SettingKind::Text("a URL")),
    setting("fetch", SettingKind::Function),
    setting("headers", SettingKind::Headers),
    setting("timeoutMs", SettingKind::Integer(1, LONGEST_TIMER_MS)),
    setting("maxRetries", SettingKind::Integer(0, MOST_RETRIES)),
    setting("maxConcurrency", SettingKind::Integer(1, 1_000)),
    setting("maxBodyBytes", SettingKind::Integer(1, u32::MAX as i64)),
    setting("dailyTokenBudget", SettingKind::Integer(0, u32::MAX as i64)),
    setting("limits", SettingKind::Limits),
    setting("dangerouslyAllowBrowser", SettingKind::Boolean),
    setting("logger", SettingKind::Logger),
    setting("logLevel", SettingKind::LogLevel),
    setting("onEvent", SettingKind::Function),
    setting("onDrift", SettingKind::Function),
];

/// The sets of characters that settings are checked with: the name of the constant in TypeScript, and the set.
pub static CHARACTERS: [(&str, CharSet); 3] =
    [("VISIBLE_ASCII", VISIBLE_ASCII), ("HEADER_NAME", HEADER_NAME), ("HEADER_VALUE", HEADER_VALUE)];

/// The names of `http:` hosts that are this machine, as a regular expression of JavaScript.
pub const LOOPBACK_PATTERN: &str = r"^(?:localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$";

/// The company's label in a `companyDomain`, as the first group of a regular expression of JavaScript.
pub const COMPANY_PATTERN: &str = r"^(?:https:\/\/(?=[^\/]*\.pipedrive\.com\/?$))?([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.pipedrive\.com\/?)?$";

/// The characters that a `baseUrl` must not have: query, fragment, user and white space.
pub const URL_FORBIDDEN: &str = r"[?#@\\\s]";
