//! Pagination: by offset in v1, by cursor in v2.

use serde::Serialize;

use super::{input::Query, responses::ApiError};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 500;

/// `additional_data` of a v1 page.
#[derive(Debug, Serialize)]
pub(super) struct OffsetPage {
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

/// Returns the page selected by `start` and `limit`. A limit above the maximum is reduced to it, as v1 does.
pub(super) fn by_offset<T>(items: Vec<T>, query: Query) -> Result<(Vec<T>, OffsetPage), ApiError> {
    let start = parse_number(query, "start", 0)?.unwrap_or_default();
    let limit = parse_number(query, "limit", 1)?.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let end = start.saturating_add(limit);
    let more = end < items.len();
    let pagination =
        Pagination { start, limit, more_items_in_collection: more, next_start: more.then_some(end) };
    Ok((items.into_iter().skip(start).take(limit).collect(), OffsetPage { pagination }))
}

fn parse_number(query: Query, name: &str, min: usize) -> Result<Option<usize>, ApiError> {
    match query.get(name).map(|text| text.parse::<usize>()) {
        None => Ok(None),
        Some(Ok(number)) if number >= min => Ok(Some(number)),
        Some(Ok(_)) => Err(ApiError::Invalid(format!(r#""{name}" must be larger than or equal to {min}"#))),
        Some(Err(_)) => Err(ApiError::Invalid(format!(r#""{name}" must be a number"#))),
    }
}

/// `additional_data` of a v2 page. The last page has no cursor.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct CursorPage {
    next_cursor: Option<String>,
}

/// The pagination parameters of a v2 request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CursorParams {
    /// The last id of the previous page; 0 for the first page.
    pub(super) after: u64,
    limit: usize,
}

impl CursorParams {
    pub(super) fn parse(query: Query) -> Result<Self, ApiError> {
        let invalid = |text: &str| ApiError::InvalidV2(["querystring/", text].concat());
        let limit = match query.get("limit").map(|text| text.parse::<i64>()) {
            None => DEFAULT_LIMIT,
            Some(Err(_)) => return Err(invalid("limit must be integer")),
            Some(Ok(..1)) => return Err(invalid("limit must be >= 1")),
            Some(Ok(limit)) => usize::try_from(limit)
                .ok()
                .filter(|limit| *limit <= MAX_LIMIT)
                .ok_or_else(|| invalid("limit must be <= 500"))?,
        };
        let after = match query.get("cursor") {
            None => 0,
            Some(cursor) => decode_cursor(&cursor).ok_or_else(|| invalid("cursor is invalid"))?,
        };
        Ok(Self { after, limit })
    }

    /// Takes one page of the ids that follow the previous page.
    pub(super) fn take_page(&self, ids: impl Iterator<Item = u64>) -> (Vec<u64>, CursorPage) {
        let mut page: Vec<u64> = ids.take(self.limit + 1).collect();
        let more = page.len() > self.limit;
        page.truncate(self.limit);
        let next_cursor = page.last().filter(|_| more).map(|id| encode_cursor(*id));
        (page, CursorPage { next_cursor })
    }
}

/// Returns a cursor in Pipedrive's format: a JSON object in base64url without padding.
fn encode_cursor(id: u64) -> String {
    let json = format!(r#"{{"field":"id","fieldValue":{id},"sortDirection":"asc","id":{id}}}"#);
    let mut cursor = String::new();
    for chunk in json.as_bytes().chunks(3) {
        let bits = (0..3)
            .fold(0_u32, |bits, index| bits << 8 | u32::from(chunk.get(index).copied().unwrap_or_default()));
        for index in 0..=chunk.len() {
            let six = bits >> (18 - 6 * index) & 63;
            cursor.extend(ALPHABET.get(six as usize).copied().map(char::from));
        }
    }
    cursor
}

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Returns the id in a cursor, or `None` if [`encode_cursor`] did not make it.
fn decode_cursor(cursor: &str) -> Option<u64> {
    let mut json = Vec::new();
    let (mut bits, mut bit_count) = (0_u32, 0);
    for byte in cursor.bytes() {
        let six = ALPHABET.iter().position(|letter| *letter == byte)?;
        bits = (bits << 6 | u32::try_from(six).ok()?) & 0xffff;
        bit_count += 6;
        if bit_count >= 8 {
            bit_count -= 8;
            json.push(u8::try_from(bits >> bit_count & 0xff).ok()?);
        }
    }
    let json = String::from_utf8(json).ok()?;
    let id = json.rsplit_once(':')?.1.strip_suffix('}')?.parse().ok()?;
    (encode_cursor(id) == cursor).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(query: &str) -> (Vec<u8>, String) {
        let (page, more) = by_offset(vec![1, 2, 3, 4, 5], Query::new(query)).expect("valid");
        (page, serde_json::to_string(&more).expect("JSON"))
    }

    #[test]
    fn v1_pages_report_the_start_of_the_next_page() {
        let last = |start, limit, more| {
            format!(
                r#"{{"pagination":{{"start":{start},"limit":{limit},"more_items_in_collection":{more}}}}}"#
            )
        };
        let more = |start, limit, next| {
            last(start, limit, true).replace("}}", &format!(r#","next_start":{next}}}}}"#))
        };
        assert_eq!(offset(""), (vec![1, 2, 3, 4, 5], last(0, 100, false)));
        assert_eq!(offset("limit=2"), (vec![1, 2], more(0, 2, 2)));
        assert_eq!(offset("start=2&limit=2"), (vec![3, 4], more(2, 2, 4)));
        assert_eq!(offset("start=4&limit=2"), (vec![5], last(4, 2, false)));
        assert_eq!(offset("start=3&limit=2"), (vec![4, 5], last(3, 2, false)));
        assert_eq!(offset("start=9&limit=900"), (vec![], last(9, 500, false)));
        for (query, text) in [
            ("start=-1", r#""start" must be a number"#),
            ("limit=x", r#""limit" must be a number"#),
            ("limit=0", r#""limit" must be larger than or equal to 1"#),
        ] {
            let error = by_offset(vec![1], Query::new(query)).expect_err("invalid");
            assert_eq!(error, ApiError::Invalid(text.to_owned()));
        }
    }

    #[test]
    fn v2_last_page_has_no_cursor() {
        let first = CursorParams::parse(Query::new("limit=2")).expect("valid");
        let (page, cursor) = first.take_page(1..=3);
        assert_eq!(page, [1, 2]);
        let cursor = cursor.next_cursor.expect("there is more");
        let second = CursorParams::parse(Query::new(&format!("limit=2&cursor={cursor}"))).expect("valid");
        assert_eq!(second, CursorParams { after: 2, limit: 2 });
        assert_eq!(second.take_page(3..=4), (vec![3, 4], CursorPage { next_cursor: None }));
        assert_eq!(second.take_page(3..3), (vec![], CursorPage { next_cursor: None }));
    }

    #[test]
    fn v2_refuses_invalid_parameters() {
        let table = [
            ("limit=0", "querystring/limit must be >= 1"),
            ("limit=501", "querystring/limit must be <= 500"),
            ("limit=1.5", "querystring/limit must be integer"),
            ("cursor=", "querystring/cursor is invalid"),
            ("cursor=abc", "querystring/cursor is invalid"),
        ];
        for (query, text) in table {
            assert_eq!(CursorParams::parse(Query::new(query)), Err(ApiError::InvalidV2(text.to_owned())));
        }
        assert_eq!(CursorParams::parse(Query::new("")), Ok(CursorParams { after: 0, limit: 100 }));
    }

    #[test]
    fn cursors_have_pipedrives_format_and_others_are_refused() {
        let official = "eyJmaWVsZCI6ImlkIiwiZmllbGRWYWx1ZSI6Nywic29ydERpcmVjdGlvbiI6ImFzYyIsImlkIjo3fQ";
        assert_eq!(encode_cursor(7), official);
        assert_eq!(decode_cursor(official), Some(7));
        for id in [0, 10, 100, 1_000, 10_000, 100_000] {
            assert_eq!(decode_cursor(&encode_cursor(id)), Some(id));
        }
        let tampered = official.replace('N', "O");
        assert_eq!(decode_cursor(&tampered), None);
    }
}
