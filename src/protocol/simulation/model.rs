//! What a scenario is made of: calls, credentials, responses, and a transport that never sends anything.

use std::future::pending;

use serde_json::{Value, json};

use crate::api::{add_user, get_current_user, get_user, get_users, update_user};
use crate::protocol::{CallId, CredentialSource, NewCall, PreparedRequest};
use crate::schema::{Endpoint, Method};
use crate::transport::{Cause, HeaderList, Progress, Request, Response, SendError, Transport};

/// The transport of the model: attempts are completed by the scenario.
pub(in crate::protocol) struct Model;

impl Transport for Model {
    type Text = String;
    type Headers = HeaderList;
    type Json = Value;
    type Thrown = Cause;

    async fn send(&self, _: Request) -> Result<Response<Self>, SendError<Self>> {
        pending().await
    }

    fn parse_json(text: &String) -> Option<Value> {
        serde_json::from_str(text).ok()
    }
}

/// Where a call's credential comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::protocol) enum Source {
    None,
    Fixed(u8),
    Function,
}

/// A call of a scenario.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::protocol) struct CallSpec {
    /// An index into [`ENDPOINTS`].
    pub(in crate::protocol) endpoint: usize,
    /// The id in the path: calls with different ids are different requests.
    pub(in crate::protocol) user: u8,
    pub(in crate::protocol) source: Source,
    pub(in crate::protocol) is_identity_known: bool,
    pub(in crate::protocol) max_retries: u32,
    pub(in crate::protocol) timeout_ms: u32,
    /// The value of a header of the caller's own.
    pub(in crate::protocol) header: Option<u8>,
}

pub(in crate::protocol) static ENDPOINTS: [&Endpoint; 5] = [
    &get_user::ENDPOINT,
    &add_user::ENDPOINT,
    &update_user::ENDPOINT,
    &get_users::ENDPOINT,
    &get_current_user::ENDPOINT,
];

impl CallSpec {
    pub(in crate::protocol) fn endpoint(&self) -> &'static Endpoint {
        ENDPOINTS[self.endpoint % ENDPOINTS.len()]
    }

    pub(in crate::protocol) fn target(&self) -> String {
        self.endpoint().path.replace("{id}", &self.user.to_string())
    }

    pub(in crate::protocol) fn request(&self) -> PreparedRequest<String> {
        PreparedRequest {
            target: self.target(),
            body: (self.endpoint().method != Method::Get).then(|| format!("{{\"n\":{}}}", self.user)),
            headers: self.header.iter().map(|value| ("x-test".to_owned(), value.to_string())).collect(),
            timeout_ms: self.timeout_ms,
            max_retries: self.max_retries,
            page: None,
        }
    }

    /// Whether the requests of two calls are the same, whatever users they belong to.
    pub(in crate::protocol) fn is_same(&self, other: &Self) -> bool {
        let of = |spec: &Self| {
            let PreparedRequest { target, body, headers, timeout_ms, max_retries, .. } = spec.request();
            (spec.endpoint().operation, target, body, headers, timeout_ms, max_retries)
        };
        of(self) == of(other)
    }

    pub(in crate::protocol) fn new_call(&self, id: CallId) -> NewCall<String> {
        let source = match self.source {
            Source::None => CredentialSource::None,
            Source::Fixed(number) => CredentialSource::Fixed(token(number)),
            Source::Function => CredentialSource::Function,
        };
        let is_identity_known = self.is_identity_known;
        NewCall { id, endpoint: self.endpoint(), request: self.request(), source, is_identity_known }
    }
}

pub(in crate::protocol) fn token(number: u8) -> String {
    format!("secret-token-{number}")
}

/// What the credential function returns.
#[derive(Clone, Copy, Debug)]
pub(in crate::protocol) enum Returned {
    Token(u8),
    /// A token that no header can carry.
    Unusable,
    Throws,
}

impl Returned {
    pub(in crate::protocol) fn to_result(self) -> Result<String, Cause> {
        match self {
            Self::Token(number) => Ok(token(number)),
            Self::Unusable => Ok("a\nb".to_owned()),
            Self::Throws => Err(cause()),
        }
    }
}

fn cause() -> Cause {
    Cause::new("thrown")
}

/// How an attempt ends.
#[derive(Clone, Copy, Debug)]
pub(in crate::protocol) enum Completion {
    Response(FakeResponse),
    CutOff(FakeResponse),
    NotSent,
    Unknown,
    NoResponse,
}

