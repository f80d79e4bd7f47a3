//! Which operation a request is for: the routes are those of [`crate::api`].

use super::input::Query;
use crate::api;
use crate::schema::Endpoint;

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
    let (_, path, query) = parts(target);
    api::route(method, path).map(|(endpoint, id)| Call { endpoint, id, query: Query::new(query) })
}

/// The host, the path and the query of a target, which may have no host.
pub(super) fn parts(target: &str) -> (Option<&str>, &str, &str) {
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
    fn a_host_and_a_fragment_do_not_matter() {
        let found = |target| route("GET", target).map(|call| (call.endpoint.operation, call.id.to_owned()));
        let get_user = Some(("getUser", "3".to_owned()));
        assert_eq!(found("https://casinoroyale.pipedrive.com/api/v1/users/3?x=1#y"), get_user);
        assert_eq!(found("/v1/users/3"), get_user);
        assert_eq!(found("/v1/users/3?term=https://api.pipedrive.com/"), get_user);
        assert_eq!(found("https://api.pipedrive.com"), None);
    }
}
