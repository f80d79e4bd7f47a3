//! Which operation a request is for: the routes are those of [`ENDPOINTS`].

use super::input::Query;
use crate::api::ENDPOINTS;
use crate::endpoint::Endpoint;

/// A request that an operation answers.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) endpoint: &'static Endpoint,
    /// What stands in the place of `{id}`, not yet checked.
    pub(super) id: &'a str,
    pub(super) query: Query<'a>,
}

/// The call that a method and a target, with or without the host, stand for.
pub(super) fn route<'a>(method: &str, target: &'a str) -> Option<Call<'a>> {
    let target = target
        .split_once("://")
        .map_or(target, |(_, rest)| rest.find('/').map_or("", |at| rest.split_at(at).1));
    let target = target.split('#').next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    // v1 answers under both of its prefixes; v2 has one.
    let path = path.strip_prefix("/api").filter(|rest| rest.starts_with("/v1/")).unwrap_or(path);
    // The path that names no id is the better match: `/v1/users/me` is no user's record.
    ENDPOINTS
        .iter()
        .filter(|endpoint| endpoint.method.as_str() == method)
        .filter_map(|endpoint| {
            Some(Call { endpoint, id: id_in(endpoint.path, path)?, query: Query::new(query) })
        })
        .min_by_key(|call| call.endpoint.path.contains('{'))
}

/// What stands in the place of the template's `{id}`, or nothing where it has none; `None` if they do not match.
fn id_in<'a>(template: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = template.split_once("{id}") else {
        return (template == path).then_some("");
    };
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, target: &str) -> Option<(&'static str, String)> {
        route(method, target).map(|call| (call.endpoint.operation, call.id.to_owned()))
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
    fn prefixes_and_hosts() {
        let get_user = Some(("getUser", "3".to_owned()));
        assert_eq!(found("GET", "/api/v1/users/3"), get_user);
        assert_eq!(found("GET", "https://casinoroyale.pipedrive.com/api/v1/users/3?x=1#y"), get_user);
        assert_eq!(found("GET", "/api/v2/users/3"), None);
        assert_eq!(found("GET", "/v1/users/3/followers"), None);
        assert_eq!(found("GET", "/v2/users/3/followers"), None);
        assert_eq!(found("GET", "/api/api/v1/users/3"), None);
        assert_eq!(found("GET", "https://api.pipedrive.com"), None);
    }

    #[test]
    fn only_declared_methods_and_whole_paths() {
        assert_eq!(found("DELETE", "/v1/users/3"), None);
        assert_eq!(found("GET", "/v1/users/"), None);
        assert_eq!(found("GET", "/v1/users/3/"), None);
        assert_eq!(found("GET", "/v1/users/3/permissions/4"), None);
        assert_eq!(found("GET", "/v1/users/permissions"), Some(("getUser", "permissions".to_owned())));
    }
}
