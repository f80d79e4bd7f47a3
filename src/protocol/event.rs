//! What a client reports while it works. An event never holds a body or a secret.

use std::time::Duration;

/// Something that happened.
///
/// ```
/// use pipedrive_users::Config;
/// use pipedrive_users::config::Credential;
///
/// let config = Config::builder()
///     .credential(Credential::api_token("0123456789")?)
///     .on_event(|event| println!("{}: {:?} after {:?}", event.operation, event.kind, event.duration))
///     .build()?;
/// # Ok::<(), pipedrive_users::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// What happened.
    pub kind: EventKind,
    /// The operation, such as `getUser`.
    pub operation: &'static str,
    /// The number of the attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// What the operation costs.
    pub cost: u32,
    /// The status, where there was a response.
    pub status: Option<u16>,
    /// How long the attempt took, or how long the wait will be.
    pub duration: Option<Duration>,
    /// A line of text, where there is something to say.
    pub text: Option<&'a str>,
}

/// The kind of an [`Event`].
///
/// ```
/// use pipedrive_users::event::EventKind;
///
/// let config = pipedrive_users::Config::builder().on_event(|event| match event.kind {
///     EventKind::Limited | EventKind::Deprecated => eprintln!("{event:?}"),
///     _ => {}
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// A request is sent.
    Request,
    /// An attempt ended, successfully or not.
    Response,
    /// The call will be sent again.
    Retry,
    /// The call waits for the rate limit.
    Wait,
    /// A limit was hit, or would have been.
    Limited,
    /// The call shares another call's request.
    Shared,
    /// A response differs from the model.
    Drift,
    /// Pipedrive announced the removal of the operation.
    Deprecated,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Request,
        Self::Response,
        Self::Retry,
        Self::Wait,
        Self::Limited,
        Self::Shared,
        Self::Drift,
        Self::Deprecated,
    ];

    /// The name of the kind: what JavaScript has in `event.type`.
    ///
    /// ```
    /// assert_eq!(pipedrive_users::event::EventKind::Retry.as_str(), "retry");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Retry => "retry",
            Self::Wait => "wait",
            Self::Limited => "limited",
            Self::Shared => "shared",
            Self::Drift => "drift",
            Self::Deprecated => "deprecated",
        }
    }
}
