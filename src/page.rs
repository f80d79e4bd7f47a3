//! Where a list goes on, and how a broken server is kept from making it go on for ever.

use crate::answer::unreadable;
use crate::endpoint::{Answer, Arg};
use crate::failure::Failure;
use crate::transport::{Json, Peek};

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

/// Where a list goes on, where the world keeps it.
#[derive(Clone, Debug)]
pub(crate) enum Onward<J> {
    /// At this cursor.
    Cursor(J),
    /// After so many items.
    Start(f64),
}

impl<J: Json> From<Onward<J>> for Next {
    fn from(onward: Onward<J>) -> Self {
        match onward {
            Onward::Cursor(cursor) => Self::Cursor(cursor.as_text().unwrap_or_default()),
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            // Positive, and too large saturates.
            Onward::Start(start) => Self::Start(start as u64),
        }
    }
}

/// Where the list goes on after a page, or nothing at its end.
///
/// An empty page ends the list whatever it says of more, and a page that would be the same again is a failure. The
/// page was asked for from `start`, or from the cursor that `is_asked` knows.
pub(crate) fn next<J: Peek>(
    answer: Answer,
    start: f64,
    is_asked: impl Fn(&J) -> bool,
    data: &J,
    additional: Option<&J>,
) -> Result<Option<Onward<J>>, Failure> {
    let Some(additional) = additional else { return Ok(None) };
    let items = data.item_count();
    if items == 0 {
        return Ok(None);
    }
    match answer {
        Answer::CursorPage => match additional.get("next_cursor").filter(Peek::is_text) {
            Some(cursor) if is_asked(&cursor) => Err(unreadable(
                "the server's next page would be this page again (same next_cursor): reading on would never end",
            )),
            cursor => Ok(cursor.map(Onward::Cursor)),
        },
        Answer::OffsetPage => {
            let Some(pagination) = additional.get("pagination") else { return Ok(None) };
            let more = pagination.get("more_items_in_collection").and_then(|more| more.as_bool());
            if more != Some(true) {
                return Ok(None);
            }
            // The contract has no `next_start`; the documentation of paging has.
            match pagination.get("next_start").and_then(|start| start.as_number()) {
                Some(next) if next > start => Ok(Some(Onward::Start(next))),
                Some(_) => Err(unreadable(
                    "the server's next page would be this page again (next_start does not advance): reading on would \
                     never end",
                )),
                None => Ok(Some(Onward::Start(start + f64::from(items)))),
            }
        }
        Answer::One | Answer::List => Ok(None),
    }
}
