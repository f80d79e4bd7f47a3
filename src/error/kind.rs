//! The kinds of errors, and the limits of the API.

/// The kind of an error. Each is an error class of its own in JavaScript. New kinds come with minor versions.
///
/// ```
/// use pipedrive_users::error::Kind;
///
/// assert_eq!(Kind::RateLimit.as_str(), "rate_limit");
/// assert!(Kind::ALL.contains(&Kind::Timeout));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The configuration is not usable.
    Config,
    /// An argument was refused before anything was sent.
    Argument,
    /// 401, or the credential function failed.
    Authentication,
    /// 403.
    Permission,
    /// 403 with an HTML page: the address is blocked in front of Pipedrive.
    Blocked,
    /// 404.
    NotFound,
    /// 400, 415 or 422.
    Validation,
    /// 429, or refused by the client before it would be one.
    RateLimit,
    /// 5xx.
    Server,
    /// The network, CORS, or a body that was cut off.
    Connection,
    /// No complete response in time.
    Timeout,
    /// A complete body that is not Pipedrive's envelope.
    Decode,
    /// `success: false` with a 2xx.
    Api,
    /// Any other status.
    UnexpectedStatus,
    /// The WebAssembly could not be loaded, or stopped.
    Load,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Config,
        Self::Argument,
        Self::Authentication,
        Self::Permission,
        Self::Blocked,
        Self::NotFound,
        Self::Validation,
        Self::RateLimit,
        Self::Server,
        Self::Connection,
        Self::Timeout,
        Self::Decode,
        Self::Api,
        Self::UnexpectedStatus,
        Self::Load,
    ];

    /// The name of the kind: what JavaScript has in `error.kind`.
    ///
    /// ```
    /// assert_eq!(pipedrive_users::error::Kind::NotFound.as_str(), "not_found");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Argument => "argument",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::Blocked => "blocked",
            Self::NotFound => "not_found",
            Self::Validation => "validation",
            Self::RateLimit => "rate_limit",
            Self::Server => "server",
            Self::Connection => "connection",
            Self::Timeout => "timeout",
            Self::Decode => "decode",
            Self::Api => "api",
            Self::UnexpectedStatus => "unexpected_status",
            Self::Load => "load",
        }
    }
}

/// A limit of the API.
///
/// ```
/// assert_eq!(pipedrive_users::error::LimitScope::Daily.as_str(), "daily");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitScope {
    /// Calls in any two seconds, per credential.
    Burst,
    /// Cost units a day, per company.
    Daily,
}

impl LimitScope {
    /// The name of the limit: what JavaScript has in `error.scope`.
    ///
    /// ```
    /// assert_eq!(pipedrive_users::error::LimitScope::Burst.as_str(), "burst");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::Daily => "daily",
        }
    }
}
