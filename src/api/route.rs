//! Which operation a request is for.

use super::ENDPOINTS;
use crate::schema::Endpoint;
use crate::text::split_once;

/// The operation that a method and a path stand for, and what stands in the place of `{id}`, not yet checked.
pub(crate) fn route<'a>(method: &str, path: &'a str) -> Option<(&'static Endpoint, &'a str)> {
    let path = without_prefix(path);
    let mut found = None;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.method.as_str() == method) {
        match id_in(endpoint.path, path) {
            // The path that names no id is the better match: `/v1/users/me` is no user's record.
            Some("") => return Some((endpoint, "")),
            Some(id) => found = Some((*endpoint, id)),
            None => {}
        }
    }
    found
}

/// Whether an operation has this path, with any method.
#[cfg(feature = "server")]
pub(crate) fn is_path(path: &str) -> bool {
    let path = without_prefix(path);
    ENDPOINTS.iter().any(|endpoint| id_in(endpoint.path, path).is_some())
}

/// v1 responds under both of its prefixes; v2 has one.
fn without_prefix(path: &str) -> &str {
    path.strip_prefix("/api").filter(|rest| rest.starts_with("/v1/")).unwrap_or(path)
}

/// What stands in the place of the template's `{id}`, or nothing where it has none; `None` if they do not match.
fn id_in<'a>(template: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = split_once(template, b'{') else {
        return (template == path).then_some("");
    };
    let id = path.strip_prefix(before)?.strip_suffix(after.strip_prefix("id}")?)?;
    (!id.is_empty() && id.bytes().all(|byte| byte != b'/')).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, path: &str) -> Option<(&'static str, String)> {
        route(method, path).map(|(endpoint, id)| (endpoint.operation, id.to_owned()))
    }

    #[test]
    fn every_operation_has_a_route() {
        for endpoint in ENDPOINTS {
            let id = if endpoint.path.contains('{') { "12" } else { "" };
            let path = endpoint.path.replace("{id}", "12");
            assert_eq!(found(endpoint.method.as_str(), &path), Some((endpoint.operation, id.to_owned())));
        }
    }

    #[test]
    fn prefixes() {
        assert_eq!(found("GET", "/api/v1/users/3"), Some(("getUser", "3".to_owned())));
        assert_eq!(found("GET", "/api/v2/users/3"), None);
        assert_eq!(found("GET", "/v1/users/3/followers"), None);
        assert_eq!(found("GET", "/v2/users/3/followers"), None);
        assert_eq!(found("GET", "/api/api/v1/users/3"), None);
    }

    #[test]
    fn only_declared_methods_and_whole_paths() {
        assert_eq!(found("PATCH", "/v1/users/3"), None);
        assert_eq!(found("GET", "/v1/users/"), None);
        assert_eq!(found("GET", "/v1/users/3/"), None);
        assert_eq!(found("GET", "/v1/users/3/permissions/4"), None);
        assert_eq!(found("GET", "/v1/users/permissions"), Some(("getUser", "permissions".to_owned())));
    }
}
