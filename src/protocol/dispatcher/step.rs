//! What goes into the dispatcher, and the steps that come out.

use crate::platform::sync::SharedRef;
use crate::protocol::PreparedRequest;
use crate::protocol::exchange::Emitted;
use crate::protocol::outcome::{DetailsOf, Reply};
use crate::schema::{Endpoint, PageRef};
use crate::transport::{Request, Transport};

/// The name of a call, chosen by the driver.
pub(crate) type CallId = u32;

/// The name of one attempt in flight.
pub(crate) type AttemptId = u32;

/// Where the credential of a call comes from.
pub(crate) enum CredentialSource<T> {
    /// The server at the base URL adds it.
    None,
    /// It is always the same.
    Fixed(T),
    /// A function, asked for every call and once more after a 401.
    Function,
}

/// A call to be made.
pub(crate) struct NewCall<T> {
    pub(crate) id: CallId,
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) request: PreparedRequest<T>,
    pub(crate) source: CredentialSource<T>,
    /// Whether everything that identifies the caller is known here: the transport adds no credential of its own.
    pub(crate) is_identity_known: bool,
}

/// The clocks of a step, and chance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Monotonic milliseconds.
    pub(crate) now: f64,
    /// The time of day, in milliseconds since 1970.
    pub(crate) wall: f64,
    /// From 0 to 1.
    pub(crate) random: f64,
}

/// What the driver does next for a call.
pub(crate) enum Step<R: Transport> {
    /// Emit an event, and ask for the next step. The event's hook may end the call.
    Emit(&'static Endpoint, Emitted, Option<R::Text>),
    /// Ask the credential function, which may know that a credential was refused, and ask for the next step.
    AskCredential(Option<R::Text>),
    /// Send a request, and ask for the next step.
    Send(AttemptId, Request<R::Text>),
    /// Ask for the next step after so many milliseconds, on a completion, or when the call is woken.
    Wait(f64),
    /// The call is over.
    Finish(Result<Box<Reply<R>>, Failed<R>>),
    /// There is no such call: it was ended.
    Gone,
}

/// A failed call: the error, which those who share a request share too, and what is the call's own.
pub(crate) struct Failed<R: Transport> {
    pub(crate) details: SharedRef<DetailsOf<R>>,
    pub(crate) attempts: u32,
    pub(crate) page: Option<PageRef<R::Text>>,
}
