//! A question for each kind of failure, where a program asks about one alone.

use super::{Error, Kind};

impl Error {
    /// Whether the configuration cannot be used: [`Kind::Config`].
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::Config, "no").is_config());
    /// ```
    #[must_use]
    pub fn is_config(&self) -> bool {
        self.0.kind == Kind::Config
    }

    /// Whether an argument was refused before anything was sent: [`Kind::Argument`].
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::Argument, "no").is_argument());
    /// ```
    #[must_use]
    pub fn is_argument(&self) -> bool {
        self.0.kind == Kind::Argument
    }

    /// Whether the credential is not accepted, or there is none: [`Kind::Authentication`].
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::Authentication, "no").is_authentication());
    /// ```
    #[must_use]
    pub fn is_authentication(&self) -> bool {
        self.0.kind == Kind::Authentication
    }

    /// Whether the token's user, or its app, lacks a permission: [`Kind::Permission`].
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::Permission, "no").is_permission());
    /// ```
    #[must_use]
    pub fn is_permission(&self) -> bool {
        self.0.kind == Kind::Permission
    }

    /// Whether the address is blocked in front of Pipedrive: [`Kind::Blocked`].
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::Blocked, "no").is_blocked());
    /// ```
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.0.kind == Kind::Blocked
    }

    /// Whether there is no such user: [`Kind::NotFound`].
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::NotFound, "no").is_not_found());
    /// ```
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.kind == Kind::NotFound
    }

    /// Whether Pipedrive did not accept the parameters: [`Kind::Validation`].
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::Validation, "no").is_validation());
    /// ```
    #[must_use]
    pub fn is_validation(&self) -> bool {
        self.0.kind == Kind::Validation
    }

    /// Whether a limit was hit, or would have been: [`Kind::RateLimit`].
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::RateLimit, "no").is_rate_limit());
    /// ```
    #[must_use]
    pub fn is_rate_limit(&self) -> bool {
        self.0.kind == Kind::RateLimit
    }

    /// Whether Pipedrive or something in front of it failed: [`Kind::Server`].
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::Server, "no").is_server());
    /// ```
    #[must_use]
    pub fn is_server(&self) -> bool {
        self.0.kind == Kind::Server
    }

    /// Whether no complete response came: [`Kind::Connection`].
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::Connection, "no").is_connection());
    /// ```
    #[must_use]
    pub fn is_connection(&self) -> bool {
        self.0.kind == Kind::Connection
    }

    /// Whether the time was up before a complete response came: [`Kind::Timeout`].
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::Timeout, "no").is_timeout());
    /// ```
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.kind == Kind::Timeout
    }

    /// Whether the response is not what the API documents: [`Kind::Decode`].
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::Decode, "no").is_decode());
    /// ```
    #[must_use]
    pub fn is_decode(&self) -> bool {
        self.0.kind == Kind::Decode
    }

    /// Whether the response says `success: false` with a good status: [`Kind::Api`].
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::Api, "no").is_api());
    /// ```
    #[must_use]
    pub fn is_api(&self) -> bool {
        self.0.kind == Kind::Api
    }
}
