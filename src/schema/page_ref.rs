//! Where a page of a list begins.

use crate::text::Text;
use crate::transport::JsonRef;

/// Where a page begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PageRef<T = String> {
    /// At this cursor.
    Cursor(T),
    /// After so many items; always a whole number.
    Start(f64),
}

impl<T: Text> PageRef<T> {
    /// The beginning of the page that an argument asks for.
    pub(crate) fn of(value: &impl JsonRef<Text = T>) -> Option<Self> {
        value.as_text().map(Self::Cursor).or_else(|| value.as_number().map(Self::Start))
    }

    /// The same in Rust's own memory.
    pub(crate) fn to_rust(&self) -> PageRef {
        match self {
            Self::Cursor(cursor) => PageRef::Cursor(cursor.to_rust()),
            Self::Start(start) => PageRef::Start(*start),
        }
    }
}
