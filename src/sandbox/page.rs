//! Lists in pages: v1 counts from a start, v2 hands out cursors.

use serde::Serialize;

use super::{answers::Fault, input::Query};

const USUAL: usize = 100;
const MOST: usize = 500;

/// `additional_data` of a v1 page.
#[derive(Debug, Serialize)]
pub(super) struct Offset {
    pagination: Pagination,
}

#[derive(Debug, Serialize)]
struct Pagination {
    start: usize,
    limit: usize,
    more_items_in_collection: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_start: Option<usize>,
}

/// The part of a list that `start` and `limit` ask for. A larger limit than v1's own counts as that.
pub(super) fn by_offset<T>(items: Vec<T>, query: Query) -> Result<(Vec<T>, Offset), Fault> {
    let start = number(query, "start", 0)?.unwrap_or_default();
    let limit = number(query, "limit", 1)?.unwrap_or(USUAL).min(MOST);
    let end = start.saturating_add(limit);
    let more = end < items.len();
    let pagination =
        Pagination { start, limit, more_items_in_collection: more, next_start: more.then_some(end) };
    Ok((items.into_iter().skip(start).take(limit).collect(), Offset { pagination }))
}

fn number(query: Query, name: &str, least: usize) -> Result<Option<usize>, Fault> {
    match query.get(name).map(|text| text.parse::<usize>()) {
        None => Ok(None),
        Some(Ok(number)) if number >= least => Ok(Some(number)),
        Some(Ok(_)) => Err(Fault::Invalid(format!(r#""{name}" must be larger than or equal to {least}"#))),
        Some(Err(_)) => Err(Fault::Invalid(format!(r#""{name}" must be a number"#))),
    }
}

/// `additional_data` of a v2 page; no cursor means that it was the last.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Cursor {
    next_cursor: Option<String>,
}

/// What a request for a v2 page asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ByCursor {
    /// The id that the page before ended with; 0 for the first page.
    pub(super) after: u64,
    limit: usize,
}

impl ByCursor {
    pub(super) fn read(query: Query) -> Result<Self, Fault> {
        let refused = |text: &str| Fault::InvalidV2(["querystring/", text].concat());
        let limit = match query.get("limit").map(|text| text.parse::<i64>()) {
            None => USUAL,
            Some(Err(_)) => return Err(refused("limit must be integer")),
            Some(Ok(..1)) => return Err(refused("limit must be >= 1")),
            Some(Ok(limit)) => usize::try_from(limit)
                .ok()
                .filter(|limit| *limit <= MOST)
                .ok_or_else(|| refused("limit must be <= 500"))?,
        };
        let after = match query.get("cursor") {
            None => 0,
            Some(cursor) => id_in(&cursor).ok_or_else(|| refused("cursor is invalid"))?,
        };
        Ok(Self { after, limit })
    }

    /// The ids on the page, out of all that come after the page before.
    pub(super) fn cut(&self, ids: impl Iterator<Item = u64>) -> (Vec<u64>, Cursor) {
        let mut page: Vec<u64> = ids.take(self.limit + 1).collect();
        let more = page.len() > self.limit;
        page.truncate(self.limit);
        let next_cursor = page.last().filter(|_| more).map(|id| cursor_after(*id));
        (page, Cursor { next_cursor })
    }
}

/// A cursor like Pipedrive's: base64url, without padding, of a little JSON.
fn cursor_after(id: u64) -> String {
    let json = format!(r#"{{"field":"id","fieldValue":{id},"sortDirection":"asc","id":{id}}}"#);
    let mut cursor = String::new();
    for three in json.as_bytes().chunks(3) {
        let bits =
            (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or_default()));
        for at in 0..=three.len() {
            let six = bits >> (18 - 6 * at) & 63;
            cursor.extend(ALPHABET.get(six as usize).copied().map(char::from));
        }
    }
    cursor
}

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The id in a cursor, if it is one that [`cursor_after`] made.
fn id_in(cursor: &str) -> Option<u64> {
    let mut json = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for byte in cursor.bytes() {
        let six = ALPHABET.iter().position(|letter| *letter == byte)?;
        bits = (bits << 6 | u32::try_from(six).ok()?) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            json.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    let json = String::from_utf8(json).ok()?;
    let id = json.rsplit_once(':')?.1.strip_suffix('}')?.parse().ok()?;
    (cursor_after(id) == cursor).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(query: &str) -> (Vec<u8>, String) {
        let (page, more) = by_offset(vec![1, 2, 3, 4, 5], Query::new(query)).expect("valid");
        (page, serde_json::to_string(&more).expect("JSON"))
    }

    #[test]
    fn v1_pages_tell_where_the_next_begins() {
        let told = |start, limit, more| {
            format!(
                r#"{{"pagination":{{"start":{start},"limit":{limit},"more_items_in_collection":{more}}}}}"#
            )
        };
        let more = |start, limit, next| {
            told(start, limit, true).replace("}}", &format!(r#","next_start":{next}}}}}"#))
        };
        assert_eq!(offset(""), (vec![1, 2, 3, 4, 5], told(0, 100, false)));
        assert_eq!(offset("limit=2"), (vec![1, 2], more(0, 2, 2)));
        assert_eq!(offset("start=2&limit=2"), (vec![3, 4], more(2, 2, 4)));
        assert_eq!(offset("start=4&limit=2"), (vec![5], told(4, 2, false)));
        assert_eq!(offset("start=3&limit=2"), (vec![4, 5], told(3, 2, false)));
        assert_eq!(offset("start=9&limit=900"), (vec![], told(9, 500, false)));
        for (query, text) in [
            ("start=-1", r#""start" must be a number"#),
            ("limit=x", r#""limit" must be a number"#),
            ("limit=0", r#""limit" must be larger than or equal to 1"#),
        ] {
            let refused = by_offset(vec![1], Query::new(query)).expect_err("is refused");
            assert_eq!(refused, Fault::Invalid(text.to_owned()));
        }
    }

    #[test]
    fn v2_pages_end_without_a_cursor() {
        let first = ByCursor::read(Query::new("limit=2")).expect("valid");
        let (page, cursor) = first.cut(1..=3);
        assert_eq!(page, [1, 2]);
        let cursor = cursor.next_cursor.expect("there is more");
        let second = ByCursor::read(Query::new(&format!("limit=2&cursor={cursor}"))).expect("valid");
        assert_eq!(second, ByCursor { after: 2, limit: 2 });
        assert_eq!(second.cut(3..=4), (vec![3, 4], Cursor { next_cursor: None }));
        assert_eq!(second.cut(3..3), (vec![], Cursor { next_cursor: None }));
    }

    #[test]
    fn v2_is_strict() {
        let table = [
            ("limit=0", "querystring/limit must be >= 1"),
            ("limit=501", "querystring/limit must be <= 500"),
            ("limit=1.5", "querystring/limit must be integer"),
            ("cursor=", "querystring/cursor is invalid"),
            ("cursor=abc", "querystring/cursor is invalid"),
        ];
        for (query, text) in table {
            assert_eq!(ByCursor::read(Query::new(query)), Err(Fault::InvalidV2(text.to_owned())));
        }
        assert_eq!(ByCursor::read(Query::new("")), Ok(ByCursor { after: 0, limit: 100 }));
    }

    #[test]
    fn cursors_are_pipedrives_and_no_others_are_taken() {
        let official = "eyJmaWVsZCI6ImlkIiwiZmllbGRWYWx1ZSI6Nywic29ydERpcmVjdGlvbiI6ImFzYyIsImlkIjo3fQ";
        assert_eq!(cursor_after(7), official);
        assert_eq!(id_in(official), Some(7));
        for id in [0, 10, 100, 1_000, 10_000, 100_000] {
            assert_eq!(id_in(&cursor_after(id)), Some(id));
        }
        let tampered = official.replace('N', "O");
        assert_eq!(id_in(&tampered), None);
    }
}