/// A response of the server.
#[derive(Clone, Copy, Debug)]
pub(in crate::protocol) struct FakeResponse {
    pub(in crate::protocol) status: u16,
    /// In seconds.
    pub(in crate::protocol) retry_after: Option<u32>,
    /// Instead of the limit that the server has.
    pub(in crate::protocol) limit: Option<u32>,
    pub(in crate::protocol) remaining: Option<u32>,
    pub(in crate::protocol) daily_remaining: Option<u32>,
    pub(in crate::protocol) is_deprecated: bool,
    pub(in crate::protocol) is_envelope: bool,
}

impl FakeResponse {
    pub(in crate::protocol) const fn of(status: u16) -> Self {
        Self {
            status,
            retry_after: None,
            limit: None,
            remaining: None,
            daily_remaining: None,
            is_deprecated: false,
            is_envelope: true,
        }
    }

    fn headers(&self, limit: Option<u32>) -> HeaderList {
        let header = |name: &str, value: Option<u32>| value.map(|value| (name.to_owned(), value.to_string()));
        let headers = [
            header("x-ratelimit-limit", self.limit.or(limit)),
            header("x-ratelimit-remaining", self.remaining),
            header("x-daily-ratelimit-token-remaining", self.daily_remaining),
            header("retry-after", self.retry_after),
        ];
        HeaderList(headers.into_iter().flatten().collect())
    }

    /// The body says whose data it is and of which request.
    fn body(&self, request: &Request) -> String {
        if !self.is_envelope {
            return "<p>not an envelope</p>".to_owned();
        }
        if self.status >= 300 {
            return json!({ "success": false, "error": credential_of(request) }).to_string();
        }
        let owner = json!({ "credential": credential_of(request), "url": request.url });
        let is_list = request.url.ends_with("/users") && request.method == Method::Get;
        let data = if is_list { json!([owner]) } else { owner };
        let mut body = json!({ "success": true, "data": data });
        if self.is_deprecated {
            body["deprecation_warning"] = json!("it ends");
        }
        body.to_string()
    }
}

impl Completion {
    /// Whether the server certainly charged nothing.
    pub(in crate::protocol) const fn is_free(&self) -> bool {
        match self {
            Self::Response(response) => matches!(response.status, 401 | 429),
            // A response whose body was cut off may also be a 401.
            Self::CutOff(response) => matches!(response.status, 401 | 429),
            Self::NotSent => true,
            Self::Unknown | Self::NoResponse => false,
        }
    }

    /// Whether a POST may be sent again after it: FAULTS.md.
    pub(in crate::protocol) const fn is_safe_to_repeat(&self) -> bool {
        match self {
            Self::Response(response) | Self::CutOff(response) => response.status == 429,
            Self::NotSent => true,
            Self::Unknown | Self::NoResponse => false,
        }
    }

    /// Whether it counts as an attempt: all but the burst limit do.
    pub(in crate::protocol) const fn is_counted(&self) -> bool {
        !matches!(self, Self::Response(response) | Self::CutOff(response) if response.status == 429)
    }

    pub(in crate::protocol) const fn status(&self) -> Option<u16> {
        match self {
            Self::Response(response) => Some(response.status),
            _ => None,
        }
    }

    pub(in crate::protocol) fn to_result(
        self,
        request: &Request,
        limit: Option<u32>,
    ) -> Result<Response<Model>, SendError<Model>> {
        let failed = |progress, head| Err(SendError { progress, head, cause: cause() });
        match self {
            Self::Response(response) => Ok(Response {
                status: response.status,
                headers: response.headers(limit),
                body: response.body(request),
            }),
            Self::CutOff(response) => {
                failed(Progress::BodyCutOff, Some((response.status, response.headers(limit))))
            }
            Self::NotSent => failed(Progress::NotSent, None),
            Self::Unknown => failed(Progress::Unknown, None),
            Self::NoResponse => failed(Progress::NoResponse, None),
        }
    }
}

/// The credential that a request carries.
pub(in crate::protocol) fn credential_of(request: &Request) -> Option<String> {
    let header = request.headers.0.iter().find(|(name, _)| name == "authorization")?;
    header.1.strip_prefix("Bearer ").map(str::to_owned)
}
