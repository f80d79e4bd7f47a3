//! Where a list goes on, and how a broken server is kept from making it go on for ever.

use crate::endpoint::{Answer, Arg, Endpoint};
use crate::error::{Error, Kind, Result};
use crate::transport::Json;

/// Where the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// At this cursor.
    Cursor(String),
    /// After so many items.
    Start(u64),
}

impl Next {
    /// Where a page began, by the parameter that it was asked with.
    pub(crate) fn from_arg(from: Arg) -> Option<Self> {
        match from {
            Arg::Text(cursor) => Some(Self::Cursor(cursor)),
            Arg::Integer(start) => u64::try_from(start).ok().map(Self::Start),
            _ => None,
        }
    }
}

impl From<Next> for Arg {
    fn from(next: Next) -> Self {
        match next {
            Next::Cursor(cursor) => cursor.into(),
            Next::Start(start) => start.into(),
        }
    }
}

/// Where the list goes on after a page, or nothing at its end.
///
/// An empty page ends the list whatever it says of more, and a page that would be the same again is an error.
///
/// `from` is where the page began: the cursor or the start that it was asked with.
pub(crate) fn next<J: Json>(
    endpoint: &'static Endpoint,
    from: Option<&Next>,
    data: &J,
    additional: Option<&J>,
) -> Result<Option<Next>> {
    let Some(additional) = additional else { return Ok(None) };
    if data.item_count() == 0 {
        return Ok(None);
    }
    let stuck = |what: &str| {
        let text =
            ["the server's next page would be this page again (", what, "): reading on would never end"];
        Err(Error::new(Kind::Decode, endpoint.operation, &text))
    };
    match endpoint.answer {
        Answer::CursorPage => match additional.get("next_cursor").and_then(|cursor| cursor.as_text()) {
            None => Ok(None),
            Some(cursor) if cursor.is_empty() => Ok(None),
            Some(cursor) if matches!(from, Some(Next::Cursor(asked)) if *asked == cursor) => {
                stuck("same next_cursor")
            }
            Some(cursor) => Ok(Some(Next::Cursor(cursor))),
        },
        Answer::OffsetPage => {
            let Some(pagination) = additional.get("pagination") else { return Ok(None) };
            let more = pagination.get("more_items_in_collection").and_then(|more| more.as_bool());
            if more != Some(true) {
                return Ok(None);
            }
            #[allow(clippy::cast_precision_loss)] // It was checked to be below 2^53.
            let asked = if let Some(Next::Start(start)) = from { *start as f64 } else { 0.0 };
            // The contract has no `next_start`; the documentation of paging has.
            let next = match pagination.get("next_start").and_then(|start| start.as_number()) {
                Some(start) if start > asked => start,
                Some(_) => return stuck("next_start does not advance"),
                #[allow(clippy::cast_precision_loss)] // A page has far fewer than 2^53 items.
                None => asked + data.item_count() as f64,
            };
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            // Positive, and too large saturates.
            Ok(Some(Next::Start(next as u64)))
        }
        Answer::One | Answer::List => Ok(None),
    }
}
