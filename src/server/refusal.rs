//! What is not let through.

/// Why a request is not let through. It becomes an answer of Pipedrive's own shape: `{ success: false, error, error_info }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What Pipedrive itself would say.
    pub error: &'static str,
    /// What is wrong, and what to do.
    pub info: &'static str,
}

impl Refusal {
    /// A credential that does not count: what Pipedrive's gateway says.
    pub(super) const fn unauthorized(info: &'static str) -> Self {
        Self { status: 401, error: "unauthorized access", info }
    }
}
