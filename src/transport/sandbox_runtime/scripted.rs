//! What a test sets for the next requests.

use crate::transport::Progress;

/// What happens to a request instead of the sandbox handling it.
///
/// ```
/// use pipedrive_users::transport::SandboxWorld;
/// use pipedrive_users::transport::{Progress, Scripted};
///
/// let world = SandboxWorld::default();
/// world.script([Scripted::Fail(Progress::NotSent), Scripted::Hang, Scripted::Pass]);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Scripted {
    /// It gets this response.
    Answer {
        /// The status.
        status: u16,
        /// The headers, names in lower case.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// No response comes.
    Fail(Progress),
    /// Nothing ever happens.
    Hang,
    /// The sandbox handles it.
    Pass,
}

impl Scripted {
    /// A response with a status and a JSON body.
    ///
    /// ```
    /// use pipedrive_users::transport::{SandboxWorld, Scripted};
    ///
    /// let world = SandboxWorld::default();
    /// world.script([Scripted::response(503, "{}"), Scripted::Pass]);
    /// ```
    #[must_use]
    pub fn response(status: u16, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::Answer { status, headers, body: body.to_owned() }
    }
}
