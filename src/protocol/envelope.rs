//! Pipedrive's envelope of a good response.

use crate::error::{ErrorInfo, Failure, Kind, Placeholder};
use crate::schema::ResponseKind;
use crate::text::Text;
use crate::transport::{Headers, JsonRef};

/// A complete body that is not what was asked for.
#[inline(never)]
pub(crate) fn undecodable(template: &'static str) -> Box<Failure> {
    Failure::new(ErrorInfo::new(Kind::Decode), template, Placeholder::None)
}

/// The `data` of a response with a good status, an empty list where that of a list is null; or the failure that the response
/// means. `json` is its body, if that is JSON.
pub(crate) fn read_envelope<J: JsonRef>(
    kind: ResponseKind,
    status: u16,
    json: Option<&J>,
) -> Result<J, Box<Failure>> {
    let Some(json) = json.filter(|json| json.is_object()) else {
        return Err(undecodable(
            "the body is not a JSON object: Pipedrive did not send it, or a proxy changed it. See error.body.",
        ));
    };
    match json.get("success").and_then(|success| success.as_bool()) {
        Some(true) => {}
        Some(false) => {
            let info = ErrorInfo { status: Some(status), ..ErrorInfo::new(Kind::Api) };
            return Err(Failure::new(info, "success: false with status {}", Placeholder::Response));
        }
        None => {
            return Err(undecodable(
                "the body has no \"success\": Pipedrive did not send it, or a proxy changed it. See error.body.",
            ));
        }
    }
    let data = json.get("data").filter(|data| !(kind.is_list() && data.is_null()));
    let data = data.unwrap_or_else(J::empty_list);
    if kind.is_list() && !data.is_list() {
        return Err(undecodable(
            "\"data\" is not a list: Pipedrive did not send it, or a proxy changed it. See error.body.",
        ));
    }
    if !kind.is_list() && !data.is_object() {
        return Err(undecodable(
            "\"data\" is not an object: Pipedrive did not send it, or a proxy changed it. See error.body.",
        ));
    }
    Ok(data)
}

/// Pipedrive's announcement that the operation will be removed: in the body, or in a header.
pub(crate) fn deprecation<J: JsonRef, H: Headers<Text = J::Text>>(
    json: Option<&J>,
    headers: &H,
) -> Option<J::Text> {
    let warning = json.and_then(|json| json.get("deprecation_warning"));
    let header = |name| headers.get(name).filter(|value| !value.is_empty());
    warning
        .and_then(|warning| warning.text_at(&[]).or_else(|| warning.text_at(&["#"])))
        .or_else(|| header("sunset").map(|date| J::Text::new("it ends ").concat(&date)))
        .or_else(|| header("deprecation").map(|_| J::Text::new("it is deprecated")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::transport::HeaderList;

    fn read(kind: ResponseKind, body: &Value) -> Result<Value, Kind> {
        read_envelope(kind, 200, Some(body)).map_err(|failure| failure.info.kind)
    }

    #[test]
    fn data_of_another_kind_is_no_data() {
        let with = |data: Value| json!({ "success": true, "data": data });
        for list in [ResponseKind::List, ResponseKind::CursorPage, ResponseKind::OffsetPage] {
            assert_eq!(read(list, &with(json!([1]))), Ok(json!([1])));
            assert_eq!(read(list, &with(json!(null))), Ok(json!([])));
            assert_eq!(read(list, &json!({ "success": true })), Ok(json!([])));
            for wrong in [json!({}), json!("a"), json!(1), json!(true)] {
                assert_eq!(read(list, &with(wrong.clone())), Err(Kind::Decode), "{wrong}");
            }
        }
        assert_eq!(read(ResponseKind::Object, &with(json!({ "id": 1 }))), Ok(json!({ "id": 1 })));
        for wrong in [json!([]), json!(null), json!("a"), json!(1)] {
            assert_eq!(read(ResponseKind::Object, &with(wrong.clone())), Err(Kind::Decode), "{wrong}");
        }
        assert_eq!(read(ResponseKind::Object, &json!({ "success": true })), Err(Kind::Decode));
    }

    #[test]
    fn what_is_no_envelope_is_not_read() {
        for body in [
            json!(null),
            json!([]),
            json!("a"),
            json!({ "data": {} }),
            json!({ "success": "true", "data": {} }),
        ] {
            assert_eq!(read(ResponseKind::Object, &body), Err(Kind::Decode), "{body}");
        }
        assert_eq!(read(ResponseKind::Object, &json!({ "success": false })), Err(Kind::Api));
        assert_eq!(
            read_envelope::<Value>(ResponseKind::List, 200, None).map(|_| ()).map_err(|f| f.info.kind),
            Err(Kind::Decode)
        );
    }

    #[test]
    fn an_announced_end_is_found_in_body_and_headers() {
        let body = json!({ "success": true, "data": {}, "deprecation_warning": { "#": "in the body" } });
        let headers = |name: &str, value: &str| HeaderList(vec![(name.to_owned(), value.to_owned())]);
        let sunset = headers("sunset", "Sat, 01 Jan 2028 00:00:00 GMT");
        assert_eq!(deprecation(Some(&body), &sunset).as_deref(), Some("in the body"));
        assert_eq!(
            deprecation::<Value, _>(None, &sunset).as_deref(),
            Some("it ends Sat, 01 Jan 2028 00:00:00 GMT")
        );
        assert_eq!(
            deprecation::<Value, _>(None, &headers("deprecation", "true")).as_deref(),
            Some("it is deprecated")
        );
        assert_eq!(deprecation::<Value, _>(None, &headers("sunset", "")), None);
    }
}
