//! What Pipedrive's webhooks report of users: bodies of both versions become one form, and what is not complete is refused.

use crate::schema::MAX_SAFE_INTEGER;
use crate::text::Text;
use crate::transport::JsonRef;

/// What a webhook reports of one user.
#[derive(Clone, Debug)]
pub(crate) struct News<J> {
    /// The user.
    pub(crate) id: u64,
    /// The company.
    pub(crate) company_id: u64,
    /// When it happened, in milliseconds since 1970, by Pipedrive's clock.
    pub(crate) at: f64,
    /// Whether the user was deleted.
    pub(crate) is_deleted: bool,
    /// The members that it carries, in the form of the user's record.
    pub(crate) members: Vec<(&'static str, J)>,
}

/// What a member has to be.
#[derive(Clone, Copy)]
enum Form {
    Text,
    TextOrNull,
    /// One of the far future would hide all that comes after it.
    TimeOrNull,
    Flag,
}

/// The members that a webhook has in the form of the record. `lang` is another thing there, and `access` is null.
const CARRIED: [(&str, Form); 11] = [
    ("name", Form::Text),
    ("email", Form::Text),
    ("default_currency", Form::Text),
    ("locale", Form::Text),
    ("timezone_name", Form::Text),
    ("created", Form::Text),
    ("phone", Form::TextOrNull),
    ("last_login", Form::TextOrNull),
    ("modified", Form::TimeOrNull),
    ("icon_url", Form::TextOrNull),
    ("active_flag", Form::Flag),
];

/// Reads the body of a webhook. Nothing if it is not about a user, or not what Pipedrive sends.
pub(crate) fn read<J: JsonRef>(body: &J) -> Option<News<J>> {
    let meta = body.get("meta")?;
    let version = meta.text_at(&["version"]);
    let is_v2 = version.is_some_and(|version| version.is("2.0"));
    let is_v1 =
        body.get("v").or_else(|| meta.get("v")).is_some_and(|version| version.as_number() == Some(1.0));
    let (entity, id, current) = match (is_v2, is_v1) {
        (true, _) => ("entity", "entity_id", "data"),
        (_, true) => ("object", "id", "current"),
        _ => return None,
    };
    let id = whole(&meta.get(id)?)?;
    let company_id = whole(&meta.get("company_id")?)?;
    let at = time(&meta.get("timestamp")?)?;
    let action = meta.text_at(&["action"])?;
    let is_deleted = action.matches("^deleted?$");
    let is_known = action.matches("^(create|change|added|updated)$");
    if !meta.text_at(&[entity])?.is("user") || !(is_deleted || is_known) {
        return None;
    }
    // The last state comes as `previous` where there is no other.
    let state = [current, "previous"].iter().find_map(|name| object(body.get(name)?));
    let mut members = Vec::new();
    if let Some(state) = &state {
        if state.get("id").is_some_and(|of_state| whole(&of_state) != Some(id)) {
            return None;
        }
        for (name, form) in CARRIED {
            if let Some(value) = state.get(name).filter(|value| fits(value, form)) {
                members.push((name, value));
            }
        }
    }
    // A change that changes nothing is none.
    (is_deleted || object(body.get(current)?).is_some() && !members.is_empty()).then_some(News {
        id,
        company_id,
        at,
        is_deleted,
        members,
    })
}

/// Version 1 has lists of one.
fn object<J: JsonRef>(value: J) -> Option<J> {
    let value = if value.is_list() { value.values().next()? } else { value };
    value.is_object().then_some(value)
}

fn fits<J: JsonRef>(value: &J, form: Form) -> bool {
    let text = || value.as_text().is_some();
    match form {
        Form::Text => text(),
        Form::TextOrNull => value.is_null() || text(),
        Form::TimeOrNull => value.is_null() || text() && time(value).is_some(),
        Form::Flag => value.as_bool().is_some(),
    }
}

/// A positive whole number, which may come as its digits.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // It is checked before.
fn whole<J: JsonRef>(value: &J) -> Option<u64> {
    let number = value.as_number().or_else(|| digits(&value.as_text()?))?;
    (number > 0.0 && number <= MAX_SAFE_INTEGER as f64 && number.fract() == 0.0).then_some(number as u64)
}

fn digits<T: Text>(text: &T) -> Option<f64> {
    text.matches("^[0-9]{1,16}$").then(|| text.to_number())
}

/// A time in milliseconds since 1970: seconds, milliseconds, RFC 3339, or what records have.
fn time<J: JsonRef>(value: &J) -> Option<f64> {
    /// No time in seconds is as great, and none in milliseconds as small.
    const LEAST_MS: f64 = 1e11;
    /// The year 2100: what is later is in other units, and would hide all that comes after it.
    const GREATEST_MS: f64 = 4_102_444_800_000.0;
    let text = value.as_text();
    let number = value.as_number().or_else(|| digits(text.as_ref()?));
    let time = match (number, text) {
        (Some(number), _) if number >= LEAST_MS => Some(number),
        (Some(number), _) if number > 0.0 => Some(number * 1_000.0),
        (_, Some(text)) => parse_time(&text),
        _ => None,
    };
    time.filter(|time| *time < GREATEST_MS)
}

/// The time that `2026-11-01T10:00:00.123Z` or `2026-11-01 10:00:00` is, in milliseconds since 1970.
pub(crate) fn parse_time<T: Text>(text: &T) -> Option<f64> {
    const FORM: &str = "^[0-9]{4}-[0-1][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-6][0-9]([.][0-9]{1,9})?(Z|[+-][0-2][0-9]:[0-5][0-9])?$";
    const ZONE: &str = "[+-][0-2][0-9]:[0-5][0-9]$";
    if !text.matches(FORM) {
        return None;
    }
    let part = |start, end| text.slice(start, end).to_number();
    let (year, month, day) = (part(0, 4), part(5, 7), part(8, 10));
    if !(1.0..=12.0).contains(&month) || day < 1.0 {
        return None;
    }
    // Years are counted from March, which puts the leap day last.
    let is_before_march = f64::from(u8::from(month < 3.0));
    let (year, from_march) = (year - is_before_march, month - 3.0 + 12.0 * is_before_march);
    let days = 365.0 * year + (year / 4.0).floor() - (year / 100.0).floor()
        + (year / 400.0).floor()
        + ((153.0 * from_march + 2.0) / 5.0).floor()
        + day
        - 719_469.0;
    let mut minutes = part(11, 13) * 60.0 + part(14, 16);
    let mut end = text.len();
    // The form of the record ends with a day of 8 characters, which is no zone.
    if end > 19 && text.matches(ZONE) {
        end -= 6;
        let zone = part(end + 1, end + 3) * 60.0 + part(end + 4, end + 6);
        minutes += if text.slice(end, end + 1).is("-") { zone } else { -zone };
    } else if text.matches("Z$") {
        end -= 1;
    }
    let seconds = part(17, end);
    Some(((days * 1_440.0 + minutes) * 60_000.0 + seconds * 1_000.0).round())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn v2() -> Value {
        json!({
            "data": {
                "id": "7", "name": "Ann", "email": "ann@mi6.example", "phone": null, "lang": "en-US",
                "active_flag": false, "last_login": null, "access": null, "icon_url": 3,
                "modified": "2026-11-01 10:00:00",
            },
            "previous": { "active_flag": true },
            "meta": {
                "action": "change", "entity": "user", "entity_id": "7", "id": "7", "company_id": "70001",
                "timestamp": "2026-11-01T10:00:00.123Z", "version": "2.0", "attempt": 1,
            },
        })
    }

    fn names(news: &News<Value>) -> Vec<&'static str> {
        news.members.iter().map(|(name, _)| *name).collect()
    }

