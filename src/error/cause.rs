//! What was thrown beneath a failed call.

use std::error::Error as StdError;
use std::fmt;

use crate::platform::sync::{SendOutsideWasm, SyncOutsideWasm};
use crate::text::Text;

/// Something that was thrown outside the crate, as a [`Transport`](crate::transport::Transport) keeps it. [`Cause`]
/// serves every transport outside JavaScript.
///
/// ```
/// use pipedrive_users::transport::{Cause, Thrown};
///
/// let thrown = <Cause as Thrown>::new(&"no route".to_owned());
/// assert_eq!(thrown.text(), "no route");
/// ```
pub trait Thrown: Clone + SendOutsideWasm + SyncOutsideWasm + 'static {
    /// Text of the runtime.
    type Text: Text;

    /// An error of the crate's own.
    fn new(text: &Self::Text) -> Self;

    /// The cause of a failed credential function.
    #[must_use]
    fn from_rust(cause: &Cause) -> Self {
        Self::new(&Self::Text::from_rust(&cause.describe()))
    }

    /// What it says of itself, and of its own cause.
    fn text(&self) -> Self::Text;

    /// A copy in which every text has passed `redact`.
    #[must_use]
    fn redacted(&self, redact: &dyn Fn(&Self::Text) -> Self::Text) -> Self;

    /// The same for Rust callers.
    fn to_rust(&self) -> Cause;
}

/// What was thrown beneath a failed call: an error of the transport or of the credential function. It is the
/// [`source`](std::error::Error::source) of an [`Error`](crate::Error), and itself shows what it wraps.
///
/// ```
/// use pipedrive_users::transport::Cause;
///
/// let cause = Cause::new(std::io::Error::other("the vault is shut"));
/// assert_eq!(cause.to_string(), "the vault is shut");
/// assert!(cause.get_ref().is::<std::io::Error>());
/// assert_eq!(Cause::new("no vault").to_string(), "no vault");
/// ```
#[derive(Clone)]
pub struct Cause(std::sync::Arc<dyn StdError + Send + Sync>);

impl Cause {
    /// Wraps an error, or a text.
    ///
    /// ```
    /// use pipedrive_users::transport::Cause;
    ///
    /// let cause = Cause::new(std::io::Error::other("no route"));
    /// assert_eq!(cause.to_string(), Cause::new("no route").to_string());
    /// ```
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(error.into().into())
    }

    /// The wrapped error, to downcast it.
    ///
    /// ```
    /// use pipedrive_users::transport::Cause;
    ///
    /// let cause = Cause::new(std::io::Error::other("no route"));
    /// assert!(cause.get_ref().downcast_ref::<std::io::Error>().is_some());
    /// ```
    #[must_use]
    pub fn get_ref(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }

    /// The error and its sources.
    fn chain(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        std::iter::successors(Some(&*self.0 as &(dyn StdError + 'static)), |error| (*error).source())
            .take(MAX_DEPTH)
    }

    /// What it says, and what the first of its sources says.
    fn describe(&self) -> String {
        let text = self.to_string();
        match self.chain().last().map(ToString::to_string) {
            Some(first) if !text.contains(&first) => [&text, " (", &first, ")"].concat(),
            _ => text,
        }
    }
}

/// How far sources are followed.
const MAX_DEPTH: usize = 16;

impl Thrown for Cause {
    type Text = String;

    fn new(text: &String) -> Self {
        Self::new(text.as_str())
    }

    fn from_rust(cause: &Cause) -> Self {
        cause.clone()
    }

    fn text(&self) -> String {
        self.describe()
    }

    /// An error that shows a secret anywhere is replaced by its clean text.
    fn redacted(&self, redact: &dyn Fn(&String) -> String) -> Self {
        let shows = |text: &String| redact(text) != *text;
        let is_clean = |error: &(dyn StdError + 'static)| {
            !shows(&error.to_string()) && !shows(&format!("{error:?}")) && !shows(&format!("{error:#?}"))
        };
        if self.chain().all(is_clean) { self.clone() } else { Self::new(redact(&self.describe())) }
    }

    fn to_rust(&self) -> Cause {
        self.clone()
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(std::io::Error);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("it could not connect")
        }
    }

    impl StdError for Outer {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn the_first_source_is_named_and_a_secret_in_it_is_taken_out() {
        let cause = Cause::new(Outer(std::io::Error::other("no route for abcdefghij")));
        assert_eq!(cause.text(), "it could not connect (no route for abcdefghij)");
        let same = cause.redacted(&|text| text.clone());
        assert!(same.get_ref().is::<Outer>() && StdError::source(&same).is_some());
        let clean = cause.redacted(&|text| str::replace(text, "abcdefghij", "[redacted]"));
        assert_eq!(clean.to_string(), "it could not connect (no route for [redacted])");
        assert!(!format!("{clean:?}").contains("abcdefghij") && StdError::source(&clean).is_none());
    }
}
