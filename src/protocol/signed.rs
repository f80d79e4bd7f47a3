//! A request with its credential: what is sent, and what must never show.

use super::PreparedRequest;
use super::request::set_header;
use crate::error::{Redactor, is_credential};
use crate::platform::sync::SharedRef;
use crate::schema::Endpoint;
use crate::text::Text;
use crate::transport::{Request, RequestHeaders};

/// The server that a client calls, and how.
#[derive(Clone, Debug)]
pub(crate) struct Server<T> {
    /// What stands in the place of `/v1` in URLs.
    pub(crate) v1: T,
    /// In the place of `/api/v2`.
    pub(crate) v2: T,
    pub(crate) scheme: AuthScheme,
    /// The most bytes of a response's body.
    pub(crate) max_body_bytes: u32,
}

/// How a credential is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthScheme {
    /// An API token, as `x-api-token`.
    ApiToken,
    /// An OAuth access token, as `Authorization: Bearer`.
    AccessToken,
}

/// A request with its credential.
#[derive(Clone)]
pub(crate) struct Signed<T> {
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) request: SharedRef<PreparedRequest<T>>,
    pub(crate) credential: Option<T>,
    /// The credential that was refused before.
    pub(crate) refused: Option<T>,
}

impl<T: Text> Signed<T> {
    /// Whether two requests without a body are the same, of the same user.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (one, two) = (&self.request, &other.request);
        std::ptr::eq(self.endpoint, other.endpoint)
            // What differs most often is first.
            && one.target == two.target
            && self.credential == other.credential
            && one.headers == two.headers
            && (one.timeout_ms, one.max_retries) == (two.timeout_ms, two.max_retries)
    }

    /// Takes out what must not show in errors: the credentials, and those among the caller's own headers.
    pub(crate) fn redactor(&self) -> Redactor<T> {
        let mut redactor = Redactor::new();
        for credential in self.credential.iter().chain(&self.refused) {
            redactor.add(credential);
        }
        for (name, value) in &self.request.headers {
            if is_credential(name) {
                redactor.add_header(value);
            }
        }
        redactor
    }

    /// The request, as the transport sends it.
    pub(crate) fn to_request(&self, server: &Server<T>) -> Request<T> {
        let Self { endpoint, request, credential, .. } = self;
        let json = || T::new("application/json");
        let mut headers = vec![(T::new("accept"), json())];
        if request.body.is_some() {
            headers.push((T::new("content-type"), json()));
        }
        for (name, value) in &request.headers {
            set_header(&mut headers, name.clone(), value.clone());
        }
        if let Some(token) = credential {
            let (name, value) = match server.scheme {
                AuthScheme::ApiToken => ("x-api-token", token.clone()),
                AuthScheme::AccessToken => ("authorization", T::new("Bearer ").concat(token)),
            };
            set_header(&mut headers, T::new(name), value);
        }
        let (root, replaced) =
            if endpoint.path.starts_with(V1) { (&server.v1, V1) } else { (&server.v2, V2) };
        Request {
            method: endpoint.method,
            url: root.concat(&request.target.slice(replaced.len(), usize::MAX)),
            headers: RequestHeaders(headers),
            body: request.body.clone(),
            max_body_bytes: server.max_body_bytes,
        }
    }
}

/// How the paths begin that are below [`Roots::v1`].
const V1: &str = "/v1";
/// How the paths begin that are below [`Roots::v2`].
const V2: &str = "/api/v2";