    #[test]
    fn both_versions_are_read() {
        let news = read(&v2()).expect("a change");
        assert_eq!((news.id, news.company_id, news.is_deleted), (7, 70_001, false));
        assert!((news.at - 1_793_527_200_123.0).abs() < 0.5, "{}", news.at);
        assert_eq!(names(&news), ["name", "email", "phone", "last_login", "modified", "active_flag"]);
        let v1 = json!({
            "v": 1, "event": "updated.user",
            "meta": {
                "v": 1, "action": "updated", "object": "user", "id": 7, "company_id": 70001,
                "timestamp": 1_793_527_200,
            },
            "current": [{ "id": 7, "name": "Ann" }], "previous": [{ "id": 7, "name": "Anne" }],
        });
        let news = read(&v1).expect("a change");
        assert_eq!((news.id, news.at, names(&news)), (7, 1_793_527_200_000.0, vec!["name"]));
        assert_eq!(news.members[0].1, "Ann");
    }

    #[test]
    fn a_deletion_carries_the_last_state_or_nothing() {
        let mut body = v2();
        body["meta"]["action"] = "delete".into();
        body["data"] = Value::Null;
        assert!(read(&body).expect("a deletion").is_deleted);
        body["previous"] = Value::Null;
        let news = read(&body).expect("a deletion");
        assert!(news.is_deleted && news.members.is_empty());
    }

