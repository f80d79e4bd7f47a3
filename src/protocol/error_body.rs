//! What the body of an error response contains, whichever of its eight forms it has.

use crate::error::{Code, ErrorBody};
use crate::text::{Text, contains_ignoring_case, starts_with};
use crate::transport::JsonRef;

/// What decisions need to know of an error body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ErrorHints {
    /// It is a JSON object.
    pub(crate) is_json: bool,
    /// It mentions the daily limit.
    pub(crate) is_daily: bool,
    /// It mentions a scope.
    pub(crate) is_scope: bool,
}

/// The hints of a body, of which nothing is known where it is no JSON object.
pub(crate) fn hints<T: Text>(body: Option<&ErrorBody<T>>) -> ErrorHints {
    let mentions = |word| {
        let text = body.and_then(|body| body.text.as_ref());
        text.is_some_and(|text| contains_ignoring_case(text, word))
    };
    ErrorHints { is_json: body.is_some(), is_daily: mentions("daily"), is_scope: mentions("scope") }
}

/// Reads a parsed body; nothing of one that is no object.
pub(crate) fn read_error_body<J: JsonRef>(json: Option<&J>) -> Option<ErrorBody<J::Text>> {
    let json = json.filter(|json| json.is_object())?;
    let text_at = |name| json.get(name).and_then(|value| value.as_text());
    let error = json.get("error");
    let inner = |name| error.as_ref().and_then(|error| error.get(name)).and_then(|value| value.as_text());
    let code_at = |name| {
        let code = json.get(name)?;
        code.as_text().map(Code::Text).or_else(|| code.as_number().map(Code::Number))
    };
    Some(ErrorBody {
        text: text_at("error")
            .or_else(|| inner("message"))
            .or_else(|| text_at("message"))
            .or_else(|| json.get("errors").and_then(|errors| first_text(&errors, MAX_DEPTH))),
        detail: text_at("error_info")
            .filter(|info| !starts_with(info, "Please check developers.pipedrive.com")),
        code: code_at("code")
            .or_else(|| code_at("errorCode"))
            .or_else(|| code_at("statusCode"))
            .or_else(|| inner("code").map(Code::Text)),
    })
}

/// How deep `errors` is searched.
const MAX_DEPTH: u32 = 8;

/// The first text in a value: `errors` is an object of lists.
fn first_text<J: JsonRef>(value: &J, depth: u32) -> Option<J::Text> {
    let text = value.as_text();
    if text.is_some() || depth == 0 {
        return text;
    }
    value.values().iter().find_map(|inner| first_text(inner, depth - 1))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value) -> ErrorBody<String> {
        read_error_body(Some(body)).expect("an object")
    }

    #[test]
    fn the_text_is_found_in_every_form() {
        for body in [
            json!({ "error": "text" }),
            json!({ "error": { "message": "text" }, "message": "other" }),
            json!({ "message": "text" }),
            json!({ "errors": { "email": ["text", "other"] } }),
            json!({ "errors": [{ "detail": [["text"]] }] }),
            json!({ "error": "text", "message": "other", "errors": ["other"] }),
        ] {
            assert_eq!(read(&body).text.as_deref(), Some("text"), "{body}");
        }
        assert_eq!(read(&json!({ "success": false })).text, None);
    }

    #[test]
    fn the_code_is_found_in_every_form() {
        let table = [
            (json!({ "code": 1, "errorCode": 2 }), Some(Code::Number(1.0))),
            (json!({ "errorCode": "e", "statusCode": 3 }), Some(Code::Text("e".into()))),
            (json!({ "statusCode": 403 }), Some(Code::Number(403.0))),
            (json!({ "error": { "code": "inner" } }), Some(Code::Text("inner".into()))),
            (json!({ "code": null }), None),
        ];
        for (body, code) in table {
            assert_eq!(read(&body).code, code, "{body}");
        }
    }

    #[test]
    fn a_link_to_the_documentation_is_no_detail() {
        let link = "Please check developers.pipedrive.com for more information about Pipedrive API.";
        assert_eq!(read(&json!({ "error_info": link })).detail, None);
        assert_eq!(read(&json!({ "error_info": "more" })).detail.as_deref(), Some("more"));
    }

    #[test]
    fn hints() {
        let hints = |body: &Value| super::hints(read_error_body(Some(body)).as_ref());
        assert!(hints(&json!({ "error": "Daily request budget exceeded" })).is_daily);
        assert!(hints(&json!({ "error": "Scope and URL mismatch" })).is_scope);
        assert_eq!(hints(&json!(["daily"])), ErrorHints::default());
        assert_eq!(hints(&json!({})), ErrorHints { is_json: true, ..ErrorHints::default() });
    }

    #[test]
    fn nested_lists_are_searched_to_a_depth() {
        let mut body = json!("deep");
        for _ in 0..60 {
            body = json!([body]);
        }
        assert_eq!(read(&json!({ "errors": body })).text, None);
    }
}
