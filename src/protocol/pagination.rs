//! Where a list continues, and how a broken server is kept from continuing it for ever.

use super::envelope::undecodable;
use crate::error::Failure;
use crate::schema::{MAX_SAFE_INTEGER, PageRef, ResponseKind};
use crate::transport::JsonRef;

/// Where the list continues after the page that began at `from`; nothing at its end. `json` is the response with this `data`.
///
/// An empty page ends the list, whatever the response says of more; a page that would be the same again is a failure.
pub(crate) fn next_page<J: JsonRef>(
    kind: ResponseKind,
    from: Option<&PageRef<J::Text>>,
    data: &J,
    json: Option<&J>,
) -> Result<Option<PageRef<J::Text>>, Box<Failure>> {
    let Some(json) = json.filter(|_| data.item_count() > 0) else { return Ok(None) };
    match kind {
        ResponseKind::Object | ResponseKind::List => Ok(None),
        ResponseKind::CursorPage => {
            let next = json.text_at(&["additional_data", "next_cursor"]).map(PageRef::Cursor);
            if next.is_some() && next.as_ref() == from {
                return Err(undecodable(
                    "the server's next page is this page again (same next_cursor): it would never end",
                ));
            }
            Ok(next)
        }
        ResponseKind::OffsetPage => {
            let member = |name| json.at(&["additional_data", "pagination", name]);
            if member("more_items_in_collection").and_then(|more| more.as_bool()) != Some(true) {
                return Ok(None);
            }
            let start = if let Some(PageRef::Start(start)) = from { *start } else { 0.0 };
            // The contract has no `next_start`; the documentation of pagination has.
            let next = member("next_start").and_then(|next| next.as_number());
            #[allow(clippy::cast_precision_loss)] // No list has 2^53 items.
            let (next, largest) = (next.unwrap_or(start + data.item_count() as f64), MAX_SAFE_INTEGER as f64);
            if next > start && next <= largest && next.fract() == 0.0 {
                return Ok(Some(PageRef::Start(next)));
            }
            Err(undecodable(
                "the server's next page is this page again (same next_start): it would never end",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn cursor(from: Option<&str>, data: &Value, additional: &Value) -> Result<Option<PageRef>, Box<Failure>> {
        let from = from.map(|cursor| PageRef::Cursor(cursor.to_owned()));
        next_page(
            ResponseKind::CursorPage,
            from.as_ref(),
            data,
            Some(&json!({ "additional_data": additional })),
        )
    }

    fn offset(from: Option<f64>, data: &Value, pagination: &Value) -> Result<Option<PageRef>, Box<Failure>> {
        let json = json!({ "additional_data": { "pagination": pagination } });
        next_page(ResponseKind::OffsetPage, from.map(PageRef::Start).as_ref(), data, Some(&json))
    }

    #[test]
    fn a_cursor_leads_on_until_it_is_missing_empty_or_no_text() {
        let items = json!([1]);
        let next = |additional: Value| cursor(None, &items, &additional).expect("a page");
        assert_eq!(next(json!({ "next_cursor": "b" })), Some(PageRef::Cursor("b".into())));
        for end in [
            json!({}),
            json!({ "next_cursor": null }),
            json!({ "next_cursor": "" }),
            json!({ "next_cursor": 5 }),
        ] {
            assert_eq!(next(end.clone()), None, "{end}");
        }
        assert_eq!(
            cursor(None, &json!([]), &json!({ "next_cursor": "b" })).expect("a page"),
            None,
            "an empty page"
        );
    }

    #[test]
    fn an_offset_leads_on_while_there_are_more() {
        let items = json!([1, 2]);
        let more = |next: Value| json!({ "more_items_in_collection": true, "next_start": next });
        let next = |from, pagination: &Value| offset(from, &items, pagination).expect("a page");
        assert_eq!(next(None, &more(json!(2))), Some(PageRef::Start(2.0)));
        assert_eq!(next(Some(4.0), &more(json!(null))), Some(PageRef::Start(6.0)));
        assert_eq!(next(None, &json!({ "more_items_in_collection": false, "next_start": 2 })), None);
        assert_eq!(next(None, &json!({})), None);
    }

    #[test]
    fn a_page_that_would_come_again_is_a_failure() {
        let items = json!([1]);
        assert!(cursor(Some("a"), &items, &json!({ "next_cursor": "a" })).is_err());
        for next in [json!(4), json!(3), json!(1.5), json!(1e300)] {
            let pagination = json!({ "more_items_in_collection": true, "next_start": next });
            assert!(offset(Some(4.0), &items, &pagination).is_err(), "{next}");
        }
    }
}
