//! Maps requests to operations, with the routes of [`crate::api`].

use super::input::Query;
use crate::api;
use crate::schema::{Endpoint, Method, ResponseKind, Scope};

/// The older form of `getUserFollowers`, which other clients still call: all ids at once.
pub(super) static FOLLOWERS_V1: Endpoint = Endpoint {
    operation: "getUserFollowersV1",
    method: Method::Get,
    path: "/v1/users/{id}/followers",
    cost: 20,
    scope: Scope::UsersRead,
    params: &[],
    response: ResponseKind::List,
};

/// A request that matches an operation.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) endpoint: &'static Endpoint,
    /// The path segment at `{id}`, not validated yet.
    pub(super) id: &'a str,
    pub(super) query: Query<'a>,
}

/// Finds the operation of a method and a request target, which is a path or an absolute URL.
pub(super) fn route<'a>(method: &str, target: &'a str) -> Option<Call<'a>> {
    let (_, path, query) = split_target(target);
    let found = api::route(method, path).or_else(|| Some((&FOLLOWERS_V1, followed_v1(method, path)?)));
    found.map(|(endpoint, id)| Call { endpoint, id, query: Query::new(query) })
}

/// Returns the id in the path of [`FOLLOWERS_V1`].
fn followed_v1<'a>(method: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix("/api").unwrap_or(path).strip_prefix("/v1/users/")?;
    let id = rest.strip_suffix("/followers").filter(|id| !id.is_empty() && !id.contains('/'))?;
    (method == FOLLOWERS_V1.method.as_str()).then_some(id)
}

/// Splits a request target into host (if present), path and query.
pub(super) fn split_target(target: &str) -> (Option<&str>, &str, &str) {
    let (host, rest) = match target.split_once("://").filter(|_| !target.starts_with('/')) {
        Some((_, rest)) => {
            let (host, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            (Some(host), rest)
        }
        None => (None, target),
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    (host, path, query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_fragment_are_ignored() {
        let found = |target| route("GET", target).map(|call| (call.endpoint.operation, call.id.to_owned()));
        let get_user = Some(("getUser", "3".to_owned()));
        assert_eq!(found("https://casinoroyale.pipedrive.com/api/v1/users/3?x=1#y"), get_user);
        assert_eq!(found("/v1/users/3"), get_user);
        assert_eq!(found("/v1/users/3?term=https://api.pipedrive.com/"), get_user);
        assert_eq!(found("https://api.pipedrive.com"), None);
        assert_eq!(found("/v1/users/3/followers"), Some(("getUserFollowersV1", "3".to_owned())));
        assert_eq!(found("/api/v1/users/3/followers"), Some(("getUserFollowersV1", "3".to_owned())));
        assert_eq!(found("/v1/users//followers"), None);
    }
}
