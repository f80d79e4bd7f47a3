//! What the sandbox takes and gives: HTTP as plain data.

use super::Delivery;

/// An HTTP request.
///
/// ```
/// use pipedrive_users::sandbox::Request;
///
/// let request = Request {
///     method: "GET".to_owned(),
///     target: "/v1/users/7".to_owned(),
///     headers: vec![("x-api-token".to_owned(), "0123456789abcdef".to_owned())],
///     body: String::new(),
/// };
/// ```
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The HTTP method, in upper case.
    pub method: String,
    /// The path and query, or an absolute URL, whose host is ignored.
    pub target: String,
    /// The headers; names are case-insensitive.
    pub headers: Vec<(String, String)>,
    /// The body, or an empty string.
    pub body: String,
}

/// An HTTP response.
///
/// ```
/// use pipedrive_users::sandbox::{Options, Request, Sandbox};
/// use pipedrive_users::Timestamp;
///
/// let mut sandbox = Sandbox::new(&Options::default())?;
/// let request = Request {
///     method: "GET".to_owned(),
///     target: "/v1/users/7".to_owned(),
///     headers: vec![("x-api-token".to_owned(), sandbox.tokens().api_token.clone())],
///     body: String::new(),
/// };
/// let response = sandbox.handle(&request, Timestamp::default());
/// assert_eq!(response.status, 200);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers; names are in lower case.
    pub headers: Vec<(String, String)>,
    /// The body: JSON, or HTML for the OAuth pages. It is empty for a CORS preflight and a redirect.
    pub body: String,
    /// How many milliseconds it takes to come: 0, unless [`Sandbox::fail`](super::Sandbox::fail) asked for more.
    pub delay_ms: u32,
    /// How much of it reaches the client: all, unless [`Sandbox::fail`](super::Sandbox::fail) asked for less.
    pub delivery: Delivery,
}