    #[test]
    fn what_is_not_complete_is_refused() {
        type Edit = fn(&mut Value);
        let edits: [Edit; 16] = [
            |body| *body = Value::Null,
            |body| *body = json!([1]),
            |body| body["meta"] = Value::Null,
            |body| body["meta"]["version"] = "3.0".into(),
            |body| body["meta"]["entity"] = "deal".into(),
            |body| body["meta"]["entity_id"] = "x7".into(),
            |body| body["meta"]["entity_id"] = (-7).into(),
            |body| body["meta"]["entity_id"] = 7.5.into(),
            |body| body["meta"]["entity_id"] = "8".into(),
            |body| body["meta"]["company_id"] = Value::Null,
            |body| body["meta"]["timestamp"] = "soon".into(),
            |body| body["meta"]["timestamp"] = (-1).into(),
            |body| body["meta"]["action"] = "merge".into(),
            |body| body["data"] = Value::Null,
            |body| body["data"] = json!({ "id": "7", "name": 7, "modified": "9999-12-31 23:59:59" }),
            |body| body["data"] = "text".into(),
        ];
        for (index, edit) in edits.iter().enumerate() {
            let mut body = v2();
            edit(&mut body);
            assert!(read(&body).is_none(), "{index}: {body}");
        }
    }

    #[test]
    fn times_come_in_several_forms() {
        for (value, ms) in [
            (json!(1_793_527_200), 1_793_527_200_000.0),
            (json!("1793527200"), 1_793_527_200_000.0),
            (json!(1_793_527_200_123_u64), 1_793_527_200_123.0),
            (json!("2026-11-01 10:00:00"), 1_793_527_200_000.0),
            (json!("2026-11-01T12:30:00.5+02:30"), 1_793_527_200_500.0),
            (json!("2026-11-01T05:00:00-05:00"), 1_793_527_200_000.0),
            (json!("1970-01-01T00:00:00Z"), 0.0),
            (json!("2024-02-29T00:00:00Z"), 1_709_164_800_000.0),
            (json!("2000-03-01T00:00:00Z"), 951_868_800_000.0),
        ] {
            assert_eq!(time(&value), Some(ms), "{value}");
        }
        for microseconds in [json!(1_793_527_200_123_456_u64), json!("1793527200123456"), json!(1e300)] {
            assert_eq!(time(&microseconds), None);
        }
        for bad in [
            "",
            "9999-12-31 23:59:59",
            "2026-13-01 10:00:00",
            "2026-00-01 10:00:00",
            "2026-11-00 10:00:00",
            "2026-11-01",
            "x",
        ] {
            assert_eq!(time(&json!(bad)), None, "{bad}");
        }
    }
}
