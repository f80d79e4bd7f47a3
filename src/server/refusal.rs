//! Error responses of a proxy.

/// The reason why a request is refused. It becomes a response in Pipedrive's format,
/// `{ success: false, error, error_info }`.
///
/// ```
/// use pipedrive_users::server::permit;
///
/// let refusal = permit("DELETE", "/v1/users/7", &["getUser"]).expect_err("there is no such operation");
/// assert!(refusal.status >= 400);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// `error`: the message that Pipedrive would send.
    pub error: &'static str,
    /// `error_info`: the cause, and how to correct it.
    pub info: &'static str,
}

impl Refusal {
    /// Returns the refusal of an invalid credential, with the message of Pipedrive's gateway.
    pub(super) const fn unauthorized(info: &'static str) -> Self {
        Self { status: 401, error: "unauthorized access", info }
    }
}
