//! What the body of an error response contains, whichever of its eight forms it has.

use crate::error::Code;
use crate::text::{Text, contains_ignoring_case};
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

/// The hints of a parsed body, of which nothing is known where it is not a JSON object.
pub(crate) fn hints<J: JsonRef>(json: Option<&J>) -> ErrorHints {
    let text = json.and_then(error_text);
    let mentions = |word| text.as_ref().is_some_and(|text| contains_ignoring_case(text, word));
    ErrorHints {
        is_json: json.is_some_and(JsonRef::is_object),
        is_daily: mentions("daily"),
        is_scope: mentions("scope"),
    }
}

/// What the server says went wrong.
#[inline(never)]
pub(crate) fn error_text<J: JsonRef>(json: &J) -> Option<J::Text> {
    let paths: [&[_]; 3] = [&["error"], &["error", "message"], &["message"]];
    let text = paths.iter().find_map(|path| json.text_at(path));
    text.or_else(|| first_text(&json.get("errors")?, MAX_DEPTH))
}

/// What it says besides, unless that only links to the documentation.
pub(crate) fn error_detail<J: JsonRef>(json: &J) -> Option<J::Text> {
    json.text_at(&["error_info"]).filter(|info| !info.matches("^Please check developers[.]pipedrive[.]com"))
}

/// Its own code of the error.
pub(crate) fn error_code<J: JsonRef>(json: &J) -> Option<Code<J::Text>> {
    let code = ["code", "errorCode", "statusCode"].iter().find_map(|name| {
        let code = json.get(name)?;
        code.as_text().map(Code::Text).or_else(|| code.as_number().map(Code::Number))
    });
    code.or_else(|| json.text_at(&["error", "code"]).map(Code::Text))
}

/// How deep `errors` is searched.
const MAX_DEPTH: u32 = 8;

/// The first text in a value: `errors` is an object of lists.
fn first_text<J: JsonRef>(value: &J, depth: u32) -> Option<J::Text> {
    let text = value.as_text();
    if text.is_some() || depth == 0 {
        return text;
    }
    value.values().find_map(|inner| first_text(&inner, depth - 1))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_text_is_found_in_every_form() {
        for body in [
            json!({ "error": "text" }),
            json!({ "error": { "message": "text" }, "message": "other" }),
            json!({ "message": "text" }),
            json!({ "error": "", "message": "text" }),
            json!({ "error": { "message": "" }, "message": "text" }),
            json!({ "errors": { "email": ["text", "other"] } }),
            json!({ "errors": [{ "detail": [["text"]] }] }),
            json!({ "error": "text", "message": "other", "errors": ["other"] }),
        ] {
            assert_eq!(error_text(&body).as_deref(), Some("text"), "{body}");
        }
        assert_eq!(error_text(&json!({ "success": false })), None);
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
            assert_eq!(error_code(&body), code, "{body}");
        }
    }

    #[test]
    fn a_link_to_the_documentation_is_no_detail() {
        let link = "Please check developers.pipedrive.com for more information about Pipedrive API.";
        assert_eq!(error_detail(&json!({ "error_info": link })), None);
        assert_eq!(error_detail(&json!({ "error_info": "" })), None);
        assert_eq!(error_detail(&json!({ "error_info": "more" })).as_deref(), Some("more"));
    }

    #[test]
    fn hints() {
        let hints = |body: &Value| super::hints(Some(body));
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
        assert_eq!(error_text(&json!({ "errors": body })), None);
    }
}
