//! The settings of a client by their JavaScript names: what each accepts. The JavaScript client's synchronous
//! constructor checks with tables that the build makes of these.

use crate::protocol::{LONGEST_TIMER_MS, MOST_RETRIES};
use crate::text::{CharSet, HEADER_NAME, HEADER_VALUE, VISIBLE_ASCII};

/// A setting of the JavaScript client.
///
/// ```
/// use pipedrive_users::client::settings::SETTINGS;
///
/// assert!(SETTINGS.iter().any(|setting| setting.name == "timeoutMs"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it accepts.
    pub kind: SettingKind,
    /// What it does.
    pub doc: &'static str,
}

/// What a setting accepts.
///
/// ```
/// use pipedrive_users::client::settings::{SETTINGS, SettingKind};
///
/// let retries = SETTINGS.iter().find(|setting| setting.name == "maxRetries");
/// assert!(retries.is_some_and(|retries| matches!(retries.kind, SettingKind::Integer(0, 10))));
/// ```
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
    /// One of [`LOG_LEVELS`].
    LogLevel,
    /// Limits that `pipedrive-users/server` makes.
    Limits,
    /// An `AbortSignal`.
    Signal,
}

const fn setting(name: &'static str, kind: SettingKind, doc: &'static str) -> Setting {
    Setting { name, kind, doc }
}

const CREDENTIAL: SettingKind = SettingKind::Credential;

/// Every setting.
pub static SETTINGS: [Setting; 17] = [
    setting("apiToken", CREDENTIAL, "A user's API token, sent as `x-api-token`."),
    setting("accessToken", CREDENTIAL, "An OAuth access token, sent as `Authorization: Bearer`."),
    setting(
        "companyDomain",
        SettingKind::Text("one DNS label, or https://label.pipedrive.com"),
        "The company's own label, such as `\"casinoroyale\"`, or its whole `\"https://casinoroyale.pipedrive.com\"`: faster than api.pipedrive.com.",
    ),
    setting(
        "baseUrl",
        SettingKind::Text("a URL"),
        "Another server with the API of api.pipedrive.com, such as your own backend: https (http only on the loopback), or in a page a path of its own origin.",
    ),
    setting("fetch", SettingKind::Function, "Used instead of the runtime's `fetch`."),
    setting("headers", SettingKind::Headers, "Headers of every request."),
    setting(
        "timeoutMs",
        SettingKind::Integer(1, LONGEST_TIMER_MS),
        "How long one attempt may take, in milliseconds, its body included. Default: 30 000.",
    ),
    setting(
        "maxRetries",
        SettingKind::Integer(0, MOST_RETRIES),
        "How often a call may be sent again, 0 to 10. Default: 2.",
    ),
    setting(
        "maxConcurrency",
        SettingKind::Integer(1, 1_000),
        "How many requests may be in flight at once. Default: as many as the burst limit allows.",
    ),
    setting(
        "maxBodyBytes",
        SettingKind::Integer(1, u32::MAX as i64),
        "The most bytes of a response's body, once it is decompressed; what is longer is not read to its end, and is a {@link DecodeError}. Default: 64 MiB.",
    ),
    setting(
        "dailyTokenBudget",
        SettingKind::Integer(0, u32::MAX as i64),
        "How many cost units this client may spend in a day. Calls that would exceed it fail without being sent.",
    ),
    setting(
        "limits",
        SettingKind::Limits,
        "Limits that clients with the same token share, also those of other processes: `memoryLimits()` or `redisLimits()` of `pipedrive-users/server`. The daily budget then holds for all of them together. Default: the client's own limits.",
    ),
    setting(
        "dangerouslyAllowBrowser",
        SettingKind::Boolean,
        "Allows a token as a string in a page, where every visitor can read it.",
    ),
    setting("logger", SettingKind::Logger, "Where log lines go. Default: `console`."),
    setting("logLevel", SettingKind::LogLevel, "What is logged. Default: `\"warn\"`."),
    setting("onEvent", SettingKind::Function, "Called for every client event."),
    setting(
        "onDrift",
        SettingKind::Function,
        "Called for each difference between a response and its model, once per path and kind. Without it, data is not validated.",
    ),
];

/// The options of every call, besides the parameters of its operation.
pub static CALL_OPTIONS: [Setting; 4] = [
    setting(
        "signal",
        SettingKind::Signal,
        "Aborts the call, wherever it is; it then rejects with `signal.reason`.",
    ),
    setting(
        "timeoutMs",
        SettingKind::Integer(1, LONGEST_TIMER_MS),
        "How long one attempt may take, in milliseconds, its body included. Default: the client's.",
    ),
    setting(
        "maxRetries",
        SettingKind::Integer(0, MOST_RETRIES),
        "How often the call may be sent again, 0 to 10. Default: the client's.",
    ),
    setting("headers", SettingKind::Headers, "Headers in addition to the client's."),
];

/// The log levels, each less severe than the one before.
pub static LOG_LEVELS: [&str; 5] = ["off", "error", "warn", "info", "debug"];

/// The sets of characters that settings are checked with: the name of the constant in TypeScript, and the set.
pub static CHARACTERS: [(&str, CharSet); 3] =
    [("VISIBLE_ASCII", VISIBLE_ASCII), ("HEADER_NAME", HEADER_NAME), ("HEADER_VALUE", HEADER_VALUE)];

/// The names of `http:` hosts that are this machine, as a regular expression of JavaScript.
pub const LOOPBACK_PATTERN: &str = r"^(?:localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$";

/// The company's label in a `companyDomain`, as the first group of a regular expression of JavaScript.
pub const COMPANY_PATTERN: &str = r"^(?:https:\/\/(?=[^\/]*\.pipedrive\.com\/?$))?([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.pipedrive\.com\/?)?$";

/// The characters that a `baseUrl` must not have: query, fragment, user and white space.
pub const URL_FORBIDDEN: &str = r"[?#@\\\s]";
