//! Where a page of a list begins.

use crate::text::Text;
use crate::transport::JsonRef;

/// Where a page begins, as the machine has it.
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

/// Where a page of a list begins.
///
/// ```
/// # use pipedrive_users::{Client, PagePosition, Result, transport::Runtime};
/// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
/// let saved = PagePosition::Start(200);
/// let page = client.get_user_role_assignments(7).from(saved).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PagePosition {
    /// At this cursor.
    Cursor(String),
    /// After so many items.
    Start(u64),
}

impl From<&PageRef> for PagePosition {
    fn from(page: &PageRef) -> Self {
        match page {
            PageRef::Cursor(cursor) => Self::Cursor(cursor.clone()),
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Whole, and below 2^53.
            PageRef::Start(start) => Self::Start(*start as u64),
        }
    }
}
