//! Where a page of a list begins.

use super::Arg;
use crate::text::Text;

/// Where a page begins.
#[derive(Clone, Debug, PartialEq)]
pub enum PageRef<T = String> {
    /// At this cursor.
    Cursor(T),
    /// After so many items; always a whole number.
    Start(f64),
}

impl<T: Text> PageRef<T> {
    /// The beginning of the page that an argument asks for.
    pub(crate) fn from_arg(arg: &Arg<T>) -> Option<Self> {
        match arg {
            Arg::Text(cursor) => Some(Self::Cursor(cursor.clone())),
            #[allow(clippy::cast_precision_loss)] // Arguments are at most 2^53 − 1.
            Arg::Integer(start) => Some(Self::Start(*start as f64)),
            _ => None,
        }
    }

    /// The same in Rust's own memory.
    pub(crate) fn to_rust(&self) -> PageRef {
        match self {
            Self::Cursor(cursor) => PageRef::Cursor(cursor.to_rust()),
            Self::Start(start) => PageRef::Start(*start),
        }
    }
}

impl<T: Text> From<PageRef<T>> for Arg<T> {
    fn from(page: PageRef<T>) -> Self {
        match page {
            PageRef::Cursor(cursor) => Self::Text(cursor),
            #[allow(clippy::cast_possible_truncation)] // Whole, and below 2^53.
            PageRef::Start(start) => Self::Integer(start as i64),
        }
    }
}
