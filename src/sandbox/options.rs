//! The options of a sandbox.

use super::limits::Window;
use super::oauth::App;
use crate::schema::MAX_SAFE_INTEGER;

/// The least and the greatest number of users; the list of so many is about 70 MB of JSON.
const USERS: (u32, u32) = (3, 100_000);

/// The numbers among the options, by their names in JavaScript: the least, and the greatest.
pub static RANGES: [(&str, u64, u64); 4] = [
    ("users", USERS.0 as u64, USERS.1 as u64),
    ("burst", 1, u32::MAX as u64),
    ("daily", 0, u32::MAX as u64),
    ("seed", 0, MAX_SAFE_INTEGER as u64),
];

/// Options of a [`Sandbox`](super::Sandbox). When deserialized, missing members get their defaults and unknown members
/// are an error.
///
/// ```
/// use pipedrive_users::sandbox::{Options, Sandbox};
///
/// let small = Options { users: 3, burst: Some(10), ..Options::default() };
/// assert!(Sandbox::new(&small).is_ok());
/// assert!(Sandbox::new(&Options { users: 1, ..Options::default() }).is_err());
/// ```
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Options {
    /// Number of users of the company, 3 to 100 000. Default: 25.
    pub users: u32,
    /// Maximum number of calls per token in 2 seconds, from 1. Default: 100 for an API token, 400 for an OAuth token.
    pub burst: Option<u32>,
    /// Daily budget of the company, shared by all tokens, in cost units (which Pipedrive calls tokens). Default: 30 000
    /// per user.
    pub daily: Option<u32>,
    /// Seed of the generated data: the same seed gives the same company. Default: 7.
    pub seed: u64,
    /// How the calls of the burst limit's 2 seconds are counted. Default: rolling, as Pipedrive does.
    pub window: Window,
    /// Where webhooks report users who were added or changed, as version 2 of Pipedrive's do. Default: nowhere.
    pub webhook_url: Option<String>,
    /// The user name of the webhooks' Basic authentication. Default: none.
    pub webhook_username: Option<String>,
    /// Its password.
    pub webhook_password: Option<String>,
    /// The OAuth app that users can authorise.
    pub app: App,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            users: 25,
            burst: None,
            window: Window::default(),
            daily: None,
            seed: 7,
            webhook_url: None,
            webhook_username: None,
            webhook_password: None,
            app: App::default(),
        }
    }
}

impl Options {
    /// Returns an error message if an option is out of range.
    pub(super) fn check(&self) -> Result<(), String> {
        let (least, greatest) = USERS;
        if !(least..=greatest).contains(&self.users) {
            return Err(format!("users must be an integer from {least} to {greatest}, got {}", self.users));
        }
        if self.burst == Some(0) {
            return Err("burst must be an integer from 1, got 0".to_owned());
        }
        self.check_webhook()?;
        self.app.check()
    }

    fn check_webhook(&self) -> Result<(), String> {
        let Self { webhook_url, webhook_username, webhook_password, .. } = self;
        if webhook_url
            .as_deref()
            .is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://"))
        {
            return Err("webhookUrl must be a URL with https or http".to_owned());
        }
        if webhook_username.is_some() != webhook_password.is_some()
            || webhook_username.as_deref().is_some_and(|username| username.contains(':'))
        {
            return Err(
                "webhookUsername, which has no colon, and webhookPassword are given together or not at all"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_object_means_the_defaults() {
        let options: Options = serde_json::from_str("{}").expect("valid");
        assert_eq!((options.users, options.burst, options.daily, options.seed), (25, None, None, 7));
        assert_eq!(options.window, Window::Rolling);
        assert_eq!(options.check(), Ok(()));
    }

    #[test]
    fn window_is_rolling_or_fixed() {
        let window = |json| serde_json::from_str::<Options>(json).map(|options| options.window).ok();
        assert_eq!(window(r#"{"window":"rolling"}"#), Some(Window::Rolling));
        assert_eq!(window(r#"{"window":"fixed"}"#), Some(Window::Fixed));
        assert_eq!(window(r#"{"window":"Fixed"}"#), None);
        assert_eq!(window(r#"{"window":"sliding"}"#), None);
    }

    #[test]
    fn invalid_options_are_refused() {
        let table = [
            (r#"{"users":2}"#, "users must be an integer from 3 to 100000, got 2"),
            (r#"{"users":100001}"#, "users must be an integer from 3 to 100000, got 100001"),
            (r#"{"burst":0}"#, "burst must be an integer from 1, got 0"),
        ];
        for (json, text) in table {
            let options: Options = serde_json::from_str(json).expect("known members");
            assert_eq!(options.check(), Err(text.to_owned()));
        }
        assert!(serde_json::from_str::<Options>(r#"{"user":3}"#).is_err());
    }
}
