//! What the driver needs to know of whoever makes a call.

use std::future::Future;

use crate::protocol::event::Event;
use crate::transport::{Runtime, Transport};

/// Text of the runtime of a caller.
pub(crate) type TextOf<C> = <<C as Caller>::Runtime as Transport>::Text;

/// What is thrown in the runtime of a caller.
pub(crate) type ThrownOf<C> = <<C as Caller>::Runtime as Transport>::Thrown;

/// The two roots that the paths of the operations are below.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Roots<T> {
    /// In the place of `/v1`.
    pub(crate) v1: T,
    /// In the place of `/api/v2`.
    pub(crate) v2: T,
}

/// How a credential is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthScheme {
    /// An API token, as `x-api-token`.
    ApiToken,
    /// An OAuth access token, as `Authorization: Bearer`.
    AccessToken,
}

/// Where the credential of a call comes from.
pub(crate) enum CredentialSource<T> {
    /// The server at the base URL adds it.
    None,
    /// It is always the same.
    Fixed(T),
    /// A function, asked for every call and once more after a 401.
    Function,
}

/// Whoever makes a call, for as long as the call lasts.
pub(crate) trait Caller: 'static {
    /// What the call runs in.
    type Runtime: Runtime;

    fn runtime(&self) -> &Self::Runtime;

    fn roots(&self) -> &Roots<TextOf<Self>>;

    fn auth_scheme(&self) -> AuthScheme;

    fn credential_source(&self) -> CredentialSource<TextOf<Self>>;

    /// Asks the function for a credential, which was `refused` before.
    fn ask_credential(
        &self,
        refused: Option<&TextOf<Self>>,
    ) -> impl Future<Output = Result<TextOf<Self>, ThrownOf<Self>>>;

    /// Whether everything that identifies the caller is known here: the transport adds no credential of its own.
    fn is_identity_known(&self) -> bool {
        true
    }

    /// Whether the caller has given the call up; its future is about to be dropped.
    fn is_over(&self) -> bool {
        false
    }

    fn emit(&self, event: &Event<'_, TextOf<Self>>);
}
