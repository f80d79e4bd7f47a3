//! What the body of an error says, whichever of its eight shapes it has.

use crate::error::Code;
use crate::transport::Json;

/// What a server says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) text: Option<String>,
    /// Where it says more than where the documentation is.
    pub(crate) detail: Option<String>,
    pub(crate) code: Option<Code>,
}

/// What decisions need to know of what a server says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hints {
    /// It says something, in JSON.
    pub(crate) is_json: bool,
    /// It speaks of the day's limit.
    pub(crate) is_daily: bool,
    /// It speaks of a scope.
    pub(crate) is_scope: bool,
}

impl Said {
    pub(crate) fn of<J: Json>(json: &J) -> Self {
        let text_at = |name| json.get(name).and_then(|value| value.as_text());
        let error = json.get("error");
        let inside =
            |name| error.as_ref().and_then(|error| error.get(name)).and_then(|value| value.as_text());
        Self {
            text: text_at("error")
                .or_else(|| inside("message"))
                .or_else(|| text_at("message"))
                .or_else(|| json.get("errors").and_then(|errors| first_text(&errors))),
            detail: text_at("error_info")
                .filter(|info| !info.starts_with("Please check developers.pipedrive.com")),
            code: ["code", "errorCode", "statusCode"]
                .into_iter()
                .filter_map(|name| json.get(name))
                .find_map(|code| {
                    code.as_text().map(Code::Text).or_else(|| code.as_number().map(Code::Number))
                })
                .or_else(|| inside("code").map(Code::Text)),
        }
    }

    pub(crate) fn hints(&self) -> Hints {
        let text = self.text.as_deref().unwrap_or_default();
        Hints {
            is_json: true,
            is_daily: text.to_ascii_lowercase().contains("daily"),
            is_scope: text.contains("Scope"),
        }
    }
}

/// The first text in a value, however deep: `errors` is an object of lists.
fn first_text<J: Json>(value: &J) -> Option<String> {
    value.as_text().or_else(|| value.values().iter().find_map(first_text))
}

/// A server's text as a part of a line: no line breaks, no end, and not the whole of a page.
pub(crate) fn one_line(text: &str) -> String {
    let line: String = text.trim().chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim_end_matches('.').to_owned()
}
