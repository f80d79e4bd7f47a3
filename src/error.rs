//! What went wrong, for programs (`kind` and the fields) and for people (one line that says what to do).

use std::fmt;

use crate::failure::Facts;
use crate::page::Next;
use crate::secret::Secret;
use crate::transport::Cause;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure it is. Each kind is an error class of its own in JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The configuration is not usable.
    Config,
    /// A parameter was refused before anything was sent.
    Argument,
    /// 401, or a credential that could not be had.
    Authentication,
    /// 403.
    Permission,
    /// 403 with an HTML page: the address is blocked in front of Pipedrive.
    Blocked,
    /// 404.
    NotFound,
    /// 400, 415 or 422.
    Validation,
    /// 429, or refused here before it would be one.
    RateLimit,
    /// 5xx.
    Server,
    /// The network, CORS, or a body that was cut off.
    Connection,
    /// No whole answer in time.
    Timeout,
    /// A whole body that is not Pipedrive's envelope.
    Decode,
    /// `success: false` with a 2xx.
    Api,
    /// Any other status.
    UnexpectedStatus,
    /// The WebAssembly could not be loaded, or stopped.
    Load,
}

impl Kind {
    /// The name of the kind in `error.kind`.
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

/// A failed call. It never holds a token.
#[derive(Clone, Debug)]
pub struct Error(Box<Details>);

/// All that is known of a failed call.
#[derive(Clone, Debug)]
pub struct Details {
    /// What kind of failure it is.
    pub kind: Kind,
    /// The operation, such as `getUser`.
    pub operation: &'static str,
    /// What happened, what it means and what to do, in one line.
    pub message: String,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// Pipedrive's `code`, `errorCode` or `statusCode`.
    pub code: Option<Code>,
    /// Pipedrive's `error_info`, where it says more than where the documentation is.
    pub detail: Option<String>,
    /// Pipedrive's `x-correlation-id`, to quote to its support.
    pub request_id: Option<String>,
    /// How long the server asks to wait.
    pub retry_after_seconds: Option<f64>,
    /// How many requests were sent.
    pub attempts: u32,
    /// The headers of the answer, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The text of the answer, 1 MiB at most.
    pub body: Option<String>,
    /// What was thrown beneath.
    pub cause: Option<Cause>,
    /// Which limit was hit.
    pub scope: Option<LimitScope>,
    /// When the limit is lifted, or the server asks to come back, in milliseconds since 1970; an estimate where
    /// `scope` is daily.
    pub reset_at: Option<f64>,
    /// Where the page began that failed, to go on from.
    pub page: Option<Next>,
    /// Whether the request surely was not carried out, so that sending it again adds nothing twice.
    pub(crate) unprocessed: bool,
    /// Whether it would be the same again, whatever its kind says.
    pub(crate) lasting: bool,
}

/// Pipedrive's own code of an error: a text or a number, as it came.
#[derive(Clone, Debug, PartialEq)]
pub enum Code {
    /// Such as `feature_capping_deals_limit`.
    Text(String),
    /// Such as `401`.
    Number(f64),
}

/// A limit of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitScope {
    /// So many calls in two seconds, per token.
    Burst,
    /// So many tokens a day, per company.
    Daily,
}

impl LimitScope {
    /// The name of the limit in `error.scope`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::Daily => "daily",
        }
    }
}

impl Error {
    /// An error with nothing but a kind and a line of text, which the operation is put in front of.
    pub(crate) fn new(kind: Kind, operation: &'static str, text: &[&str]) -> Self {
        let mut message = String::from(operation);
        if !operation.is_empty() {
            message.push_str(": ");
        }
        message.extend(text.iter().copied());
        Self(Box::new(Details {
            kind,
            operation,
            message,
            status: None,
            code: None,
            detail: None,
            request_id: None,
            retry_after_seconds: None,
            attempts: 0,
            headers: Vec::new(),
            body: None,
            cause: None,
            scope: None,
            reset_at: None,
            page: None,
            unprocessed: false,
            lasting: false,
        }))
    }

    /// The same error after so many requests. Nothing of it holds the secrets that they carried: some servers repeat
    /// what they refuse.
    pub(crate) fn sent(mut self, attempts: u32, secrets: &[Secret]) -> Self {
        self.0.attempts = attempts;
        for secret in secrets {
            self.0.redact(secret);
        }
        self
    }

    /// The same error with more known of it.
    pub(crate) fn with(mut self, add: impl FnOnce(&mut Details)) -> Self {
        add(&mut self.0);
        self
    }
}

impl Details {
    /// What decisions need to know of it.
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            kind: self.kind,
            status: self.status,
            retry_after_ms: self.retry_after_seconds.map(|seconds| seconds * 1000.0),
            scope: self.scope,
            reset_at: self.reset_at,
            unprocessed: self.unprocessed,
            lasting: self.lasting,
        }
    }

    /// Takes a token out of everything that came from outside.
    fn redact(&mut self, token: &Secret) {
        token.redact(&mut self.message);
        self.detail.iter_mut().for_each(|text| token.redact(text));
        self.body.iter_mut().for_each(|text| token.redact(text));
        self.request_id.iter_mut().for_each(|text| token.redact(text));
        self.cause.iter_mut().for_each(|cause| token.redact(&mut cause.text));
        self.headers.iter_mut().for_each(|(_, value)| token.redact(value));
        if let Some(Code::Text(code)) = &mut self.code {
            token.redact(code);
        }
    }
}

impl std::ops::Deref for Error {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
